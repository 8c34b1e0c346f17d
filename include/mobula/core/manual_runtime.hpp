#pragma once

#include <mobula/core/runtime.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>

namespace mobula {
namespace detail {
class manual_scheduler;
}

/// How a manual runtime is set up.
struct manual_options {
  /// Decides in which order jobs run that could run next: the same seed, the same order.
  std::uint64_t seed = 0;
  /// How many CPUs tasks may ask for; whatever this says, one task runs at a time.
  unsigned num_cpus = 1;
  /// As the same of runtime_options; but 0 bytes of memory are 4 GiB, on every machine.
  unsigned num_gpus = 0;
  std::size_t memory = 0;
  std::map<std::string, double> resources = {};
  std::size_t max_running = 0, max_in_flight = 0, max_pending = 0;
  /// As runtime_options::stack_size. Overflow is reported as with runtime_options::report_stack_overflow.
  std::size_t stack_size = 256 * 1024;
  /// As runtime_options::cancellable.
  bool cancellable = false;
  /// As runtime_options::track_tasks; what get throws when nothing is left to run then says all that dump_tasks() does.
  bool track_tasks = false;
  /// As runtime_options::on_unread_failure.
  failure_handler on_unread_failure = {};
};

/// What a manual runtime has not done yet; see manual_runtime::pending.
struct pending_work {
  /// Jobs that could run now: tasks, and what goes on after a wait.
  std::size_t ready = 0;
  /// Sleeps and timeouts that time has not come to.
  std::size_t timers = 0;
  /// Plain tasks that wait in the middle of their function, each on a stack of its own; for time, too.
  std::size_t blocked = 0;
  /// Tasks that are not over: those of above, coroutines that wait, and tasks that wait for their arguments.
  std::size_t unfinished = 0;
};

/// The same in words: "2 tasks are not over: 0 jobs ready, 1 blocked, 1 timers".
[[nodiscard]] std::string to_string(pending_work const& p);

/// A runtime without threads, for tests: jobs run on the calling thread, in an order that a seed decides, and time is
/// virtual, so that a test of hours takes no time and a failure comes again with its seed.
///
///     mb::manual_runtime rt({.seed = 7});
///     auto f = mb::remote(slow_add)(1, 2);
///     rt.run_until_idle();  // nothing is left to run now, but the sleep isn't over
///     rt.advance(2s);       // now it is
///
/// `get` and `wait` on this thread run jobs, and let time pass where all jobs wait for it, until they have what they wait
/// for. If they never will, they throw deadlock_error. A task goes on until it waits: mb::yield() marks further points
/// where others may come between. mb::explore (core/explore.hpp) tries many seeds.
///
/// Lifetime: make it after what its tasks refer to, so that it ends first. It runs what is left when it ends.
/// Threads: everything by the thread that made it, also what tasks do. While one lives, that thread waits for nothing
///          of other runtimes.
class manual_runtime : public runtime {
 public:
  explicit manual_runtime(manual_options const& options = {});
  ~manual_runtime();

  /// Runs one job, if there is one; tells whether there was.
  bool run_one();

  /// Runs jobs until none is left that could run without time passing; tells how many it ran.
  std::size_t run_until_idle();

  /// Lets time pass, running what becomes due when it does and all that follows from it.
  void advance(detail::duration d);

  /// The same until the first sleep or timeout is over, however long that takes; false if there is none.
  bool advance_to_next();

  /// What is left to do: tells why something is not done yet.
  [[nodiscard]] pending_work pending() const;

  /// The seed of this runtime, also for random numbers of the test's own.
  [[nodiscard]] std::uint64_t seed() const noexcept;

 private:
  detail::manual_scheduler& scheduler_;
};

}  // namespace mobula
