#pragma once

#include <mobula/core/runtime.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>

namespace mobula {
namespace detail {
class manual_scheduler;
}

/// How a manual runtime is set up.
struct manual_options {
  /// Decides in which order jobs run that could run next: the same seed, the same order.
  std::uint64_t seed = 0;
  /// As runtime_options::stack_size.
  std::size_t stack_size = 256 * 1024;
};

/// A runtime without threads, for tests: jobs run on the calling thread, in an order that a seed decides, and time is
/// virtual, so that a test of hours takes no time and a failure comes again with its seed.
///
///     mb::manual_runtime rt({.seed = 7});
///     auto f = mb::remote(slow_add)(1, 2);
///     rt.run_until_idle();  // nothing is left to run now, but the sleep isn't over
///     rt.advance(2s);       // now it is
///
/// `get` and `wait` on this thread run jobs, and let time pass where all jobs wait for it, until they have what they wait
/// for. If they never will, they throw deadlock_error.
///
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

 private:
  detail::manual_scheduler& scheduler_;
};

}  // namespace mobula
