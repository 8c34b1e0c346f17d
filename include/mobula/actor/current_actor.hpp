#pragma once

#include <mobula/actor/make_actor.hpp>

#include <typeinfo>

namespace mobula {
namespace detail {

/// The actor whose message runs here; null if none does.
[[nodiscard]] actor_cell_base* running_actor() noexcept;

/// The same, of that class. Throws mobula::error if there is none.
[[nodiscard]] actor_cell_base& current_actor_cell(std::type_info const& wanted);

}  // namespace detail

/// A handle to the actor whose method runs here, for calls of itself, which are queued, or to be given to others.
///
///     void ticker::tick() {
///       ++ticks_;
///       mb::current_actor<ticker>().post<&ticker::tick>();
///     }
///
/// Also after a wait, and in what the method awaits or calls; not in tasks of its own that it starts.
/// Errors: throws mobula::error outside of methods of an actor of exactly that class.
template <class T>
[[nodiscard]] actor<T> current_actor() {
  auto& cell = static_cast<detail::object_cell<T>&>(detail::current_actor_cell(typeid(T)));
  cell.add_handle();
  return detail::actor_access::adopt(cell);
}

/// Ends the actor whose method runs here: the method ends at once, its call and all that wait end with actor_died.
///
/// Errors: throws mobula::error outside of methods of an actor.
[[noreturn]] void exit_actor();

}  // namespace mobula
