#pragma once

#include <mobula/core/operation.hpp>
#include <mobula/remote/batch.hpp>
#include <mobula/task/task.hpp>

#include <utility>

namespace mobula::detail {

/// The operation that waits until a batch is over; it can't be given up, as others work on what belongs to its caller.
class batch_end {
 public:
  explicit batch_end(batch& b) noexcept : batch_(b) {}

  [[nodiscard]] bool ready() const noexcept { return batch_.over(); }
  [[nodiscard]] bool start(resumer& r) noexcept {
    batch_.publish(r);
    return true;
  }
  [[nodiscard]] bool cancel() noexcept { return false; }
  void result() const noexcept {}
  static constexpr auto waits_for = "the items of a batch that others have";
  static constexpr bool to_the_end = true;  // the items are asked to stop; the batch has to be finished after them
  static bool ends_at_drop() noexcept { return true; }

 private:
  batch& batch_;
};
static_assert(operation<batch_end>);

/// Does one call of `map` or of its kin (see mapping), where there is no co_await.
template <class Run>
auto run_and_wait(Run&& run) {
  if (!run.begin()) block_until_over(*run.control());
  return run.take();
}

/// The same in a coroutine. Args are as forwarded: references to what the caller keeps, or values, which the task does.
template <class Run, class... Args>
task<decltype(std::declval<Run&>().take())> run_and_await(Args... args) {
  Run run(args...);
  if (!run.begin()) co_await batch_end(*run.control());
  co_return run.take();
}

}  // namespace mobula::detail
