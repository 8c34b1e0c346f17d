#pragma once

#include <mobula/remote/call_site.hpp>

#include <utility>

namespace mobula::detail {

/// The call operators of what submits calls of F: `Derived::submit(where, function, args...)` does it.
template <class Derived, class F>
class call_operators {
 public:
  using makes_tasks = void;

  explicit call_operators(F f) : function_(std::move(f)) {}

  /// Submits one call and returns at once: a future, or a stream if the function gives a generator.
  ///
  /// The task owns the function object and the arguments: both are copied or moved into it (std::ref passes by
  /// reference). What the function accepts as it is, it gets as it is; a generic one accepts anything. Otherwise a future,
  /// or a container of futures, whose values the function accepts is a dependency: the task starts when they are there,
  /// and fails with the error of the first that failed. A future<void> gives no argument. A parameter mobula::outcome<T>
  /// gets the future's outcome, and so the call is made though it failed.
  /// If the function returns a future or a task, the result is that one's: there are no futures of futures.
  /// Errors: throws no_runtime. What the function throws comes out of the future.
  template <class A = absent, class B = absent, class C = absent, class D = absent>
  auto operator()(A&& a = {}, B&& b = {}, C&& c = {}, D&& d = {}, call_site where = call_site::current()) const& {
    return with_given(
        [&](auto&&... args) { return self().submit(where, function_, std::forward<decltype(args)>(args)...); },
        std::forward<A>(a), std::forward<B>(b), std::forward<C>(c), std::forward<D>(d));
  }
  template <class A = absent, class B = absent, class C = absent, class D = absent>
  auto operator()(A&& a = {}, B&& b = {}, C&& c = {}, D&& d = {}, call_site where = call_site::current()) && {
    return with_given(
        [&](auto&&... args) {
          return self().submit(where, std::move(function_), std::forward<decltype(args)>(args)...);
        },
        std::forward<A>(a), std::forward<B>(b), std::forward<C>(c), std::forward<D>(d));
  }
  template <class... Args>
    requires(sizeof...(Args) > 4)
  auto operator()(Args&&... args) const& {
    return self().submit({}, function_, std::forward<Args>(args)...);
  }
  template <class... Args>
    requires(sizeof...(Args) > 4)
  auto operator()(Args&&... args) && {
    return self().submit({}, std::move(function_), std::forward<Args>(args)...);
  }

 protected:
  F function_;

 private:
  Derived const& self() const noexcept { return static_cast<Derived const&>(*this); }
};

}  // namespace mobula::detail
