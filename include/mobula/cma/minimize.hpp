#pragma once

#include <Eigen/Core>
#include <concepts>
#include <cstddef>
#include <initializer_list>
#include <mobula/mobula.hpp>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include "mobula/cma/optimizer.hpp"

namespace mobula::cma {

/// A candidate as `minimize` hands it to a function: a view of its n numbers with Eigen's arithmetic, which converts to
/// `Eigen::VectorXd` and `Eigen::Ref<const Eigen::VectorXd>`.
using candidate = Eigen::Map<const Eigen::VectorXd>;

namespace detail {

// What `f` returns for a candidate, in the first form that it takes; void if it takes none.
template <class F>
auto value_of() {
  if constexpr (std::invocable<F&, const candidate&>) {
    return std::type_identity<std::invoke_result_t<F&, const candidate&>>{};
  } else if constexpr (std::invocable<F&, std::span<const double>>) {
    return std::type_identity<std::invoke_result_t<F&, std::span<const double>>>{};
  } else if constexpr (std::invocable<F&, const std::vector<double>&>) {
    return std::type_identity<std::invoke_result_t<F&, const std::vector<double>&>>{};
  } else {
    return std::type_identity<void>{};
  }
}

template <class T>
inline constexpr bool is_value = std::convertible_to<T, double>;
template <class T>
inline constexpr bool is_value<mobula::task<T>> = std::convertible_to<T, double>;

template <class T>
inline constexpr bool is_coroutine = false;
template <class T>
inline constexpr bool is_coroutine<mobula::task<T>> = true;

// Calls a plain function with a column of the generation.
template <class F>
auto evaluate(F& f, candidate x) {
  const std::span<const double> numbers(x.data(), static_cast<std::size_t>(x.size()));
  if constexpr (std::invocable<F&, const candidate&>) {
    return f(std::as_const(x));
  } else if constexpr (std::invocable<F&, std::span<const double>>) {
    return f(numbers);
  } else {
    return f(std::vector<double>(numbers.begin(), numbers.end()));
  }
}

// The same for a coroutine, which reads its parameters after the call has returned. This frame outlives it, and owns
// all that a parameter may refer to: the view, the vector, and a temporary that the view converts to, which lives until
// the end of the co_await expression. The numbers of a view live until the generation has been told.
template <class Task, class F>
Task await_evaluation(F& f, candidate x) {
  const std::span<const double> numbers(x.data(), static_cast<std::size_t>(x.size()));
  if constexpr (std::invocable<F&, const candidate&>) {
    co_return co_await f(std::as_const(x));
  } else if constexpr (std::invocable<F&, std::span<const double>>) {
    co_return co_await f(numbers);
  } else {
    const std::vector<double> copy(numbers.begin(), numbers.end());
    co_return co_await f(copy);
  }
}

}  // namespace detail

/// Minimizes `f` from `x0` with step size `sigma0`, evaluating each generation in parallel, until a criterion fires.
///
///     cma::result best = cma::minimize(f, x0, 0.5, {.popsize = 100});
///
/// `f` returns a number, or is a coroutine function that returns a `mobula::task` of one. It takes a candidate as an
/// Eigen vector (`const Eigen::VectorXd&`, `Eigen::Ref<const Eigen::VectorXd>`, a generic parameter), or else as a
/// `std::span<const double>`, or else as a `const std::vector<double>&`. A view of the numbers must not be kept beyond
/// the evaluation. x0 is whatever `optimizer` starts from.
///
/// Threads: calls `f` from several threads at once.
/// Blocks:  as `mobula::map` does: in a task its fiber, elsewhere the thread.
/// Errors:  throws what `f` threw, `std::invalid_argument` as `optimizer` does, and what `mobula::map` throws.
template <class F, class X0>
[[nodiscard]] result minimize(F&& f, const X0& x0, double sigma0, const options& settings = {}) {
  using function = std::remove_reference_t<F>;
  using value = typename decltype(detail::value_of<function>())::type;
  static_assert(
      detail::is_value<value>,
      "cma::minimize: the function can't take a candidate. It must accept an Eigen vector, a "
      "std::span<const double> or a const std::vector<double>&, and return a number or a mobula::task of one.");
  if constexpr (detail::is_value<value>) {
    const auto evaluate = [&f](const auto& column) -> value {
      const candidate x(column.data(), column.size());
      if constexpr (detail::is_coroutine<value>) {
        return detail::await_evaluation<value>(f, x);
      } else {
        return detail::evaluate(f, x);
      }
    };
    optimizer es(x0, sigma0, settings);
    while (!es.stop()) {
      const generation& xs = es.ask();
      es.tell(mobula::map(evaluate, xs.colwise()));
    }
    return es.result();
  }
}

template <class F>
[[nodiscard]] result minimize(F&& f, std::initializer_list<double> x0, double sigma0, const options& settings = {}) {
  return minimize(std::forward<F>(f), std::span<const double>(x0.begin(), x0.size()), sigma0, settings);
}

}  // namespace mobula::cma
