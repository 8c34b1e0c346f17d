#pragma once

#include <mobula/requirements.hpp>

#include <atomic>
#include <concepts>
#include <cstddef>
#include <exception>
#include <mobula/mobula.hpp>
#include <ranges>
#include <span>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "mobula/cma/optimizer.hpp"
#include "mobula/minimize/arrivals.hpp"
#include "mobula/minimize/objective.hpp"

namespace mobula::cma {

/// Says that a function takes many candidates at once: a simulator on a GPU, a vectorised one, a remote service.
///
///     auto f = [&](const cma::generation& xs) { return device.run(xs); };  // dimension x popsize, one a column
///     cma::minimize(cma::batch_objective(f), x0, 0.5);
///
/// The function takes an Eigen matrix (`const cma::generation&`, `const Eigen::MatrixXd&`, a generic parameter) or a
/// `const std::vector<std::vector<double>>&`, and returns a range or an Eigen vector of as many numbers, in order; or a
/// `mobula::task` of one. It is called by one thread at a time; but in asynchronous mode with single
/// candidates, by several.
/// Lifetime: an lvalue is borrowed, any other function is kept.
template <class F>
struct batch_objective {
  F function;
  explicit batch_objective(F&& f) : function(std::forward<F>(f)) {}
};
template <class F>
batch_objective(F&&) -> batch_objective<F>;

namespace detail {

using list_of_candidates = std::vector<std::vector<double>>;

template <class F>
using batch_result = std::invoke_result_t<
    F&, std::conditional_t<std::invocable<F&, const generation&>, const generation&, const list_of_candidates&>>;

template <class T>
inline constexpr bool is_any_task = false;
template <class T>
inline constexpr bool is_any_task<mobula::task<T>> = true;

/// Writes numbers that a batch objective has returned.
template <class Values>
void write_values(const Values& from, std::span<double> to) {
  const auto size = static_cast<std::size_t>(std::ranges::distance(from.begin(), from.end()));
  if (size != to.size())
    throw std::invalid_argument("cma: the batch objective returned " + std::to_string(size) + " values for " +
                                std::to_string(to.size()) + " candidates; it must return one for each, in order");
  std::size_t k = 0;
  for (const auto& value : from) to[k++] = static_cast<double>(value);
}

/// Evaluates by a function of a whole generation.
template <class F>
class batch_evaluator final : public arrivals_evaluator {
 public:
  explicit batch_evaluator(F& f) noexcept : function_(f) {}

  std::vector<failed_evaluation> evaluate(std::span<const double> xs, std::span<double> values,
                                          const std::atomic<bool>&) override {
    try {
      call(function_, xs, values);
      return {};
    } catch (...) {
      std::ranges::fill(values, std::numeric_limits<double>::quiet_NaN());
      return all_failed(values.size(), std::current_exception());
    }
  }

  void start(std::uint64_t id, std::span<const double> x) override {
    static_cast<void>(mobula::remote(&run)(&function_, std::vector<double>(x.begin(), x.end()), expect(id)));
  }

 private:
  static void call(F& f, std::span<const double> xs, std::span<double> values) {
    const auto result = [&]() -> decltype(auto) {
      if constexpr (std::invocable<F&, const generation&>) {
        const auto columns = static_cast<Eigen::Index>(values.size());
        const generation view(xs.data(), static_cast<Eigen::Index>(xs.size()) / columns, columns);
        return finish(f, view);
      } else {
        list_of_candidates list(values.size());
        const std::size_t n = xs.size() / values.size();
        for (std::size_t k = 0; k < list.size(); ++k) list[k].assign(xs.data() + k * n, xs.data() + (k + 1) * n);
        return finish(f, list);
      }
    };
    write_values(result(), values);
  }

  // The values as an object of their own: an Eigen expression may refer to what the function has left.
  template <class Xs>
  static auto finish(F& f, const Xs& xs) {
    using returned = std::remove_cvref_t<batch_result<F>>;
    if constexpr (is_any_task<returned>) {
      return mobula::get(mobula::remote([&f, &xs] { return f(xs); })());
    } else if constexpr (requires(returned r) { r.eval(); }) {
      return f(xs).eval();
    } else {
      return f(xs);
    }
  }

  static void run(F* f, std::vector<double> x, arrival a) {
    double value = 0;
    try {
      call(*f, x, {&value, 1});
      a.succeed(value);
    } catch (...) { a.fail(std::current_exception()); }
  }

  F& function_;
};

}  // namespace detail
}  // namespace mobula::cma
