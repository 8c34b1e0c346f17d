#pragma once

#include <mobula/core/error.hpp>
#include <mobula/core/operation.hpp>

#include <chrono>

namespace mobula {
namespace detail {

/// Waits until a time has come: its node lies in the timer queue of the scheduler that it was started on.
class sleep_operation : timer_node {
 public:
  explicit sleep_operation(duration d) noexcept
      : timer_node({},
                   [](timer_node& n, bool expired) noexcept {
                     auto& me = static_cast<sleep_operation&>(n);
                     resumer& r = *me.sleeper_;
                     if (r.try_claim()) me.expired_ = expired;
                     r.wake(r);
                   }),
        duration_(d) {}

  /// Throws no_runtime, if there is none whose timers could tell.
  [[nodiscard]] bool ready();
  bool start(resumer& r) noexcept;
  static constexpr wait_kind waits_for{"time", true};
  bool cancel() noexcept { return owner_->remove_timer(*this); }
  void result() const {
    if (!expired_) throw cancelled();
  }

 private:
  duration duration_;
  bool expired_ = true;
  scheduler* owner_ = nullptr;
  resumer* sleeper_ = nullptr;
};

}  // namespace detail

/// A sleep that has not begun; see sleep_for.
class [[nodiscard("a sleep does nothing until it is awaited: co_await it, or give it to get")]] sleep {
 public:
  explicit sleep(detail::duration d) noexcept : duration_(d) {}
  auto operator co_await() const noexcept { return detail::operation_awaiter<detail::sleep_operation>(duration_); }
  [[nodiscard]] detail::sleep_operation to_operation() const noexcept { return detail::sleep_operation(duration_); }
  [[nodiscard]] detail::duration length() const noexcept { return duration_; }

 private:
  detail::duration duration_;
};

/// Sleeps for at least `d` without holding a worker: `co_await` it in a coroutine.
///
/// Errors: throws `cancelled` if the runtime is shut down with `drop` meanwhile.
template <class Rep, class Period>
sleep sleep_for(std::chrono::duration<Rep, Period> d) {
  return sleep(detail::to_clock(d));
}

/// Sleeps where there is no co_await: a plain task's fiber, or the calling thread.
void get(sleep s);

}  // namespace mobula
