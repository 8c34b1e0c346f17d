#pragma once

#include <mobula/requirements.hpp>

#include <Eigen/Core>
#include <concepts>
#include <initializer_list>
#include <mobula/mobula.hpp>
#include <span>
#include <stdexcept>
#include <type_traits>
#include <utility>
#include <vector>

#include "mobula/cma/drive.hpp"
#include "mobula/cma/minimize_options.hpp"
#include "mobula/cma/options.hpp"
#include "mobula/cma/result.hpp"
#include "mobula/minimize/batch_objective.hpp"
#include "mobula/minimize/function_evaluator.hpp"
#include "mobula/minimize/objective.hpp"
#include "mobula/minimize/objective_mistakes.hpp"
#include "mobula/minimize/pool_objective.hpp"

namespace mobula::cma {
namespace detail {

/// The evaluator of an objective.
template <class F>
auto evaluator_of(F& f) {
  return function_evaluator<F>(f);
}
template <class F>
auto evaluator_of(batch_objective<F>& f) {
  return batch_evaluator<std::remove_reference_t<F>>(f.function);
}
template <class F>
auto evaluator_of(const batch_objective<F>& f) {
  return batch_evaluator<std::remove_reference_t<const F>>(f.function);
}
template <class Method, class T>
auto evaluator_of(pool_objective_of<Method, T>& f) {
  return pool_evaluator<Method, T>(f);
}
template <class Method, class T>
auto evaluator_of(const pool_objective_of<Method, T>& f) {
  return pool_evaluator<Method, T>(f);
}

template <class X0>
std::vector<double> numbers_of(const X0& x0) {
  if constexpr (std::convertible_to<const X0&, std::span<const double>>) {
    const std::span<const double> numbers = x0;
    return {numbers.begin(), numbers.end()};
  } else {
    if (x0.rows() != 1 && x0.cols() != 1) throw std::invalid_argument("cma: x0 is a matrix; it must be a vector");
    const Eigen::VectorXd numbers = x0.reshaped().template cast<double>();
    return {numbers.begin(), numbers.end()};
  }
}

inline result result_of(search_outcome found) {
  const auto vector = [](const std::vector<double>& numbers) -> Eigen::VectorXd {
    return Eigen::VectorXd::Map(numbers.data(), static_cast<Eigen::Index>(numbers.size()));
  };
  return {.x = vector(found.x),
          .f = found.f,
          .best_evaluation = found.best_evaluation,
          .best_iteration = found.best_iteration,
          .mean = vector(found.mean),
          .sigma = found.sigma,
          .stds = vector(found.stds),
          .evaluations = found.evaluations,
          .iterations = found.iterations,
          .stop = std::move(found.stop),
          .failures = found.failures,
          .last_failure = std::move(found.last_failure)};
}

template <class F>
task<result> minimize_in_task(F f, std::vector<double> x0, double sigma0, options settings, minimize_options how);

}  // namespace detail

/// Minimizes `f` from `x0` with step size `sigma0`, evaluating candidates in parallel, until a criterion fires.
///
///     cma::result best = cma::minimize(f, x0, 0.5, {.popsize = 100});
///     cma::result seen = cma::minimize(f, x0, 0.5, {}, {.show = cma::display::table, .plot = "run.png"});
///
/// `f` returns a number, or is a coroutine function that returns a `mobula::task` of one. It takes a candidate as an
/// Eigen vector (`const Eigen::VectorXd&`, `Eigen::Ref<const Eigen::VectorXd>`, a generic parameter), or else as a
/// `std::span<const double>`, or else as a `const std::vector<double>&`; and behind it a std::stop_token, if it wants to
/// know that its result is of no use any more. A view of the numbers must not be kept beyond the evaluation. Or `f` is a
/// `batch_objective`, or a `pool_objective`. x0 is whatever `optimizer` starts from.
///
/// With restarts, x and f are the best of all runs, mean, sigma and stds those of the run that found them, and
/// evaluations, iterations and failures are those of all runs.
///
/// The result depends on none of the number of workers, their speed and the order in which evaluations end; in
/// asynchronous mode it does.
///
/// Threads: calls `f` from several threads at once.
/// Blocks:  as `mobula::map` does: in a task its fiber, elsewhere the thread.
/// Errors:  throws what `f` threw if it threw for a whole generation, or options::on_failure is `stop`. Else an
///          evaluation that threw counts as NaN, and result::failures and last_failure tell of it. Throws
///          `std::invalid_argument` as `optimizer` does, and what `mobula::map` throws.
template <class F = mobula::detail::overload_set<>, class X0>
[[nodiscard]] result minimize(F&& f, const X0& x0, double sigma0, const options& settings = {},
                              const minimize_options& how = {}) {
  if constexpr (detail::is_objective<std::remove_reference_t<F>> && detail::point<X0>) {
    auto objective = detail::evaluator_of(f);
    return detail::result_of(drive(detail::numbers_of(x0), sigma0, settings, objective, how));
  } else {
    return detail::say_why_not_minimized<F, X0>();
  }
}

template <class F = mobula::detail::overload_set<>>
[[nodiscard]] result minimize(F&& f, std::initializer_list<double> x0, double sigma0, const options& settings = {},
                              const minimize_options& how = {}) {
  return minimize(std::forward<F>(f), std::span<const double>(x0.begin(), x0.size()), sigma0, settings, how);
}

/// The same for a coroutine, which it suspends: `co_await` it.
///
///     cma::result best = co_await cma::async_minimize(f, x0, 0.5, settings);
///
/// With g++ 12 name the options before if a list or a lambda with captures is among them (docs/tasks.md).
/// Lifetime: an lvalue `f` is borrowed until the task is over; the rest is kept in it.
template <class F = mobula::detail::overload_set<>, class X0>
[[nodiscard]] task<result> async_minimize(F&& f, const X0& x0, double sigma0, const options& settings,
                                          const minimize_options& how) {
  if constexpr (detail::is_objective<std::remove_reference_t<F>> && detail::point<X0>)
    return detail::minimize_in_task<F>(std::forward<F>(f), detail::numbers_of(x0), sigma0, settings, how);
  else
    return detail::say_why_not_minimized<F, X0>();
}
template <class F = mobula::detail::overload_set<>, class X0>
[[nodiscard]] task<result> async_minimize(F&& f, const X0& x0, double sigma0, const options& settings) {
  return async_minimize(std::forward<F>(f), x0, sigma0, settings, minimize_options());
}
template <class F = mobula::detail::overload_set<>, class X0>
[[nodiscard]] task<result> async_minimize(F&& f, const X0& x0, double sigma0) {
  return async_minimize(std::forward<F>(f), x0, sigma0, options(), minimize_options());
}

namespace detail {

template <class F>
task<result> minimize_in_task(F f, std::vector<double> x0, double sigma0, options settings, minimize_options how) {
  const auto search = [&] { return minimize(f, x0, sigma0, settings, how); };
  co_return co_await mobula::remote(search)();
}

}  // namespace detail
}  // namespace mobula::cma
