#include <mobula/actor/actor_extras.hpp>
#include <mobula/actor/actor_lives.hpp>
#include <mobula/core/error.hpp>

#include <utility>

namespace mobula::detail {

void reentrant_context::stack_left() noexcept { actor_.stack_left_behind(); }

actor_extras::actor_extras(actor_cell_base& a) : reentrant(a), by_default{&a} {}
actor_extras::~actor_extras() {
  if (keeps_constructor_) constructor->release_handle();
}

bool actor_extras::held_up() const noexcept {
  return wants_to_be_alone.message != nullptr || (lives != nullptr && lives->dying());
}

// The death of an object comes before what came in order after the calls that it has put back; a kill makes it idle.
sent_message<job> actor_extras::take_due() noexcept {
  if (lives == nullptr || !lives->dying() || wants_to_be_alone.kind == message_kind::control)
    return std::exchange(wants_to_be_alone, {});
  if (!lives->restart_due()) return {};
  return {&lives->restart(), message_kind::control};
}

parallel_lane& actor_extras::add_group(actor_cell_base& a, std::string_view group_name, unsigned limit) {
  groups.reserve(groups.size() + 1);
  std::string copy(group_name);
  parallel_lane& l = lanes.emplace_back(a, limit);
  groups.push_back({std::move(copy), &l});
  return l;
}

parallel_lane& find_group(actor_extras const* e, std::string_view name) {
  std::string known;
  if (e != nullptr)
    for (actor_extras::group const& g : e->groups) {
      if (g.name.empty()) continue;
      if (g.name == name) return *g.where;
      known += (known.empty() ? "" : ", ") + g.name;
    }
  throw error("mobula: this actor has no concurrency group '" + std::string(name) + "'; " +
              (known.empty() ? "it was made without any: name them in actor_options::concurrency_groups"
                             : "there are: " + known));
}

route actor_extras::route_of(void const* method) const noexcept {
  for (method_route const& m : methods)
    if (m.method == method) return m.to;
  return by_default;
}

}  // namespace mobula::detail
