#pragma once

#include <mobula/core/block.hpp>
#include <mobula/core/coroutine.hpp>
#include <mobula/core/error.hpp>

#include <chrono>
#include <coroutine>

namespace mobula {
namespace detail {

/// A coroutine that sleeps: its node lies in the timer queue, and when its time has come it is a job again.
class sleep_awaiter : timer_node, job {
 public:
  explicit sleep_awaiter(duration d) noexcept
      : timer_node({},
                   [](timer_node& n, bool expired) noexcept {
                     auto& me = static_cast<sleep_awaiter&>(n);
                     me.expired_ = expired;
                     me.owner_->submit(me);
                   }),
        job([](job& j, job_verb) noexcept { resume(static_cast<sleep_awaiter&>(j).coroutine_); }),
        duration_(d) {}

  bool await_ready() const noexcept { return duration_ <= duration::zero(); }
  [[gnu::noinline]] void await_suspend(std::coroutine_handle<> h) noexcept {
    coroutine_ = h;
    owner_ = &current_worker->owner;
    when = deadline_after(duration_);
    owner_->add_timer(*this);
  }
  void await_resume() const {
    if (!expired_) throw cancelled();
  }

 private:
  duration duration_;
  bool expired_ = true;
  scheduler* owner_ = nullptr;
  std::coroutine_handle<> coroutine_;
};

}  // namespace detail

/// A sleep that has not begun; see sleep_for.
class [[nodiscard("a sleep does nothing until it is awaited: co_await it, or give it to get")]] sleep {
 public:
  explicit sleep(detail::duration d) noexcept : duration_(d) {}
  auto operator co_await() const noexcept { return detail::sleep_awaiter(duration_); }
  [[nodiscard]] detail::duration length() const noexcept { return duration_; }

 private:
  detail::duration duration_;
};

/// Sleeps for at least `d` without holding a worker: `co_await` it in a coroutine.
///
/// Errors: throws `cancelled` if the runtime is shut down with `drop` meanwhile.
template <class Rep, class Period>
sleep sleep_for(std::chrono::duration<Rep, Period> d) {
  using nanoseconds = std::chrono::duration<double, std::nano>;  // in floating point: nothing overflows
  if (nanoseconds(d) >= nanoseconds(detail::duration::max())) return sleep(detail::duration::max());
  return sleep(std::chrono::ceil<detail::duration>(d));
}

/// Sleeps where there is no co_await: a plain task's fiber, or the calling thread.
void get(sleep s);

}  // namespace mobula
