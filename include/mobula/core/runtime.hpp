#pragma once

#include <mobula/core/error.hpp>
#include <mobula/core/failure.hpp>
#include <mobula/core/mistake.hpp>
#include <mobula/core/scheduler.hpp>

#include <chrono>
#include <csignal>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <string>

namespace mobula {

class executor;

/// How a runtime is set up.
struct runtime_options {
  /// Worker threads; 0 for as many as the affinity mask and the CPU quota of the process allow. May exceed the cores,
  /// for work that blocks in the kernel; at most 10,000.
  /// It is also how many CPUs tasks may ask for (task_options::num_cpus).
  unsigned num_cpus = 0;
  /// GPUs that tasks may ask for, by the numbers from 0 on (this_task::gpu_ids). Mobula does not look for any.
  unsigned num_gpus = 0;
  /// Bytes that tasks may ask for; 0 for as many as the machine has, or the process's cgroup allows.
  std::size_t memory = 0;
  /// Anything else that tasks may ask for, by name: {{"ssd", 1}}.
  std::map<std::string, double> resources = {};
  /// How many tasks may run at once, not counting those that wait in the middle of their function; how many may have begun and
  /// not be over, those included; and how many may be submitted and not have begun, beyond which a submission waits. 0 for any
  /// number. Of those in flight, what such a task starts is part of it and does not count. Then all tasks can be stopped, as with
  /// `cancellable`. Batches (map, submit_all) and calls of actors have limits of their own.
  std::size_t max_running = 0, max_in_flight = 0, max_pending = 0;
  /// Bytes of stack of a task that is a plain function; rounded up to a power of two, at least 32 KiB; at most 1 GiB.
  /// Memory is taken when touched.
  std::size_t stack_size = 256 * 1024;
  /// How many plain tasks may block in `get` at once. Each takes a stack with a guard page, of which Linux allows a
  /// process some 32,000 by default (vm.max_map_count). One more throws too_many_blocked. At least 1.
  std::size_t max_blocked = 16'000;
  /// How many calls with task_options::blocking may run at once; more wait for one of them to end. Threads for them are
  /// started when they are needed, without the hooks below, and end after so long without one. At least 1; from 0 to a day.
  std::size_t max_blocking_threads = 512;
  detail::time_span blocking_idle = std::chrono::seconds(10);
  /// How long, to twice as long, a task of low priority waits while there is other work, before it takes turns with tasks
  /// of normal priority; one of background, before it counts as low. From 1 us to a day.
  detail::time_span ageing = std::chrono::milliseconds(100);
  /// How long a worker without work looks around before it sleeps, and about how long at most a thread outside that
  /// waits for a result stays awake. To sleep and to be woken takes some microseconds; staying awake takes a processor.
  /// 0 sleeps at once; at most 1 s.
  detail::time_span spin = std::chrono::microseconds(20);
  /// Debuggers and `top -H` show worker threads as this and their number, "mobula-0"; shortened so that both have room in
  /// what the system keeps, 15 characters. Empty: as the program.
  std::string thread_name = "mobula";
  /// Called with the worker's number on each worker thread, before any task runs and after the last: to pin the thread or
  /// to set up a library for it. If the first throws, making the runtime throws that, after all threads have ended; what
  /// the second throws is printed to stderr.
  std::function<void(unsigned worker)> on_thread_start = {}, on_thread_stop = {};
  /// Whether to bind each worker to a node of memory, if this machine has several; for task_options::numa_node. It needs
  /// hwloc when the library is built, else there is one node.
  bool numa = false;
  /// Whether the tasks that are submitted from outside of tasks can be stopped while they run, as if each had
  /// task_options::cancellable; and with them all that they start.
  bool cancellable = false;
  /// Whether to know of each task where it was submitted, whether it runs, and for what it waits at which line; for
  /// dump_tasks(), and for deadlock_error in place of a wait in a circle of tasks, as among actors anyway. Costs some
  /// microseconds a task, and all tasks can be stopped, as with `cancellable`. The environment variable
  /// MOBULA_TRACK_TASKS, unless it is empty or 0, sets it for all runtimes but manual ones.
  bool track_tasks = false;
  /// With track_tasks: `on_warning` is told, with all that dump_tasks() says, when all workers have slept for so long while
  /// something waits, and no wait is for input or output, for time, or limited; once, until something runs again. 0 for
  /// never; not less.
  detail::time_span stall_after = std::chrono::seconds(10);
  /// The signal on which all that dump_tasks() says goes to stderr; 0 for none. The handler is installed while such a
  /// runtime lives, and passes on to the one that was installed before. Without track_tasks that says how tasks are tracked,
  /// and the handler is installed only in place of the default, which would end the program.
  int dump_signal = SIGUSR1;
  /// Whether a task that overflows its stack says so on stderr, before the process ends by SIGSEGV as it would anyway. For
  /// that, the first runtime to ask for it installs a handler, which passes on to the one that was installed before.
  bool report_stack_overflow = true;
  /// Told of each failure that nobody has read when the last future of it goes, from the thread on which that happens,
  /// which may be after the runtime's end: those of its tasks, and of threads outside for which it is the current one, as
  /// by a promise. What it throws is lost. By default the report goes to stderr, for the first hundred. `cancelled` is not
  /// reported.
  failure_handler on_unread_failure = {};
  /// Told, once, that a thread submits one task and waits for it at once, over and over, so that nothing runs in
  /// parallel; of each stall (stall_after), by a thread of its own; and for what a shutdown with `drop` still waits after
  /// some seconds. By default that goes to stderr. It can't shut the runtime down.
  std::function<void(char const* text)> on_warning = {};
};

/// What to do at shutdown with tasks that have not started.
enum class on_shutdown {
  drain,  // run them
  drop,   // end them with `cancelled`; and so all waits, of tasks that have started too, which nobody else may end
};

/// The threads that run tasks and actors, for as long as this object lives.
///
///     mb::runtime ray({.num_cpus = 10});
///     int five = mb::get(mb::remote(add)(2, 3));
///
/// Several may live at once. A task belongs to the runtime that it was submitted to, and what it submits does too. Outside
/// of tasks, submissions go to the current runtime: the one that the thread drives by hand (manual_runtime); else the one
/// that `init` made; else the first that the calling thread has made; else the first of all. One that is being shut down
/// is never current. So a library that makes a runtime of its own leaves that of the program current, and uses its own by
/// `remote` and `get_executor`, or within its tasks.
///
/// After a fork the child has the runtime's memory, but none of its threads: whatever needs them there throws no_runtime,
/// as do waits for results of tasks that are not ready. The runtime's end does nothing there, and the child may make
/// another. The child of a fork in a task can't return from it.
///
/// Threads:  make and destroy it outside of its own tasks. `shutdown` any, also at once: one does it, the others wait.
/// Errors:   the constructor throws std::invalid_argument for an option that is not allowed, std::system_error if threads
///           can't be started, and what a start hook throws; then nothing is left behind.
/// Lifetime: futures may outlive it; they are all ready by then.
/// Blocks:   the destructor, as `shutdown(on_shutdown::drain)`; during the unwinding of an exception, as `drop`. A drop
///           that waits for longer than some seconds tells `on_warning` for which tasks, by name if they are tracked.
class runtime {
 public:
  explicit runtime(runtime_options const& options = {});
  ~runtime();
  runtime(runtime const&) = delete;
  runtime& operator=(runtime const&) = delete;

  /// Refuses tasks from outside, waits until those submitted are over, and ends the threads. Again is harmless; with
  /// `drop`, while another thread waits in it, it makes that a drop.
  void shutdown(on_shutdown how = on_shutdown::drain);

  /// As mobula::remote, on this runtime. Defined in remote/remote.hpp.
  template <class F = detail::overload_set<>>
  [[nodiscard]] auto remote(F&& f) const;

  /// The executor of this runtime for Boost.Asio: posted functions are its jobs, sockets and timers can be made on it.
  /// Defined in core/executor.hpp, which is for including where Asio is used.
  [[nodiscard]] executor get_executor() const noexcept;

  /// How many tasks run at once.
  [[nodiscard]] unsigned num_cpus() const noexcept;

  /// The nodes of memory that the workers are spread over, each bound to the processors of one; worker i is of node
  /// i * nodes / workers, so with fewer workers than nodes some have none. One, unless runtime_options::numa asks for more and there are.
  [[nodiscard]] unsigned numa_nodes() const noexcept;

  /// The current time of sleeps and timeouts: std::chrono::steady_clock's, or a manual runtime's own.
  [[nodiscard]] detail::time_point now() const noexcept;

 protected:
  explicit runtime(std::shared_ptr<detail::scheduler> s, detail::duration spin = runtime_options().spin);
  [[nodiscard]] std::shared_ptr<detail::scheduler> const& get_scheduler() const noexcept { return scheduler_; }

 private:
  friend void init(runtime_options const&);
  bool shutdown_until(on_shutdown how, detail::time_point limit);

  std::shared_ptr<detail::scheduler> scheduler_;  // shared with what may outlive the runtime: actors
  int exceptions_at_start_;
};

/// Makes a runtime that lives until `shutdown()`, or until the program ends: then tasks that have not started are
/// dropped, and those that run are given a second before they end with the process.
/// Errors: throws mobula::error if there is one already.
void init(runtime_options const& options = {});

/// Ends the runtime that `init` made. Harmless without one.
void shutdown(on_shutdown how = on_shutdown::drain);

/// Tells whether `init` has made a runtime that has not been shut down.
[[nodiscard]] bool is_initialized() noexcept;

}  // namespace mobula
