#pragma once

#include <mobula/core/scheduler.hpp>

#include <chrono>

namespace mobula::detail {

/// Blocks the caller until its resumer is woken: in a task by switching fibers, so that the worker goes on with other
/// work, elsewhere by putting the thread to sleep. `publish` makes the resumer known.
///
/// Blocks: yes; never a worker. Errors: throws too_many_blocked (in a task), error (in a strand), deadlock_error (on a thread that drives
/// a manual scheduler, when nothing is left to run).
void block(publish_function publish, void* argument);

/// The same with a limit. `cancel(argument)` is called when the time is over; it tells whether the resumer will never
/// be woken now, otherwise it is on its way and is waited for. Tells whether the resumer was woken.
bool block_until(time_point limit, publish_function publish, bool (*cancel)(void*) noexcept, void* argument);

/// Lets others run, in a plain task: it goes behind what its worker has queued already. Only on a worker. Throws as `block`.
void take_turn(worker& here);

/// The same for whoever may: nothing outside of tasks, and where the task can't leave its stack.
void let_others_run() noexcept;

/// Lets others run, outside of tasks: other threads, or a job of the scheduler that the thread drives by hand.
void yield_thread();

/// The point in time `d` from now, by the clock of whatever the caller runs on; time_point::max() if that is too far.
[[nodiscard]] time_point deadline_after(duration d) noexcept;

/// What waits on a thread that drives a scheduler by hand instead of sleeping (the manual scheduler).
class thread_driver {
 public:
  virtual void block_thread(publish_function publish, void* argument) = 0;
  virtual bool block_thread_until(time_point limit, publish_function publish, bool (*cancel)(void*) noexcept,
                                  void* argument) = 0;
  virtual void yield_thread() = 0;
  [[nodiscard]] virtual time_point driver_now() const noexcept = 0;
  [[nodiscard]] virtual scheduler& driven() noexcept = 0;

 protected:
  ~thread_driver() = default;
};

/// Makes `driver` the one that waits on the calling thread, until it is removed or another is added.
void add_thread_driver(thread_driver& driver);
void remove_thread_driver(thread_driver& driver) noexcept;

/// The scheduler that the calling thread drives, the last one of several; null if it drives none.
[[nodiscard]] scheduler* driven_scheduler() noexcept;

}  // namespace mobula::detail
