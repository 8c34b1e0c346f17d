#pragma once

#include <mobula/core/block.hpp>
#include <mobula/core/task_context.hpp>
#include <mobula/future/outcome.hpp>
#include <mobula/task/task.hpp>

#include <atomic>
#include <chrono>
#include <exception>
#include <functional>
#include <type_traits>
#include <utility>

namespace mobula {
namespace detail {

/// A part of a task that has less time than the rest: it runs in a context of its own, which stops when the time is over.
///
/// Threads: by the code of that task, but for the timer.
class deadline_scope : timer_node {
 public:
  /// Throws mobula::error outside of tasks.
  explicit deadline_scope(time_point limit);
  deadline_scope(deadline_scope const&) = delete;
  ~deadline_scope() { end_timer(); }

  void enter();
  void leave() noexcept;

  /// Throws deadline_error if the time is over. After `leave`.
  void check() const;

 private:
  void end_timer() noexcept;

  scheduler& owner_;
  execution_context* const before_;
  task_context context_;
  bool armed_ = false;
  std::atomic<bool> fired_{false};  // the timer's last word; released there, acquired by `end_timer`
};

template <class T>
task<T> run_until(task<T> body, time_point limit) {
  deadline_scope scope(limit);
  outcome<T> result;
  scope.enter();
  try {
    if constexpr (std::is_void_v<T>) {
      co_await std::move(body);
      result.set_value();
    } else {
      result.set_value(co_await std::move(body));
    }
  } catch (...) { result.set_error(std::current_exception()); }
  scope.leave();
  scope.check();
  co_return result.take();
}

}  // namespace detail

/// Runs a part of a task that has to be over at a point in time: when it has come, the waits in that part are interrupted,
/// its stop token says so, and what it has started is cancelled, as by `cancel`.
///
///     page p = co_await mb::with_deadline(load(url), rt.now() + 2s);
///     page q = co_await mb::with_deadline(load(url), 2s);            // from when it begins
///
/// A deadline that comes from above and is earlier stays: this_task::time_left() tells.
/// Errors: throws deadline_error when the time is over, also if the part has come to its end, but late; else what it
///         throws. Outside of tasks it throws mobula::error.
template <class T>
[[nodiscard]] task<T> with_deadline(task<T> body, detail::time_point limit) {
  return detail::run_until(std::move(body), limit);
}
template <class T, class Rep, class Period>
[[nodiscard]] task<T> with_deadline(task<T> body, std::chrono::duration<Rep, Period> d) {
  task<T> inner = std::move(body);
  detail::duration const left = detail::to_clock(d);
  co_return co_await detail::run_until(std::move(inner), detail::deadline_after(left));
}

/// The same for a part of a plain task: calls `f()`.
///
/// Blocks: as `f` does.
template <class F, class R = std::invoke_result_t<F&>>
  requires(!detail::is_task<R>)
R with_deadline(F&& f, detail::time_point limit) {
  detail::deadline_scope scope(limit);
  outcome<R> result;
  scope.enter();
  result.set_from(std::ref(f));
  scope.leave();
  scope.check();
  return result.take();
}
template <class F, class Rep, class Period, class R = std::invoke_result_t<F&>>
  requires(!detail::is_task<R>)
R with_deadline(F&& f, std::chrono::duration<Rep, Period> d) {
  return with_deadline(std::forward<F>(f), detail::deadline_after(detail::to_clock(d)));
}

}  // namespace mobula
