#pragma once

#include <mobula/core/error.hpp>
#include <mobula/core/operation.hpp>

#include <chrono>
#include <memory>

namespace mobula {
namespace detail {

/// Waits until a time has come: its node lies in the timer queue of the scheduler that it was started on. In a task, one of
/// no time lets others run: as a job, it goes behind what is queued already.
class sleep_operation : timer_node, job {
 public:
  explicit sleep_operation(duration d) noexcept
      : timer_node({}, [](timer_node& n, bool expired) noexcept { static_cast<sleep_operation&>(n).happen(expired); }),
        job([](job& j, job_verb) noexcept { static_cast<sleep_operation&>(j).happen(true); }),
        duration_(d) {}

  /// Throws no_runtime, if there is none whose timers could tell.
  [[nodiscard]] bool ready();
  bool start(resumer& r) noexcept;
  static constexpr wait_kind waits_for{"time", true};
  bool cancel() noexcept { return duration_ > duration::zero() && owner_->remove_timer(*this); }
  static bool ends_at_drop() noexcept { return true; }
  void result() const {
    if (!expired_) throw cancelled();
  }

 private:
  void happen(bool expired) noexcept {
    resumer& r = *sleeper_;
    if (r.try_claim()) expired_ = expired;
    r.wake(r);
  }

  duration duration_;
  bool expired_ = true;
  scheduler* owner_ = nullptr;
  std::shared_ptr<scheduler> keeps_;  // outside of tasks
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

/// Sleeps for at least `d` without holding a worker: `co_await` it in a coroutine. For no time, it is a `yield` in a task.
///
/// Errors: throws `cancelled` if the runtime is shut down with `drop` meanwhile.
template <class Rep, class Period>
sleep sleep_for(std::chrono::duration<Rep, Period> d) {
  return sleep(detail::to_clock(d));
}

/// Sleeps where there is no co_await: a plain task's fiber, or the calling thread.
void get(sleep s);

}  // namespace mobula
