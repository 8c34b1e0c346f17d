#include <mobula/actor/actor_extras.hpp>
#include <mobula/actor/actor_lives.hpp>
#include <mobula/actor/current_actor.hpp>
#include <mobula/actor/saved_state.hpp>
#include <mobula/core/failure.hpp>

#include <utility>

namespace mobula::detail {

void throw_wrong_state(std::type_info const* saved, std::type_info const& wanted) {
  if (saved == nullptr)
    throw error("mobula: saved_state: nothing was saved, so there is no " + readable_name(wanted) +
                ": ask empty() first");
  throw error("mobula: saved_state: what was saved is of type " + readable_name(*saved) + ", not " +
              readable_name(wanted));
}

void save(saved_state s) {
  actor_cell_base* const a = running_actor();
  if (a == nullptr) throw error("mobula: save_state was called where no method of an actor runs");
  if (actor_extras* const e = a->extras(); e != nullptr && e->lives != nullptr) e->lives->save(std::move(s));
}

}  // namespace mobula::detail
