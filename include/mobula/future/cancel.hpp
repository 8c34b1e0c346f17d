#pragma once

#include <mobula/future/holder.hpp>

#include <vector>

namespace mobula {

/// Says that nobody wants a result any more: the task ends with `cancelled`, and so does its future, once.
///
///     mb::future<page> p = mb::remote(load).options({.cancellable = true})(url);
///     mb::cancel(p);
///
/// A task that has not begun, as it is queued or waits for its arguments, never does; nor does a queued call of an actor,
/// and those behind it are handled as ever. One that runs is asked to stop, if it can be: if it was submitted with
/// `.cancellable`, a limit or retries, by a runtime whose tasks all are, or by a task that can. Its waits, those of the
/// coroutines and functions that it has called, and those that it begins later, throw `cancelled`; its stop token
/// (this_task::stop_token) says so; and what it has started, tasks and calls of actors, is cancelled too, unless detached.
/// Otherwise it goes on to its end. In any case its future fails with `cancelled`, when it is over; of a task with a limit
/// or retries, at once. Other futures of the task are no different. What is over, or made by a promise or `put`, stays as
/// it is, and so does what it has left running; a task that is about to end may still give its value.
/// Threads: any.
/// Errors:  throws mobula::error for a handle to nothing.
template <class T>
void cancel(future<T> const& f) {
  detail::future_access::state(f).cancel();
}

/// The same for all futures of a container.
template <future_container C>
void cancel(C const& futures) {
  auto const one = [](detail::shared_state_base& s) { s.cancel(); };
  detail::visit_states(futures, one);
}

/// Cancels futures when a scope is left, those that are not ready by then; so what fails, or is no longer wanted as
/// another was first, takes the rest along.
///
///     auto copies = fetch_from_all(mirrors);
///     mb::cancel_rest const rest(copies);
///     return mb::get(copies[mb::get(mb::when_any(copies))]);
///
///     mb::cancel_rest const rest(parts);
///     for (auto const& p : mb::as_completed(parts)) add(mb::get(p));   // throws as soon as one has failed
///
/// Lifetime: it has its own handles.
class cancel_rest {
 public:
  template <future_container C>
  explicit cancel_rest(C const& futures) {
    auto const add = [this](detail::shared_state_base& s) { states_.push_back(&s); };
    detail::visit_states(futures, add);
    for (auto* s : states_) s->add_handle();
  }
  cancel_rest(cancel_rest const&) = delete;
  ~cancel_rest() {
    for (auto* s : states_) {
      if (!s->ready()) s->cancel();
      s->release_handle();
    }
  }

 private:
  std::vector<detail::shared_state_base*> states_;
};

}  // namespace mobula
