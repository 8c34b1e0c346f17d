#pragma once

#include <cstdint>

namespace mobula::detail {

/// What a scheduler asks of a job.
enum class job_verb : std::uint8_t {
  run,      // do it
  drop,     // the runtime is shutting down: end without starting; what has already started goes on instead
  destroy,  // free it; never asked by a scheduler, only by its owners
};

/// The intrusive unit of work: whatever can be queued is one, so that queueing never allocates.
///
/// Lifetime: the queue borrows it. A job that is taken from a queue may free itself in its step.
struct job {
  using step_function = void (*)(job&, job_verb) noexcept;

  explicit job(step_function s) noexcept : step(s) {}

  step_function step;
  job* next = nullptr;  // for whichever queue holds it
};

}  // namespace mobula::detail
