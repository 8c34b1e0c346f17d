#pragma once

#include <mobula/core/exception_predicate.hpp>
#include <mobula/core/placement.hpp>
#include <mobula/core/steady.hpp>
#include <mobula/core/timer_queue.hpp>
#include <mobula/remote/backoff.hpp>

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <string>

namespace mobula {
namespace detail {
class scheduler;

inline constexpr std::size_t default_stream_capacity = 16;
}  // namespace detail

/// Settings of a task, the same for all calls of one remote function.
///
///     auto load = mb::remote(fetch).options({.name = "load", .max_retries = 3, .timeout = 5s});
///
/// A task with a limit of time, retries or a second copy is a coroutine that makes the call, as a task of its own, once or
/// more. So its future fails in time though the call goes on: what is passed by reference has to outlive that.
struct task_options {
  /// What reports call the task; by default the name of its function's type.
  detail::steady<std::string> name = {};

  /// What the task has for itself while it runs, of what its runtime has (cluster_resources): from 0.0001 on. It begins
  /// when all is free that it asks for. CPUs are given back while it waits in the middle of its function.
  double num_cpus = 0;
  /// A fraction, of a GPU that it shares, or a whole number: this_task::gpu_ids().
  double num_gpus = 0;
  /// Bytes. Nothing checks what it takes.
  std::size_t memory = 0;
  /// Anything else that the runtime has, by name: {{"ssd", 1}}.
  detail::steady<std::map<std::string, double>> resources = {};
  /// How many calls of this function, with these options, may run at once, not counting those that wait in the middle of it,
  /// as coroutines mostly do; and how many may have begun and not be over, those that wait included. 0 for any number. A call
  /// in flight that waits for one more of the same function may wait for ever.
  std::size_t max_running = 0, max_in_flight = 0;
  /// How many calls may be submitted and not have begun; 0 for any number. To submit one more waits: a plain task on its
  /// fiber, a thread outside; in a coroutine, use async_call.
  std::size_t max_pending = 0;

  /// How often the call is made again if it fails, but not if it was cancelled, nor if what it depends on has failed; -1
  /// for any number; 0 for no retries, whatever else is said of them. For that the arguments are copied before each attempt.
  int max_retries = 0;
  /// After which exceptions; after all, if this is left out: mobula::retry_on<E...>() or a function of one's own.
  detail::steady<exception_predicate> retry_if = {};
  /// How long to wait before.
  mobula::backoff backoff = {};

  /// How long the task may take from its submission on, all attempts and waits for arguments together. Then it ends with
  /// deadline_error, and what still runs of it is asked to stop. So it needs a worker who is free to notice.
  std::optional<detail::time_span> timeout = {};
  /// The same for each attempt, from when it is submitted; an attempt that takes longer has failed.
  std::optional<detail::time_span> attempt_timeout = {};
  /// When the task has to be over, by the clock of the runtime (runtime::now). The earliest of these limits and of that of
  /// the task that starts this one holds: this_task::time_left().
  std::optional<detail::time_point> deadline = {};
  /// How long an attempt may take before a second copy of it is started, once. The first that gives a value is the answer;
  /// the other is cancelled.
  std::optional<detail::time_span> hedge_after = {};

  /// Whether `cancel` also stops the task while it runs: its waits are interrupted, its stop token says so, and what it has
  /// started is cancelled. Whatever this says, so is a task with a limit of time, retries, a second copy, resources, a
  /// priority or a place, and one that was started by a task which can be stopped itself.
  bool cancellable = false;
  /// Whether it goes on when the task that starts it is cancelled, and is not bound by the deadline of that.
  bool detached = false;

  /// Which of the tasks that could run now does; by default as the task that starts this one, unless that is detached, else
  /// normal. What waits for its turn rises with time (runtime_options::ageing), so nothing waits for ever.
  std::optional<mobula::priority> priority = {};
  /// The only worker on which the task runs, from 0 on, or the node of memory, of those that the runtime knows
  /// (runtime::numa_nodes); no more than one of the two. What it starts, and forks, may run elsewhere.
  std::optional<unsigned> worker = {}, numa_node = {};
  /// Whether the call may block in the kernel, or in a lock that is none of Mobula's. Then it runs on a thread of its own
  /// (runtime_options::max_blocking_threads), so that no worker is lost to it: not for coroutines. In it, `get` waits as on
  /// a thread outside of the runtime.
  bool blocking = false;

  /// How many elements a function that gives a generator makes ahead of the reader of its stream; at least 1.
  std::size_t stream_capacity = detail::default_stream_capacity;
};

namespace detail {

/// The options to be kept. Throws mobula::error for what is not allowed.
[[nodiscard]] std::shared_ptr<task_options const> checked(task_options o);

/// Where the task runs. Throws mobula::error for a place that the runtime does not have.
[[nodiscard]] placement placement_for(task_options const& o, scheduler const& s);

[[noreturn]] void throw_must_not_block(std::string const& call);
[[noreturn]] void throw_not_kept_for_retry(std::string const& call);

}  // namespace detail
}  // namespace mobula
