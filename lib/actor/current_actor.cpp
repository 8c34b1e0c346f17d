#include <mobula/actor/actor_exit.hpp>
#include <mobula/actor/actor_extras.hpp>
#include <mobula/actor/current_actor.hpp>
#include <mobula/core/error.hpp>
#include <mobula/core/task_context.hpp>

namespace mobula {
namespace detail {
actor_cell_base* running_actor() noexcept {
  execution_context* const here = this_context();
  auto* const c = dynamic_cast<actor_context*>(here != nullptr ? here->beneath() : nullptr);
  return c != nullptr ? &c->actor() : nullptr;
}

std::vector<unsigned> actor_context::gpu_ids() const { return const_cast<actor_context*>(this)->actor().gpus(); }

bool actor_context::holds() const noexcept { return const_cast<actor_context*>(this)->actor().waits_for_resources(); }

actor_cell_base& current_actor_cell(std::type_info const& wanted) {
  actor_cell_base* const a = running_actor();
  if (a == nullptr)
    throw error(
        "mobula: current_actor was asked for where no method of an actor runs; a task that a method starts is "
        "on its own: give it a handle");
  if (a->type() != wanted)
    throw error("mobula: current_actor: the actor here is of class " + readable_name(a->type()) + ", not " +
                readable_name(wanted));
  return *a;
}

}  // namespace detail

void exit_actor() {
  detail::actor_cell_base* const a = detail::running_actor();
  if (a == nullptr) throw error("mobula: exit_actor was called where no method of an actor runs");
  detail::send_end(*a, end_reason::exited);
  throw detail::actor_exit();
}

}  // namespace mobula
