#pragma once

#include <mobula/requirements.hpp>

#include <cstdint>

namespace mobula::detail {

/// What a scheduler asks of a job. Not a smaller type: of such an argument g++ leaves the upper bits of the register as
/// they are and clang relies on them, so a program by the one could not use a library by the other.
enum class job_verb : std::int32_t {
  run,       // do it
  drop,      // the runtime is shutting down: end without starting; what has already started goes on instead
  destroy,   // free it; never asked by a scheduler, only by its owners
  cancel,    // nobody wants its result any more; never asked by a scheduler, only of calls by who has a handle
  refuse,    // end without starting, as the actor is to end; only asked of its calls
  describe,  // tell what call it is (wait_graph.hpp); only asked of an actor's messages and of tasks that are tracked
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
