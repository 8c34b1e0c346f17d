#pragma once

#include <mobula/requirements.hpp>

#include <Eigen/Core>
#include <concepts>
#include <mobula/mobula.hpp>
#include <ranges>
#include <span>
#include <type_traits>
#include <vector>

#include "mobula/minimize/batch_objective.hpp"
#include "mobula/minimize/objective.hpp"
#include "mobula/minimize/pool_objective.hpp"

namespace mobula::cma::detail {

// Whether `minimize` can evaluate an objective and start from a point, and the one sentence that the compiler says if not.

/// Whether F takes a candidate in one of its forms.
template <class F, class... Before>
concept takes_candidate =
    takes<F, const candidate&, Before...> || takes<F, const std::span<const double>&, Before...> ||
    takes<F, const std::vector<double>&, Before...>;

template <class F>
concept takes_generation = std::invocable<F&, const generation&> || std::invocable<F&, const list_of_candidates&>;

/// Whether a batch objective may return an R.
template <class R>
concept values = requires(const std::remove_cvref_t<R>& r) { r.eval(); } ||
                 (std::ranges::range<const std::remove_cvref_t<R>&> &&
                  std::is_constructible_v<double, std::ranges::range_reference_t<const std::remove_cvref_t<R>&>>);
template <class R>
inline constexpr bool is_values = values<R>;
template <class R>
inline constexpr bool is_values<mobula::task<R>> = values<R>;

template <class F>
inline constexpr bool is_objective = is_value<value_t<F>>;
template <class F>
inline constexpr bool is_objective<batch_objective<F>> = [] {
  using function = std::remove_reference_t<F>;
  if constexpr (takes_generation<function>)
    return is_values<std::remove_cvref_t<batch_result<function>>>;
  else
    return false;
}();
template <class F>
inline constexpr bool is_objective<const batch_objective<F>> = is_objective<batch_objective<const F>>;
template <class Method, class T>
inline constexpr bool is_objective<pool_objective_of<Method, T>> = is_value<value_t<Method, T>>;
template <class Method, class T>
inline constexpr bool is_objective<const pool_objective_of<Method, T>> = is_value<value_t<Method, T>>;

template <class X0>
concept point = !no_point<X0>;

template <class F, class... Before>
void say_why_no_objective() {
  using mobula::detail::never;
  if constexpr (!takes_candidate<F, Before...>)
    static_assert(
        never<F>,
        "cma::minimize: the function can't take a candidate. It must accept an Eigen vector, a std::span<const "
        "double> or a const std::vector<double>&");
  else
    static_assert(
        never<F>,
        "cma::minimize: the function must return its value: a number that converts to double, or a mobula::task of "
        "one");
}
template <class F>
struct objective_words {
  static void say() { say_why_no_objective<F>(); }
};
template <class F>
struct objective_words<batch_objective<F>> {
  static void say() {
    using mobula::detail::never;
    if constexpr (!takes_generation<std::remove_reference_t<F>>)
      static_assert(
          never<F>,
          "cma::batch_objective: the function can't take a generation. It must accept an Eigen matrix, or a const "
          "std::vector<std::vector<double>>&");
    else
      static_assert(never<F>,
                    "cma::batch_objective: the function must return a range of numbers, one for each candidate, or a "
                    "mobula::task of one");
  }
};
template <class F>
struct objective_words<const batch_objective<F>> : objective_words<batch_objective<const F>> {};
template <class Method, class T>
struct objective_words<pool_objective_of<Method, T>> {
  static void say() { say_why_no_objective<Method, T>(); }
};
template <class Method, class T>
struct objective_words<const pool_objective_of<Method, T>> : objective_words<pool_objective_of<Method, T>> {};

template <class F, class X0>
auto say_why_not_minimized() {
  using mobula::detail::never;
  using function = std::remove_reference_t<F>;
  if constexpr (point<std::remove_cvref_t<F>> && !point<X0>)
    static_assert(never<F>, "cma::minimize: the function comes first: minimize(f, x0, sigma0)");
  else if constexpr (!is_objective<function>)
    objective_words<function>::say();
  else
    static_assert(
        never<X0>,
        "cma::minimize: x0 must be a std::vector<double>, or another range that is a std::span<const double>, or an "
        "Eigen vector");
  return mobula::detail::mistake();
}

}  // namespace mobula::cma::detail
