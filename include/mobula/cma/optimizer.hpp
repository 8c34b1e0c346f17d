#pragma once

#include <mobula/requirements.hpp>

#include <Eigen/Core>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <iosfwd>
#include <memory>
#include <ranges>
#include <span>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "mobula/cma/engine.hpp"
#include "mobula/cma/options.hpp"
#include "mobula/cma/parameters.hpp"
#include "mobula/cma/result.hpp"
#include "mobula/cma/stop.hpp"
#include "mobula/cma/told_numbers.hpp"

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
/// Cost:     ask and tell together take about 0.2 ms for 500 candidates of 30 variables. They allocate nothing, unless
///           more solutions are told than ever before.
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

  template <detail::no_point X0>
  optimizer(const X0&, double, const options& = {}) : optimizer(detail::refuse_point<X0>(), 0) {}  // says what x0 is

  optimizer(optimizer&& other) noexcept = default;
  optimizer& operator=(optimizer&& other) noexcept {
    engine_ = std::move(other.engine_);
    show({other.candidates_.data(), static_cast<std::size_t>(other.candidates_.size())});
    return *this;
  }

  /// Returns the candidates that wait for their values: those of the current generation. Asking again before `tell`
  /// gives the same ones. With `failure_policy::resample`, after a `tell` with failed values, it is those that were
  /// drawn in their places.
  ///
  /// Lifetime: the reference is valid as long as the optimizer stays where it is; the numbers behind it are those of
  ///           this generation until the first `ask` after its `tell`, or an `ask_one` that draws.
  const generation& ask() {
    show(engine_.ask());
    return candidates_;
  }

  /// Returns the candidates of `ask()` as spans of n numbers each.
  [[nodiscard]] std::vector<std::span<const double>> ask_spans() {
    const std::span<const double> numbers = engine_.ask();
    std::vector<std::span<const double>> spans;
    for (std::size_t i = 0; i < numbers.size(); i += dimension()) spans.push_back(numbers.subspan(i, dimension()));
    return spans;
  }

  /// Returns one candidate (n numbers): those of the generation one after the other, then as many more from the same
  /// distribution as are asked for. For those who evaluate one by one, and tell with `tell(xs, values)`.
  ///
  /// Lifetime: until the next call that is not const; copy the numbers if they are evaluated beyond.
  [[nodiscard]] std::span<const double> ask_one() { return engine_.ask_one(); }

  /// Learns from the values of the candidates that wait, one for each column of `ask()`, in that order. Smaller is
  /// better.
  ///
  /// `values` is any range of numbers, or a vector of Eigen's. A value that is not finite has failed, and
  /// `options::on_failure` says what then; equal values rank in the order of their columns.
  /// Errors: throws `std::invalid_argument`, and changes nothing, if there is not one value for each, or nobody asked.
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

  /// Learns from `xs`, n x k, k >= 2, a solution a column, and their k values; the generation is over with that.
  ///
  /// The solutions may be some of the generation, some of them several times with different values, candidates of
  /// earlier generations whose values came late, and any others. Those that this generation did not draw are learned
  /// from as Hansen says in "Injecting external solutions into CMA-ES" (arXiv:1110.4181): too long a step from the mean
  /// is shortened, and bad ones teach nothing but by `options::active_injected`. Weights and learning rates are those of
  /// popsize k.
  /// Errors: throws `std::invalid_argument`, and changes nothing, if sizes do not fit, or a solution is not finite or
  ///         outside the bounds.
  template <class Xs, class Values>
  void tell(const Eigen::DenseBase<Xs>& xs, const Values& values) {
    const Eigen::MatrixXd points = xs.derived().template cast<double>();
    tell_points({points.data(), static_cast<std::size_t>(points.size())}, values);
  }

  /// Takes the solutions as a range of ranges of n numbers: `std::vector<std::vector<double>>`.
  template <std::ranges::input_range Xs, class Values>
    requires(!std::derived_from<Xs, Eigen::DenseBase<Xs>> &&
             std::ranges::input_range<std::ranges::range_reference_t<Xs>>)
  void tell(Xs&& xs, const Values& values) {
    std::vector<double> points;
    for (auto&& x : xs) {
      const std::size_t before = points.size();
      for (const double number : x) points.push_back(number);
      if (points.size() - before != dimension())
        throw std::invalid_argument("cma: a solution has " + std::to_string(points.size() - before) +
                                    " numbers; it must have " + std::to_string(dimension()));
    }
    tell_points(points, values);
  }

  /// Has the next generation start with a solution from elsewhere, which is evaluated as it is. Several may wait.
  /// Errors: throws `std::invalid_argument` if it has not n finite numbers, or lies outside the bounds.
  void inject(std::span<const double> x) { engine_.inject(x); }
  void inject(std::initializer_list<double> x) { engine_.inject({x.begin(), x.size()}); }
  template <class Derived>
  void inject(const Eigen::DenseBase<Derived>& x) {
    const Eigen::VectorXd numbers = as_vector(x);
    engine_.inject({numbers.data(), static_cast<std::size_t>(numbers.size())});
  }

  /// Returns the criteria that fired at the last `tell`: none while the search should go on. It is advice: `ask` and
  /// `tell` work on.
  [[nodiscard]] const stop_reasons& stop() const noexcept { return engine_.stop(); }

  /// Makes `stop()` give the reason `callback`, with what is to be said about it, from now on.
  void request_stop(std::string why = {}) { engine_.request_stop(std::move(why)); }

  /// Takes the criteria to stop from `settings`, from `ftarget` to `noeffectcoord`, and nothing else: to go on beyond a
  /// limit, say, that a run was started with.
  /// Errors: throws `std::invalid_argument` if one makes no sense.
  void set_criteria(const options& settings) { engine_.set_criteria(settings); }

  /// Writes all that the run is to `out`, at any time, also between `ask` and `tell`.
  ///
  /// Resumed, the run goes on as if nothing had happened: given the same values it is the same to the last bit, on this
  /// kind of machine with this build of the library (elsewhere sums may be rounded in another way). The format is binary,
  /// little-endian on every machine, has a version and a checksum.
  /// Errors: throws `checkpoint_error` if the stream fails.
  void save(std::ostream& out) const { engine_.save(out); }

  /// Puts it in the place of a file: whatever happens meanwhile, a whole checkpoint is there, the one before or this.
  /// Errors: throws std::system_error, which names the file and the reason; then what was there still is.
  void save(const std::filesystem::path& file) const { engine_.save(file); }

  /// Reads what `save` has written, and nothing beyond; open files as binary. The options are part of it.
  ///
  /// Nothing in it is believed: a checkpoint that nobody could have saved is refused whatever its checksum, and no more
  /// memory is taken than a run of that size needs.
  /// Errors: throws `checkpoint_error` that says what is wrong: foreign, another version, cut off, damaged, senseless.
  [[nodiscard]] static optimizer resume(std::istream& in) { return optimizer(engine::resume(in)); }

  /// Resumes from a file, which `minimize` may have left, too.
  /// Errors: throws `checkpoint_error` that names the file and says what is wrong with it.
  [[nodiscard]] static optimizer resume(const std::filesystem::path& file) { return optimizer(engine::resume(file)); }

  /// Returns the best candidate so far, and the state of the search.
  [[nodiscard]] cma::result result() const {
    return {.x = as_map(engine_.best_x()),
            .f = engine_.best_f(),
            .best_evaluation = engine_.best_evaluation(),
            .best_iteration = engine_.best_iteration(),
            .mean = as_map(engine_.mean()),
            .sigma = engine_.sigma(),
            .stds = as_map(engine_.stds()),
            .evaluations = engine_.evaluations(),
            .iterations = engine_.iterations(),
            .stop = engine_.stop(),
            .failures = engine_.failures()};
  }

  /// Returns n, with the variables that are fixed.
  [[nodiscard]] std::size_t dimension() const noexcept { return engine_.dimension(); }
  [[nodiscard]] std::size_t popsize() const noexcept { return engine_.constants().popsize; }
  [[nodiscard]] double sigma() const noexcept { return engine_.sigma(); }
  [[nodiscard]] std::int64_t evaluations() const noexcept { return engine_.evaluations(); }
  [[nodiscard]] std::int64_t iterations() const noexcept { return engine_.iterations(); }

  /// Returns D (N), the square roots of the eigenvalues of C as of its last decomposition, in no particular order: how
  /// long the axes of the distribution are, in units of sigma. N is n without the fixed variables.
  [[nodiscard]] Eigen::VectorXd axis_lengths() const { return as_map(engine_.axis_lengths()); }
  /// Returns the covariance matrix C (N x N) of the search, without the standard deviations of coordinates that the
  /// options gave (`stds`) or that differed so widely that they were moved out of it.
  [[nodiscard]] Eigen::MatrixXd covariance() const {
    const auto n = static_cast<Eigen::Index>(engine_.axis_lengths().size());
    Eigen::MatrixXd c(n, n);
    engine_.write_covariance({c.data(), static_cast<std::size_t>(c.size())});
    return c;
  }

  /// Returns the constants that follow from dimension and popsize: weights and learning rates.
  [[nodiscard]] const cma::parameters& constants() const noexcept { return engine_.constants(); }
  /// Returns the options of the run, with the defaults filled in that depend on the dimension.
  [[nodiscard]] const options& settings() const noexcept { return engine_.settings(); }

 private:
  struct evaluated {};

  explicit optimizer(engine resumed) : engine_(std::move(resumed)) {}

  optimizer(const Eigen::VectorXd& x0, double sigma0, const options& settings, evaluated)
      : engine_({x0.data(), static_cast<std::size_t>(x0.size())}, sigma0, settings) {}

  static Eigen::Map<const Eigen::VectorXd> as_map(std::span<const double> numbers) {
    return {numbers.data(), static_cast<Eigen::Index>(numbers.size())};
  }

  template <class Derived>
  static Eigen::VectorXd as_vector(const Eigen::DenseBase<Derived>& x) {
    if (x.rows() != 1 && x.cols() != 1) throw std::invalid_argument("cma: this is a matrix; it must be a vector");
    return x.derived().reshaped().template cast<double>();
  }

  template <class Derived>
  void tell_vector(const Eigen::DenseBase<Derived>& values) {
    engine_.check_told(static_cast<std::size_t>(values.size()));
    const std::span<double> buffer = engine_.value_buffer();
    Eigen::Map<Eigen::VectorXd>(buffer.data(), values.size()) = values.derived().reshaped().template cast<double>();
    engine_.tell(buffer);
  }

  template <class Values>
  void tell_points(std::span<const double> points, const Values& values) {
    if constexpr (std::convertible_to<const Values&, std::span<const double>>) {
      engine_.tell(points, values);
    } else if constexpr (std::derived_from<Values, Eigen::DenseBase<Values>>) {
      const Eigen::VectorXd numbers = as_vector(values);
      engine_.tell(points, {numbers.data(), static_cast<std::size_t>(numbers.size())});
    } else {
      std::vector<double> numbers;
      detail::for_each_told(values, [&](double value) { numbers.push_back(value); });
      engine_.tell(points, numbers);
    }
  }

  // Gathers the values in the engine's buffer, and counts on beyond its end so that the error can name the true length.
  template <class Range>
  void tell_range(Range& values) {
    const std::span<double> buffer = engine_.value_buffer();
    std::size_t told = 0;
    detail::for_each_told(values, [&](double value) {
      if (told < buffer.size()) buffer[told] = value;
      ++told;
    });
    engine_.check_told(told);
    engine_.tell(buffer);
  }

  // A map cannot be assigned to, since that would assign the numbers; making it anew is how Eigen's manual does it.
  void show(std::span<const double> candidates) {
    const std::size_t n = dimension();
    std::construct_at(&candidates_, candidates.data(), static_cast<Eigen::Index>(n),
                      static_cast<Eigen::Index>(candidates.size() / n));
  }

  engine engine_;
  generation candidates_{nullptr, 0, 0};
};

}  // namespace mobula::cma
