#pragma once

#include <mobula/core/selection_of.hpp>
#include <mobula/future/wait.hpp>
#include <mobula/task/sleep.hpp>

#include <cstddef>
#include <span>
#include <utility>

namespace mobula {
namespace detail {

/// `wait` as an operation: a selection of the futures and, if there is a limit, a sleep. Futures: a range, or a reference
/// to one.
template <class Futures>
class some_operation {
 public:
  some_operation(Futures futures, wait_options const& options)
      : some_(group_for_wait(states_of(futures), options.num_returns)),
        limit_(options.timeout.value_or(duration::zero())),
        branches_(options.timeout ? 2 : 1),
        num_returns_(options.num_returns),
        futures_(std::forward<Futures>(futures)) {
    watch();
  }
  /// Before it is started.
  some_operation(some_operation&& other)
      : some_(std::move(other.some_)),
        limit_(other.limit_),
        branches_(other.branches_),
        num_returns_(other.num_returns_),
        futures_(std::forward<Futures>(other.futures_)) {
    watch();
  }

  [[nodiscard]] bool ready() { return selection_.ready(); }
  bool start(resumer& r) noexcept { return selection_.start(r); }
  bool cancel() noexcept { return selection_.cancel(); }
  [[nodiscard]] bool complete() const noexcept { return selection_.complete(); }

  auto result() {
    if (selection_.winner() == 1) limit_.result();
    return split_ready(futures_, num_returns_);
  }

 private:
  void watch() noexcept {
    branch_[0].watch(some_);
    branch_[1].watch(limit_);
  }

  group_operation some_;
  sleep_operation limit_;
  std::size_t branches_;
  std::size_t num_returns_;
  Futures futures_;
  selection<>::branch branch_[2];
  selection<> selection_{std::span(branch_, branches_)};
};

}  // namespace detail

/// Waits until some of the futures are ready, failed ones included, or the time is over: `wait` for coroutines.
///
///     auto [ready, pending] = co_await mb::when_some(futures, {.num_returns = 3, .timeout = 1s});
///
/// Lifetime: an lvalue is borrowed until the co_await is over.
/// Errors: as `wait`, at once; `cancelled` if the runtime is shut down with `drop` meanwhile.
template <future_range R>
[[nodiscard("it does nothing until it is awaited")]] auto when_some(R&& futures, wait_options const& options = {}) {
  return detail::some_operation<R>(std::forward<R>(futures), options);
}

}  // namespace mobula
