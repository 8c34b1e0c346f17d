#pragma once

#include <mobula/actor/actor.hpp>
#include <mobula/actor/actor_names.hpp>
#include <mobula/actor/actor_not_found.hpp>
#include <mobula/actor/make_actor.hpp>
#include <mobula/core/scheduler.hpp>
#include <mobula/core/submission_hold.hpp>

#include <string>
#include <string_view>
#include <typeinfo>
#include <vector>

namespace mobula {

/// A handle to the actor of that name (actor_options::name) on the current runtime.
///
///     auto c = mb::get_actor<counter>("requests");
///
/// Errors: throws actor_not_found, which tells what names there are, mobula::error if the actor is not of class T, and
///         no_runtime.
template <class T>
[[nodiscard]] actor<T> get_actor(std::string_view name, std::string_view name_space = "") {
  detail::submission_hold const here;
  detail::actor_names& all = detail::names_of(*here);
  detail::actor_cell_base* const cell = all.find(name, name_space, typeid(T));
  if (cell == nullptr) all.throw_not_found(name, name_space);
  return detail::actor_access::adopt(static_cast<detail::object_cell<T>&>(*cell));
}

/// The names of the actors that get_actor finds in a namespace, sorted.
[[nodiscard]] inline std::vector<std::string> list_named_actors(std::string_view name_space = "") {
  detail::submission_hold const here;
  return detail::names_of(*here).names(name_space);
}

}  // namespace mobula
