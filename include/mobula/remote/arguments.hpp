#pragma once

#include <mobula/future/holder.hpp>
#include <mobula/future/outcomes.hpp>

#include <ranges>
#include <type_traits>
#include <utility>
#include <variant>

namespace mobula::detail {

template <class... Ts>
struct types {};

/// How one stored argument is given to the function, what is rather done first.
enum class passing {
  as_is,         // moved
  by_reference,  // a dependency: a reference to the future's value
  by_value,      // a dependency: the future's value, moved out of its last handle or copied; containers of values
  as_nothing,    // a dependency without a value: the function gets no argument for it
  outcome_by_reference,  // a dependency that may fail: a reference to the future's outcome
  outcome_by_value,      // a dependency that may fail: its outcome; containers of outcomes
};

/// A future as an argument that is a dependency in any case: the function never gets the handle.
template <class T>
struct awaited {
  future<T> it;
};

/// What can be a dependency: a future, or a container that owns futures.
template <class A>
struct dependency {
  static constexpr bool exists = false;
};
template <class A>
  requires(holds_futures<A> && !std::ranges::view<A>)
struct dependency<A> {
  static constexpr bool exists = true;
  using holder = A;
  static A& futures(A& a) noexcept { return a; }
  static A const& futures(A const& a) noexcept { return a; }
};
template <class T>
struct dependency<awaited<T>> {
  static constexpr bool exists = true;
  using holder = future<T>;
  static future<T>& futures(awaited<T>& a) noexcept { return a.it; }
  static future<T> const& futures(awaited<T> const& a) noexcept { return a.it; }
};

template <class A>
inline constexpr bool is_awaited = false;
template <class T>
inline constexpr bool is_awaited<awaited<T>> = true;

/// Whether an argument can be given in a way, and what the function gets then.
template <class A, passing P>
struct passed {
  static constexpr bool offered = false;
};
template <class A>
  requires(!is_awaited<A>)
struct passed<A, passing::as_is> {
  static constexpr bool offered = true;
  using type = A&&;
};
template <class A>
  requires dependency<A>::exists
using value_of_dependency = reading<value_reader, typename dependency<A>::holder>;
template <class A>
concept dependency_on_value = dependency<A>::exists && !std::is_void_v<value_of_dependency<A>>;
template <class A>
concept dependency_on_one = dependency<A>::exists && any_future<typename dependency<A>::holder>;

template <class A>
  requires(dependency_on_value<A> && dependency_on_one<A>)
struct passed<A, passing::by_reference> {
  static constexpr bool offered = true;
  using type = decltype(future_access::read(std::declval<typename dependency<A>::holder const&>()));
};
template <class A>
  requires dependency_on_value<A>
struct passed<A, passing::by_value> {
  static constexpr bool offered = true;
  using type = value_of_dependency<A>&&;
};
template <class A>
  requires(dependency<A>::exists && !dependency_on_value<A>)
struct passed<A, passing::as_nothing> {
  static constexpr bool offered = true;
};
template <class A>
  requires dependency_on_one<A>
struct passed<A, passing::outcome_by_reference> {
  static constexpr bool offered = true;
  using type = outcome<typename dependency<A>::holder::value_type> const&;
};
template <class A>
  requires dependency<A>::exists
struct passed<A, passing::outcome_by_value> {
  static constexpr bool offered = true;
  using type = reading<outcome_reader, typename dependency<A>::holder>&&;
};

/// The ways in which the arguments are given, and what the function returns then.
template <class Result, passing... Ps>
struct plan {
  static constexpr bool found = true;
  using result = Result;
  template <class Other>
  using returning = plan<Other, Ps...>;  // the same for a function that wraps this one
};
struct no_plan {
  static constexpr bool found = false;
};

// The first plan by which F can be called, where each argument is rather given in an earlier way of `passing`. Chosen: the
// ways so far, Passed: the types so given, Rest: what is left.
template <passing... Ps>
struct ways {};

template <class F, class Chosen, class Passed, class... Rest>
struct find_plan {
  using type = no_plan;
};

template <class F, passing... Ps, class... Passed>
  requires std::is_invocable_v<F, Passed...>
struct find_plan<F, ways<Ps...>, types<Passed...>> {
  using type = plan<std::invoke_result_t<F, Passed...>, Ps...>;
};

template <class F, passing... Ps, class... Passed, class A, class... Rest>
struct find_plan<F, ways<Ps...>, types<Passed...>, A, Rest...> {
  template <passing P>
  static constexpr auto with() {
    if constexpr (!passed<A, P>::offered)
      return no_plan();
    else if constexpr (P == passing::as_nothing)
      return typename find_plan<F, ways<Ps..., P>, types<Passed...>, Rest...>::type();
    else
      return typename find_plan<F, ways<Ps..., P>, types<Passed..., typename passed<A, P>::type>, Rest...>::type();
  }
  // Looks at a way only if there is none before it, as the function may not compile with it.
  template <passing P, passing... Later>
  static constexpr auto first_of() {
    if constexpr (decltype(with<P>())::found || sizeof...(Later) == 0)
      return with<P>();
    else
      return first_of<Later...>();
  }
  using type = decltype(first_of<passing::as_is, passing::by_reference, passing::by_value, passing::as_nothing,
                                 passing::outcome_by_reference, passing::outcome_by_value>());
};

/// How `Args...`, as they are stored, are given to an F.
template <class F, class... Args>
using plan_for = typename find_plan<F, ways<>, types<>, Args...>::type;

/// What the function gets for a stored argument; throws the error of a dependency that has failed.
template <passing P, class A>
decltype(auto) pass(A& stored) {
  if constexpr (P == passing::as_is) {
    return static_cast<A&&>(stored);
  } else {
    auto& futures = dependency<A>::futures(stored);
    if constexpr (P == passing::by_reference)
      return future_access::read(std::as_const(futures));
    else if constexpr (P == passing::by_value)
      return read_together<value_reader>(std::move(futures));
    else if constexpr (P == passing::as_nothing)
      return read_together<value_reader>(std::move(futures)), std::monostate();
    else if constexpr (P == passing::outcome_by_reference)
      return future_access::read_outcome_in_place(futures);
    else
      return read_all<outcome_reader>(std::move(futures));
  }
}

}  // namespace mobula::detail
