#include <mobula/actor/actor_extras.hpp>
#include <mobula/core/error.hpp>

namespace mobula::detail {

void reentrant_context::stack_left() noexcept { actor_.stack_left_behind(); }

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
