#pragma once

#include <mobula/actor/actor_end.hpp>
#include <mobula/actor/make_actor.hpp>
#include <mobula/future/future.hpp>

namespace mobula {
namespace detail {

[[nodiscard]] future<actor_end> monitor(actor_cell_base& a);

}  // namespace detail

/// The end of an actor's life, as a future: ready when the life has ended, whatever the reason, but not when the actor
/// is only restarted. At once if it has ended before.
///
///     mb::future<mb::actor_end> end = mb::monitor(worker);
///     if (co_await end; end.failure) ...
///
/// It keeps the actor not: that may still end because its last handle is gone. If the runtime ends before the actor, the
/// reason is end_reason::runtime_ended; but a runtime that drains waits for tasks that wait for this.
/// Errors: throws mobula::error for a handle to nothing, and no_runtime in the child of a fork.
template <class T>
[[nodiscard]] future<actor_end> monitor(actor<T> const& a) {
  return detail::monitor(detail::actor_access::cell(a));
}

}  // namespace mobula
