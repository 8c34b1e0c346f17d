#include <mobula/actor/actor_extras.hpp>
#include <mobula/actor/actor_names.hpp>
#include <mobula/actor/actor_not_found.hpp>
#include <mobula/core/error.hpp>

#include <algorithm>
#include <numeric>

namespace mobula::detail {
namespace {

std::string quoted(std::string_view name, std::string_view name_space) {
  std::string s = "'" + std::string(name) + "'";
  if (!name_space.empty()) s += " in the namespace '" + std::string(name_space) + "'";
  return s;
}

void check_class(actor_cell_base const& a, std::type_info const& wanted) {
  if (a.type() == wanted) return;
  actor_extras const& e = *a.extras();
  throw error("mobula: the actor " + quoted(e.name, e.name_space) + " is of class " + readable_name(a.type()) +
              ", not " + readable_name(wanted) + ": use another name or name_space, or end that one before");
}

// How many letters have to be changed, added or taken away to make one of the other (Levenshtein).
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = row[0]++;
    for (std::size_t j = 0; j < b.size(); ++j) {
      std::size_t const above = row[j + 1];
      row[j + 1] = std::min({row[j] + 1, above + 1, diagonal + (a[i] == b[j] ? 0 : 1)});
      diagonal = above;
    }
  }
  return row.back();
}

}  // namespace

actor_names& names_of(scheduler& s) { return s.parts.get<actor_names>(); }

void leave_name(actor_cell_base& a) noexcept {
  if (actor_extras const* const e = a.extras(); e != nullptr && !e->name.empty()) names_of(a.owner()).leave(a);
}

actor_cell_base* actor_names::find(std::string_view name, std::string_view name_space, std::type_info const& type) {
  std::lock_guard const lock(mutex_);
  auto const at = entries_.find(name_view(name_space, name));
  if (at == entries_.end()) return nullptr;
  actor_cell_base& a = *at->second.cell;
  if (!a.has_handles()) return nullptr;
  check_class(a, type);
  return a.try_add_handle() ? &a : nullptr;
}

actor_cell_base* actor_names::enter(actor_cell_base& a, bool detached, bool or_other) {
  actor_extras const& e = *a.extras();
  std::lock_guard const lock(mutex_);
  auto const [at, is_new] = entries_.try_emplace(full_name(e.name_space, e.name), entry{&a, false});
  if (!is_new) {
    actor_cell_base& other = *at->second.cell;
    if (other.has_handles()) {
      if (or_other) check_class(other, a.type());
      if (!or_other)
        throw error("mobula: there is an actor " + quoted(e.name, e.name_space) + " already, of class " +
                    readable_name(other.type()) +
                    (other.type() == a.type() ? ": set actor_options::get_if_exists to get that one, or end it before"
                                              : ": use another name or name_space, or end that one before"));
      if (other.try_add_handle()) return &other;
    }
    at->second = {&a, false};  // the other one's last handle is gone
  }
  if (detached && !lets_go_) {
    a.add_handle();
    at->second.keeps = true;
  }
  return nullptr;
}

void actor_names::leave(actor_cell_base& a) noexcept {
  actor_extras const& e = *a.extras();
  bool kept = false;
  {
    std::lock_guard const lock(mutex_);
    auto const at = entries_.find(name_view(e.name_space, e.name));
    if (at == entries_.end() || at->second.cell != &a) return;
    kept = at->second.keeps;
    entries_.erase(at);
  }
  if (kept) a.release_handle();
}

std::vector<std::string> actor_names::names(std::string_view name_space) {
  std::vector<std::string> found;
  std::lock_guard const lock(mutex_);
  for (auto at = entries_.lower_bound(name_view(name_space, {})); at != entries_.end() && at->first.first == name_space;
       ++at)
    if (at->second.cell->has_handles()) found.push_back(at->first.second);
  return found;
}

void actor_names::throw_not_found(std::string_view name, std::string_view name_space) {
  constexpr std::size_t most = 5;
  std::vector<std::string> there = names(name_space);
  std::string why = "mobula: there is no actor " + quoted(name, name_space);
  if (there.empty()) throw actor_not_found(why + ", nor any other with a name there");
  std::stable_sort(there.begin(), there.end(),
                   [&](auto const& a, auto const& b) { return distance(a, name) < distance(b, name); });
  why += "; there are: ";
  for (std::size_t i = 0; i < std::min(most, there.size()); ++i) why += (i == 0 ? "'" : ", '") + there[i] + "'";
  if (there.size() > most) why += " and " + std::to_string(there.size() - most) + " more";
  throw actor_not_found(why);
}

// They are no longer found: their handles are not counted any more, so they may be gone before they could leave.
void actor_names::let_go() noexcept {
  decltype(entries_) kept;
  {
    std::lock_guard const lock(mutex_);
    lets_go_ = true;
    for (auto at = entries_.begin(); at != entries_.end();) {
      auto const here = at++;
      if (here->second.keeps) kept.insert(kept.end(), entries_.extract(here));
    }
  }
  for (auto const& [name, e] : kept) e.cell->release_handle();
}

}  // namespace mobula::detail
