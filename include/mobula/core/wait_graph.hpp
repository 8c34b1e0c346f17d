#pragma once

#include <mobula/core/job.hpp>

#include <span>
#include <string>

namespace mobula::detail {

class execution_context;

/// What a call tells of itself that is asked to (job_verb::describe): of an actor, or a task that is tracked. The answer is
/// given by `answer_describe`. For lib/core/wait_graph.cpp.
struct described_call {
  job* call = nullptr;
  execution_context* runs_in = nullptr;
  void const* place = nullptr;   // under which waits in it are found: its context, or its parallel lane
  void const* actor = nullptr;   // whose waits hold it up; for a task, its own
  unsigned limit = 0;            // of the parallel lane, else 0
  char const* remedy = nullptr;  // what to do against a circle with it; null for what helps all
  bool (*over)(job const&) noexcept = nullptr;
  /// `waits`: whether the call is one that waits, whose actor is alive.
  std::string (*name)(job const&, bool waits) = nullptr;
};
void answer_describe(described_call const& c) noexcept;
[[nodiscard]] described_call ask_to_describe(job& call) noexcept;

/// A call is about to wait, for as long as it takes, for the results of others: all of them. `wait`, unique while it lasts,
/// names it at its end. Throws deadlock_error if it would never end; then there is none.
void begin_noted_wait(job& by, std::span<job* const> calls, void const* wait);
void end_noted_wait(job& by, void const* wait) noexcept;

/// The same of a call that will begin when these results are there: nobody can wait for it yet, so it closes no circle.
void note_arguments(job& by, std::span<job* const> calls, void const* wait);

}  // namespace mobula::detail
