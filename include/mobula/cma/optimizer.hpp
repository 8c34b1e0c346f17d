#pragma once

#include <Eigen/Core>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <ranges>
#include <span>
#include <stdexcept>
#include <type_traits>
#include <utility>

#include "mobula/cma/engine.hpp"
#include "mobula/cma/options.hpp"
#include "mobula/cma/parameters.hpp"
#include "mobula/cma/result.hpp"
#include "mobula/cma/stop.hpp"

namespace mobula::cma {

/// The candidates of one generation: dimension x popsize, one candidate a column.
///
/// A view of memory that the optimizer owns, aligned as doubles are.
using generation = Eigen::Map<const Eigen::MatrixXd>;

/// A minimizer of functions of n real variables that asks for values and learns from them: the CMA-ES.
///
///     cma::optimizer es(x0, 0.1, {.popsize = 500, .seed = 7});
///     while (!es.stop()) {
///       auto& xs = es.ask();                      // one candidate a column
///       es.tell(mb::map(f, xs.colwise()));        // one value for each
///     }
///     cma::result best = es.result();
///
/// It implements N. Hansen's tutorial (arXiv:1604.00772) with active update, and evaluates nothing itself: the values
/// may come from anywhere and from any number of threads. A run is a function of x0, sigma0, the options and the
/// values.
///
/// Threads:  none; one thread at a time may use an optimizer.
/// Lifetime: can be moved, not copied. A moved-from optimizer may only be destroyed or assigned to.
/// Cost:     ask and tell together take about 0.2 ms for 500 candidates of 30 variables. They allocate nothing.
class optimizer {
 public:
  /// Starts at the point `x0` (n numbers) with standard deviation `sigma0` in every coordinate, which should be about a
  /// quarter of the region to search.
  /// Errors: throws `std::invalid_argument` that says which argument or option makes no sense, and what would.
  optimizer(std::span<const double> x0, double sigma0, const options& settings = {}) : engine_(x0, sigma0, settings) {}

  optimizer(std::initializer_list<double> x0, double sigma0, const options& settings = {})
      : engine_({x0.begin(), x0.size()}, sigma0, settings) {}

  /// Takes any vector of Eigen's, also an expression.
  template <class Derived>
  optimizer(const Eigen::DenseBase<Derived>& x0, double sigma0, const options& settings = {})
      : optimizer(as_vector(x0), sigma0, settings, evaluated{}) {}

  optimizer(optimizer&& other) noexcept = default;
  optimizer& operator=(optimizer&& other) noexcept {
    engine_ = std::move(other.engine_);
    show(other.candidates_.data());
    return *this;
  }

  /// Returns the candidates of the current generation. Asking again before `tell` gives the same ones.
  ///
  /// Lifetime: the reference is valid as long as the optimizer stays where it is; the numbers behind it are those of
  ///           this generation until the first `ask` after its `tell`.
  const generation& ask() {
    show(engine_.ask().data());
    return candidates_;
  }

  /// Learns from the values of the current generation, one for each column of `ask()`, in that order. Smaller is
  /// better.
  ///
  /// `values` is any range of numbers, or a vector of Eigen's. NaN ranks last, after infinity; equal values rank in the
  /// order of their columns.
  /// Errors: throws `std::invalid_argument`, and changes nothing, if there are not popsize values or nobody asked.
  template <class Values>
  void tell(Values&& values) {
    using plain = std::remove_cvref_t<Values>;
    if constexpr (std::convertible_to<Values&, std::span<const double>>) {
      engine_.tell(values);
    } else if constexpr (std::derived_from<plain, Eigen::DenseBase<plain>>) {
      tell_vector(values);
    } else {
      tell_range(values);
    }
  }

  void tell(std::initializer_list<double> values) { engine_.tell({values.begin(), values.size()}); }

  /// Returns the criteria that fired at the last `tell`: none while the search should go on. It is advice: `ask` and
  /// `tell` work on.
  [[nodiscard]] const stop_reasons& stop() const noexcept { return engine_.stop(); }

  /// Returns the best candidate so far, and the state of the search.
  [[nodiscard]] cma::result result() const {
    return {.x = as_map(engine_.best_x()),
            .f = engine_.best_f(),
            .mean = as_map(engine_.mean()),
            .sigma = engine_.sigma(),
            .stds = as_map(engine_.stds()),
            .evaluations = engine_.evaluations(),
            .iterations = engine_.iterations(),
            .stop = engine_.stop()};
  }

  [[nodiscard]] std::size_t dimension() const noexcept { return engine_.constants().dimension; }
  [[nodiscard]] std::size_t popsize() const noexcept { return engine_.constants().popsize; }
  [[nodiscard]] double sigma() const noexcept { return engine_.sigma(); }
  [[nodiscard]] std::int64_t evaluations() const noexcept { return engine_.evaluations(); }
  [[nodiscard]] std::int64_t iterations() const noexcept { return engine_.iterations(); }

  /// Returns the constants that follow from dimension and popsize: weights and learning rates.
  [[nodiscard]] const cma::parameters& constants() const noexcept { return engine_.constants(); }
  /// Returns the options of the run, with the defaults filled in that depend on the dimension.
  [[nodiscard]] const options& settings() const noexcept { return engine_.settings(); }

 private:
  struct evaluated {};

  optimizer(const Eigen::VectorXd& x0, double sigma0, const options& settings, evaluated)
      : engine_({x0.data(), static_cast<std::size_t>(x0.size())}, sigma0, settings) {}

  static Eigen::Map<const Eigen::VectorXd> as_map(std::span<const double> numbers) {
    return {numbers.data(), static_cast<Eigen::Index>(numbers.size())};
  }

  template <class Derived>
  static Eigen::VectorXd as_vector(const Eigen::DenseBase<Derived>& x) {
    if (x.rows() != 1 && x.cols() != 1) throw std::invalid_argument("cma: x0 is a matrix; it must be a vector");
    return x.derived().reshaped().template cast<double>();
  }

  template <class Derived>
  void tell_vector(const Eigen::DenseBase<Derived>& values) {
    engine_.check_told(static_cast<std::size_t>(values.size()));
    const std::span<double> buffer = engine_.value_buffer();
    Eigen::Map<Eigen::VectorXd>(buffer.data(), values.size()) = values.derived().reshaped().template cast<double>();
    engine_.tell(buffer);
  }

  // Gathers the values in the engine's buffer, and counts on beyond its end so that the error can name the true length.
  template <class Range>
  void tell_range(Range& values) {
    static_assert(std::ranges::input_range<Range> && std::convertible_to<std::ranges::range_reference_t<Range>, double>,
                  "tell takes a range of numbers, one for each candidate");
    const std::span<double> buffer = engine_.value_buffer();
    std::size_t told = 0;
    for (auto&& value : values) {
      if (told < buffer.size()) buffer[told] = static_cast<double>(value);
      ++told;
    }
    engine_.check_told(told);
    engine_.tell(buffer);
  }

  // A map cannot be assigned to, since that would assign the numbers; making it anew is how Eigen's manual does it.
  void show(const double* candidates) {
    std::construct_at(&candidates_, candidates, static_cast<Eigen::Index>(dimension()),
                      static_cast<Eigen::Index>(popsize()));
  }

  engine engine_;
  generation candidates_{nullptr, 0, 0};
};

}  // namespace mobula::cma
