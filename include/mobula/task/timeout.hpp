#pragma once

#include <mobula/core/selection_of.hpp>
#include <mobula/task/sleep.hpp>

#include <chrono>
#include <utility>

namespace mobula {
namespace detail {

/// An operation with a time limit: a selection of it and a sleep.
template <operation Op>
class timeout_operation : public selection_of<Op, sleep_operation> {
  using base = selection_of<Op, sleep_operation>;

 public:
  template <class A>
  timeout_operation(A&& a, duration d) : base(std::in_place, std::forward<A>(a), sleep(d)) {}

  decltype(auto) result() {
    if (this->winner() == 0) return this->template operation_at<0>().result();
    this->template operation_at<1>().result();
    throw timeout_error();
  }
};

}  // namespace detail

/// Waits for an operation, a future or whatever else can be waited for, but no longer than `d`.
///
///     int n = co_await mb::timeout(f, 1s);       // in a coroutine; elsewhere mb::get(f, 1s)
///
/// An lvalue is borrowed until that is over, and can be waited for again.
/// Errors: throws timeout_error when the time is over; then the operation has had no effect. `cancelled` if the runtime
///         is shut down with `drop` meanwhile.
template <detail::waitable A, class Rep, class Period>
[[nodiscard("it does nothing until it is awaited")]] auto timeout(A&& a, std::chrono::duration<Rep, Period> d) {
  return detail::timeout_operation<detail::operation_of<A>>(std::forward<A>(a), detail::to_clock(d));
}

}  // namespace mobula
