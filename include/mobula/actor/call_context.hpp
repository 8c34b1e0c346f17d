#pragma once

#include <mobula/actor/actor_context.hpp>
#include <mobula/actor/concurrency.hpp>
#include <mobula/core/frame_memory.hpp>
#include <mobula/core/wait_graph.hpp>

#include <cstddef>

namespace mobula::detail {

/// What one call runs in that is not alone in its actor: what it waits for is its own matter. Else as the context behind
/// it, a parallel lane or an actor's reentrant_context.
///
/// Lifetime: that of its message.
class call_context final : public actor_context {
 public:
  /// `limit`: of the parallel lane behind it, 0 if that is none.
  call_context(actor_context& in, job& message, unsigned limit) noexcept
      : actor_context(in.in_parallel), in_(in), actor_(in.actor()), message_(message), limit_(limit) {}

  static void* operator new(std::size_t size) { return allocate_frame(size); }
  static void operator delete(void* p, std::size_t size) noexcept { deallocate_frame(p, size); }

  [[nodiscard]] actor_context& in() const noexcept { return in_; }
  [[nodiscard]] unsigned limit() const noexcept { return limit_; }

  [[nodiscard]] actor_cell_base& actor() noexcept override { return actor_; }
  [[nodiscard]] bool is_reentrant() const noexcept override { return in_.is_reentrant(); }
  [[nodiscard]] job* message() const noexcept override { return &message_; }

 private:
  void resume_coroutine(job& j, scheduler& s) noexcept override { in_.resume_coroutine(j, s); }
  void stack_left() noexcept override { in_.stack_left(); }
  void resume_stack(job& j, scheduler& s) noexcept override { in_.resume_stack(j, s); }

  actor_context& in_;
  actor_cell_base& actor_;
  job& message_;
  unsigned const limit_;
};

/// A message's answer to job_verb::describe: adds what holds it up, by the context in which it runs.
void describe(described_call c, concurrency::kind how) noexcept;

}  // namespace mobula::detail
