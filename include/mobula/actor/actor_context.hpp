#pragma once

#include <mobula/core/execution_context.hpp>
#include <mobula/core/job.hpp>

#include <span>
#include <string>
#include <vector>

namespace mobula::detail {

class actor_cell_base;

/// What an actor's message runs in, by the way in which it is handled: the actor itself, if that handles it alone, else a
/// `call_context`.
class actor_context : public execution_context {
 public:
  [[nodiscard]] virtual actor_cell_base& actor() noexcept = 0;

  /// Whether others have their turn while the code in it waits.
  [[nodiscard]] virtual bool is_reentrant() const noexcept { return false; }

  /// The message that runs in it; null for none.
  [[nodiscard]] virtual job* message() const noexcept { return nullptr; }

  [[nodiscard]] std::vector<unsigned> gpu_ids() const final;
  [[nodiscard]] bool holds() const noexcept final;

  [[nodiscard]] std::string who() final;

  // See core/wait_graph.hpp.
  void begin_wait(std::span<job* const> calls, void const* wait) final;
  void end_wait(void const* wait) noexcept final;

 protected:
  using execution_context::execution_context;
  ~actor_context() = default;
};

}  // namespace mobula::detail
