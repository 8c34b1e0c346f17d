#pragma once

#include <initializer_list>
#include <mobula/mobula.hpp>
#include <span>
#include <type_traits>
#include <utility>

#include "mobula/cma/drive.hpp"
#include "mobula/cma/minimize_options.hpp"
#include "mobula/cma/optimizer.hpp"
#include "mobula/minimize/batch_objective.hpp"
#include "mobula/minimize/function_evaluator.hpp"
#include "mobula/minimize/objective.hpp"
#include "mobula/minimize/pool_objective.hpp"

namespace mobula::cma {
namespace detail {

/// The evaluator of an objective.
template <class F>
auto evaluator_of(F& f) {
  using value = value_t<F>;
  static_assert(
      is_value<value>,
      "cma::minimize: the function can't take a candidate. It must accept an Eigen vector, a "
      "std::span<const double> or a const std::vector<double>&, and return a number or a mobula::task of one.");
  if constexpr (is_value<value>) return function_evaluator<F>(f);
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
/// The result depends on none of the number of workers, their speed and the order in which evaluations end; in
/// asynchronous mode it does.
///
/// Threads: calls `f` from several threads at once.
/// Blocks:  as `mobula::map` does: in a task its fiber, elsewhere the thread.
/// Errors:  throws what `f` threw (see minimize_options::failures), `std::invalid_argument` as `optimizer` does, and what
///          `mobula::map` throws.
template <class F, class X0>
[[nodiscard]] result minimize(F&& f, const X0& x0, double sigma0, const options& settings = {},
                              const minimize_options& how = {}) {
  auto objective = detail::evaluator_of(f);
  optimizer es(x0, sigma0, settings);
  drive(es.engine(), objective, how);
  return es.result();
}

template <class F>
[[nodiscard]] result minimize(F&& f, std::initializer_list<double> x0, double sigma0, const options& settings = {},
                              const minimize_options& how = {}) {
  return minimize(std::forward<F>(f), std::span<const double>(x0.begin(), x0.size()), sigma0, settings, how);
}

}  // namespace mobula::cma
