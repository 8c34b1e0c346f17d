#pragma once

#include <mobula/core/error.hpp>
#include <mobula/core/timer_queue.hpp>

#include <optional>
#include <stop_token>
#include <vector>

/// What the code that calls these functions can know of its own task, also in coroutines and functions that it calls.
namespace mobula::this_task {

/// Tells the task when it is to stop, as it has been cancelled, or the one that has started it, or its time is over.
///
///     for (auto const& page : pages) {
///       if (mb::this_task::stop_token().stop_requested()) return;
///       index(page);
///     }
///
/// Keep it, pass it on, or make a std::stop_callback of it, which must not wait. Of a task that can't be stopped while
/// it runs (task_options::cancellable), and outside of tasks, it never is: its stop_possible() is false.
[[nodiscard]] std::stop_token stop_token() noexcept;

/// Throws `cancelled` if the task is to stop.
void check();

/// How long until the task's time is over: its deadline, or that of one above it. Below zero when it is over;
/// duration::max() if there is none.
[[nodiscard]] detail::duration time_left() noexcept;

/// The worker that it runs on now, which may be another after a wait: runtime_options::num_cpus of them, from 0 on. None
/// outside of tasks, and in a call that runs elsewhere (task_options::blocking).
[[nodiscard]] std::optional<unsigned> worker() noexcept;

/// Which GPUs the task has, or the actor whose method it is: numbers below runtime_options::num_gpus, as many as
/// task_options::num_gpus asks for; a task that asks for a fraction shares its one with others. Empty without.
[[nodiscard]] std::vector<unsigned> gpu_ids();

}  // namespace mobula::this_task
