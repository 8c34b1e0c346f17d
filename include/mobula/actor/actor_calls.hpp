#pragma once

#include <mobula/actor/bounded_calls.hpp>

#include <type_traits>
#include <utility>

namespace mobula::detail {

/// The ways to call an actor, for a handle and for a handle with options.
template <class Handle, class T>
class actor_calls : public bounded_calls<Handle, T> {
  using base = bounded_calls<Handle, T>;

 public:
  /// Sends a call of a method and returns at once with the future of its result. Arguments are passed as to a remote
  /// function: futures wherever their values go.
  ///
  ///     mb::future<int> i = c.call<&counter::increment>(5);
  ///     mb::future<int> j = c.call([](counter& x, int by) { return x.value += by; }, 5);
  ///
  /// The function is owned by the call. Of an overloaded method, mobula::overload chooses one.
  /// Blocks: if the mailbox is bounded and full, until there is room: in a task its fiber, elsewhere the thread. In a
  ///         coroutine, `co_await` async_call instead. Or see try_call, and actor_options::when_full.
  /// Errors: throws no_runtime if the actor's runtime has been shut down, mobula::error for a handle to nothing. What the
  ///         method throws comes out of the future, and so does actor_died, and what the constructor threw.
  ///         If the mailbox is full: mailbox_full, if the options say so; deadlock_error to the actor's own methods,
  ///         unless they are reentrant.
  template <auto Method, class A = absent, class B = absent, class C = absent, class D = absent>
  auto call(A&& a = {}, B&& b = {}, C&& c = {}, D&& d = {}, call_site where = call_site::current()) const {
    return base::template method<call_state, Method>(send_waiting(), where, std::forward<A>(a), std::forward<B>(b),
                                                     std::forward<C>(c), std::forward<D>(d));
  }
  template <auto Method, class... Args>
    requires(sizeof...(Args) > 4)
  auto call(Args&&... args) const {
    return base::template method<call_state, Method>(send_waiting(), call_site(), std::forward<Args>(args)...);
  }
  template <class F, class A = absent, class B = absent, class C = absent, class D = absent>
    requires(!std::is_same_v<std::remove_cvref_t<F>, absent>)
  auto call(F&& f, A&& a = {}, B&& b = {}, C&& c = {}, D&& d = {}, call_site where = call_site::current()) const {
    return base::template function<call_state>(send_waiting(), where, std::forward<F>(f), std::forward<A>(a),
                                               std::forward<B>(b), std::forward<C>(c), std::forward<D>(d));
  }

  /// The same without a future, which is cheaper. A failure is reported as one that nobody has read.
  template <auto Method, class A = absent, class B = absent, class C = absent, class D = absent>
  void post(A&& a = {}, B&& b = {}, C&& c = {}, D&& d = {}, call_site where = call_site::current()) const {
    base::template method<post_state, Method>(send_waiting(), where, std::forward<A>(a), std::forward<B>(b),
                                              std::forward<C>(c), std::forward<D>(d));
  }
  template <auto Method, class... Args>
    requires(sizeof...(Args) > 4)
  void post(Args&&... args) const {
    base::template method<post_state, Method>(send_waiting(), call_site(), std::forward<Args>(args)...);
  }
  template <class F, class A = absent, class B = absent, class C = absent, class D = absent>
    requires(!std::is_same_v<std::remove_cvref_t<F>, absent>)
  void post(F&& f, A&& a = {}, B&& b = {}, C&& c = {}, D&& d = {}, call_site where = call_site::current()) const {
    base::template function<post_state>(send_waiting(), where, std::forward<F>(f), std::forward<A>(a),
                                        std::forward<B>(b), std::forward<C>(c), std::forward<D>(d));
  }
};

}  // namespace mobula::detail
