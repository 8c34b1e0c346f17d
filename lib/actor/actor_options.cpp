#include <mobula/actor/actor_extras.hpp>
#include <mobula/actor/actor_names.hpp>
#include <mobula/actor/actor_options.hpp>
#include <mobula/core/error.hpp>

namespace mobula::detail {
namespace {

route route_by(actor_cell_base& a, concurrency c) {
  actor_extras& e = a.need_extras();
  switch (c.how()) {
    case concurrency::kind::serial: return {&a, c.how()};
    case concurrency::kind::reentrant: return {&e.reentrant, c.how()};
    case concurrency::kind::parallel: return {&e.add_group(a, {}, c.limit()), c.how()};
  }
  return {};
}

route route_by_options(actor_cell_base& a, method_options const& m) {
  if (m.method.key == nullptr) throw error("mobula: method_options::method is missing: name it, mobula::method<&T::m>");
  if (m.concurrency_group->empty()) return route_by(a, m.concurrency.value_or(serial));
  if (m.concurrency)
    throw error("mobula: " + m.method.name() + " can't have both a concurrency and a concurrency_group");
  return {&find_group(a.extras(), *m.concurrency_group), concurrency::kind::parallel};
}

// What its actor's methods do, unless they are reentrant, this one does too.
route route_of(actor_cell_base& a, method_options const& m, bool actor_blocks) {
  route r = route_by_options(a, m);
  if (m.blocking)
    let_block(r, blocking_kind::asked);
  else if (actor_blocks && r.how != concurrency::kind::reentrant)
    r.blocks = blocking_kind::if_plain;
  return r;
}

}  // namespace

void set_up(actor_cell_base& a, concurrency by_default, bool blocking, std::vector<concurrency_group> const& groups,
            std::vector<method_options> const& methods) {
  for (concurrency_group const& g : groups) {
    if (g.name->empty()) throw error("mobula: a concurrency group needs a name");
    if (g.limit == 0) throw error("mobula: the concurrency group '" + *g.name + "' has a limit of 0: give at least 1");
    for (auto const& other : a.need_extras().groups)
      if (other.name == *g.name) throw error("mobula: there are two concurrency groups '" + *g.name + "'");
    a.need_extras().add_group(a, *g.name, g.limit);
  }
  if (by_default != serial || blocking) {
    route to = route_by(a, by_default);
    if (blocking) let_block(to, blocking_kind::if_plain);
    a.need_extras().by_default = to;
  }
  for (method_options const& m : methods) {
    route const to = route_of(a, m, blocking);
    a.need_extras().methods.push_back({m.method.key, to});
  }
}

void let_block(route& r, blocking_kind b) {
  if (r.how == concurrency::kind::reentrant)
    throw error(
        "mobula: a reentrant call can't be blocking: it would let others run while it waits, which a thread that "
        "blocks "
        "does not do; give it a concurrency of serial or parallel(n)");
  r.blocks = b;
}

void check_name(std::string const& name, std::string const& name_space, bool get_if_exists, lifetime l) {
  if (!name.empty()) return;
  char const* const needs_name = l == lifetime::detached ? "lifetime is detached, so nobody could reach or end it"
                                 : get_if_exists         ? "get_if_exists is set"
                                 : !name_space.empty()   ? "name_space is set"
                                                         : nullptr;
  if (needs_name != nullptr)
    throw error("mobula: actor_options::" + std::string(needs_name) + ": give it a name, actor_options::name");
}

void set_name(actor_cell_base& a, std::string const& name, std::string const& name_space) {
  if (name.empty()) return;
  actor_extras& e = a.need_extras();
  e.name = name;
  e.name_space = name_space;
  e.on_end.emplace_back([&a](end_reason, failure_ptr const&) { leave_name(a); });
}

void set_resources(actor_cell_base& a, double cpus, double gpus, std::size_t memory,
                   std::map<std::string, double> const& others) {
  check_resources(cpus, gpus, memory, others, "actor_options");
  if (cpus == 0 && gpus == 0 && memory == 0 && others.empty()) return;
  resource_demand all = book_of(a.owner()).demand_of(cpus, gpus, memory, others, "the actor " + a.description());
  if (all.empty()) return;
  actor_extras& e = a.need_extras();
  e.has = std::make_shared<lease>(a.owner(), std::move(all), resource_demand(),
                                  std::vector<std::shared_ptr<resource_pool>>());
  e.on_end.emplace_back([has = e.has](end_reason, failure_ptr const&) { has->end(); });
}

void bound_mailbox(actor_cell_base& a, std::ptrdiff_t limit, when_full what) {
  if (limit < 0)
    throw error("mobula: actor_options::mailbox is " + std::to_string(limit) +
                ": give how many calls may wait, or 0 for any number");
  if (limit == 0 && what == when_full::fail)
    throw error(
        "mobula: actor_options::when_full says fail, but the mailbox takes any number of calls: set mailbox too");
  if (limit != 0) a.need_extras().room.emplace(static_cast<std::size_t>(limit), what == when_full::fail);
}

}  // namespace mobula::detail
