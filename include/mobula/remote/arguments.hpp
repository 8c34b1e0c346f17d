#pragma once

#include <mobula/future/get.hpp>

#include <array>
#include <cstddef>
#include <functional>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace mobula::detail {

template <class... Ts>
struct types {};

/// How one stored argument is given to the function.
enum class passing {
  as_is,         // moved
  by_reference,  // a dependency: a reference to the future's value
  by_value,      // a dependency: the future's value, moved out of its last handle or copied; lists of values
};

/// What can be a dependency: a future, or a std::vector, std::array or std::tuple of futures.
template <class A>
struct dependency {
  static constexpr bool exists = false;
};

template <class T>
  requires(!std::is_void_v<T>)
struct dependency<future<T>> {
  static constexpr bool exists = true;
  using reference = decltype(future_access::read(std::declval<future<T> const&>()));
  using value = T&&;
  template <class V>
  static void visit(future<T> const& f, V v) {
    v(future_access::state(f));
  }
  static T read(future<T>& f) { return future_access::read(std::move(f)); }
};

template <class R>
  requires(future_range<R> && (is_std_array<R> || std::is_same_v<R, std::vector<typename R::value_type>>) &&
           !std::is_void_v<range_value_of_futures<R>>)
struct dependency<R> {
  static constexpr bool exists = true;
  using reference = void;
  using value = decltype(read_each(std::declval<R>()))&&;
  template <class V>
  static void visit(R const& futures, V v) {
    for (auto const& f : futures) v(future_access::state(f));
  }
  static auto read(R& futures) { return read_each(std::move(futures)); }
};

template <class... Ts>
struct dependency<std::tuple<future<Ts>...>> {
  static constexpr bool exists = true;
  using reference = void;
  using value = std::tuple<non_void<Ts>...>&&;
  template <class V>
  static void visit(std::tuple<future<Ts>...> const& futures, V v) {
    std::apply([&](auto const&... f) { (v(future_access::state(f)), ...); }, futures);
  }
  static auto read(std::tuple<future<Ts>...>& futures) { return read_tuple(std::move(futures)); }
};

template <class A, passing P>
struct passed {
  using type = A&&;
};
template <class A>
struct passed<A, passing::by_reference> {
  using type = typename dependency<A>::reference;
};
template <class A>
struct passed<A, passing::by_value> {
  using type = typename dependency<A>::value;
};

template <passing... Ps>
struct plan {
  static constexpr bool found = true;
};
struct no_plan {
  static constexpr bool found = false;
};

// The first plan by which F can be called, where each argument is rather given as it is than as a dependency, and
// rather by reference than by value. Chosen: the plan so far, Passed: the types it passes, Rest: what is left.
template <class F, class Chosen, class Passed, class... Rest>
struct find_plan;

template <class F, passing... Ps, class... Passed>
struct find_plan<F, plan<Ps...>, types<Passed...>> {
  using type = std::conditional_t<std::is_invocable_v<F, Passed...>, plan<Ps...>, no_plan>;
};

template <class F, passing... Ps, class... Passed, class A, class... Rest>
struct find_plan<F, plan<Ps...>, types<Passed...>, A, Rest...> {
  template <passing P>
  using with = typename find_plan<F, plan<Ps..., P>, types<Passed..., typename passed<A, P>::type>, Rest...>::type;

  static constexpr auto choose() {
    if constexpr (with<passing::as_is>::found) {
      return with<passing::as_is>();
    } else if constexpr (dependency<A>::exists) {
      if constexpr (!std::is_void_v<typename dependency<A>::reference>) {
        if constexpr (with<passing::by_reference>::found)
          return with<passing::by_reference>();
        else
          return with<passing::by_value>();
      } else {
        return with<passing::by_value>();
      }
    } else {
      return no_plan();
    }
  }
  using type = decltype(choose());
};

/// How `Args...`, as they are stored, are given to an F.
template <class F, class... Args>
using plan_for = typename find_plan<F, plan<>, types<>, Args...>::type;

template <class F, class Plan, class... Args>
struct call_result;
template <class F, passing... Ps, class... Args>
struct call_result<F, plan<Ps...>, Args...> {
  using type = std::invoke_result_t<F, typename passed<Args, Ps>::type...>;
};

/// What the function gets for a stored argument.
template <passing P, class A>
decltype(auto) pass(A& stored) {
  if constexpr (P == passing::as_is)
    return static_cast<A&&>(stored);
  else if constexpr (P == passing::by_reference)
    return future_access::read(std::as_const(stored));
  else
    return dependency<A>::read(stored);
}

}  // namespace mobula::detail
