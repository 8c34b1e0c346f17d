#pragma once

#include <mobula/core/job.hpp>

#include <cstdint>

namespace mobula::detail {

/// Notices a thread outside that submits one task and waits for it at once, over and over: so nothing runs in parallel.
///
/// Threads: everything here is of the calling thread.
class one_by_one {
 public:
  /// The thread has submitted a task.
  static void submitted(job const& task) noexcept;

  /// The thread has waited for a task, for so many ticks. Tells the user, once a runtime, when it has become a habit: at
  /// least five waits in a row were each for the only task submitted since the one before, and took a second together.
  static void waited(job const& task, std::uint64_t how_long) noexcept;
};

}  // namespace mobula::detail
