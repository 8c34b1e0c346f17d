#pragma once

#include <mobula/core/steady.hpp>

#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <type_traits>
#include <vector>

#include "mobula/cma/per_variable.hpp"

namespace mobula::cma {

/// A whole number of something, written in whatever arithmetic type the caller has.
///
/// With a plain integer member `{.popsize = n}` would be a narrowing error for every type of `n` but one, and
/// `{.maxfevals = 1e6}` another. Infinity means "no limit". Values that are no whole number, or negative, are turned
/// down by the optimizer, which can say which option it was.
class count {
 public:
  template <class T>
    requires std::is_arithmetic_v<T>
  constexpr count(T value) noexcept : value_(static_cast<double>(value)) {}
  constexpr operator double() const noexcept { return value_; }

 private:
  double value_;
};

/// The seed of a run: any integer, of which the 64 bits count.
class seed_value {
 public:
  template <std::integral T>
  constexpr seed_value(T value) noexcept : value_(static_cast<std::uint64_t>(value)) {}
  constexpr operator std::uint64_t() const noexcept { return value_; }

 private:
  std::uint64_t value_;
};

/// What is done about an evaluation that gives no finite number (NaN or an infinity), or none at all.
enum class failure_policy : std::uint8_t {
  worst_rank,  ///< it ranks behind all finite values: the search goes where evaluations succeed
  resample,    ///< the candidate is replaced by a new one, 100 times in a generation at most, then it ranks last
  stop,        ///< it ranks last, and the criterion `failed` fires
};

/// How the search keeps to its box.
enum class bound_handling : std::uint8_t {
  transform,  ///< a smooth transformation into the box, the identity but near its borders; pycma's BoundTransform
  penalty,    ///< candidates are moved to the border, and rank worse the further they were moved; pycma's BoundPenalty
};

/// A lower and an upper bound of each variable; infinities, or nothing, where there is none.
///
///     .bounds = {.lower = 0, .upper = {1, 1, infinity}}
struct box {
  per_variable lower = {};
  per_variable upper = {};
  bound_handling handling = bound_handling::transform;
};

/// A variable that keeps its value and is not searched.
struct fixed_variable {
  std::size_t index;  ///< from 0
  double value;
};

/// Which candidates are mirrored at the mean.
enum class mirror_method : std::uint8_t {
  unconditional,  ///< the first candidates of the same generation; of each pair the better one is learned from
  selective,      ///< the worst candidates of the generation before
};

/// What can be set about a run. Names, meanings and defaults are pycma's (4.5), without its prefix `CMA_`, so that its
/// documentation holds here too, but for two: `mirrors` is off here, where pycma mirrors one candidate of populations
/// smaller than 6; and nothing is evaluated that is not a candidate, where pycma's fmin evaluates the final mean too
/// (`eval_final_mean`): `result::mean` is there to be evaluated.
///
///     cma::optimizer es(x0, 0.5, {.popsize = 40, .seed = 3, .ftarget = 1e-10});
///
/// Errors: the optimizer's constructor throws `std::invalid_argument`, which names the field, for a value that makes
///         no sense.
struct options {
  /// Candidates in a generation; 0 takes 4 + floor(3 ln n).
  count popsize = 0;
  /// Decides all random numbers of the run, together with nothing else: not the machine's load, not the thread count.
  seed_value seed = 1;

  // Criteria to stop. Each is off with the value that is named last.

  /// Stops when a value at or below this one was told; -infinity.
  double ftarget = -std::numeric_limits<double>::infinity();
  /// Stops once this many evaluations were told, looked at between generations, so that the last may go beyond; infinity.
  /// With restarts, of all runs together.
  count maxfevals = std::numeric_limits<double>::infinity();
  /// Stops after this many generations; 0 takes 100 + floor(150 (n + 3)^2 / sqrt(popsize)); infinity.
  count maxiter = 0;
  /// Stops when this time has passed since the optimizer was made, with what had passed when it was saved; infinity.
  /// With restarts, since the first run began.
  std::chrono::duration<double> timeout{std::numeric_limits<double>::infinity()};

  /// Stops when the distribution is narrower than this in every coordinate, in units of x; 0.
  double tolx = 1e-11;
  /// Stops when the values of the last generation and the best of the recent ones all lie within this range; 0.
  double tolfun = 1e-11;
  /// Stops when the best values of the recent generations (10 + ceil(30 n / popsize) of them) lie within this range; 0.
  double tolfunhist = 1e-12;
  /// Stops when the values of the last generation lie within this share of how far the median has come down; 0.
  double tolfunrel = 0;
  /// Stops when the best and the median values have not improved over this many generations: the medians of the latest
  /// of them, and of those before, are compared; 0 takes 100 + floor(100 n^1.5 / popsize); infinity.
  count tolstagnation = 0;
  /// Stops when the mean has moved less than this in every coordinate for 20 generations and a tenth of all; 0.
  double tolxstagnation = 1e-9;
  /// Stops when the best three quarters of the values were equal for more than this many generations in a row; infinity.
  /// If no value was a finite number, that is told as `failed`.
  count tolflatfitness = 1;
  /// Stops when the standard deviation of some coordinate has grown by this factor: sigma0 was far too small, or the
  /// function falls for ever; 0.
  double tolfacupx = 1e3;
  /// Stops when sigma / sigma0 exceeds this times the longest axis: the search creeps; 0.
  double tolupsigma = 1e20;
  /// Stops when the condition number of the covariance matrix exceeds this; 0.
  double tolconditioncov = 1e14;
  /// Stops when so many standard deviations along a principal axis do not change the mean in any coordinate; 0.
  double noeffectaxis = 0.1;
  /// Stops when so many standard deviations in some coordinate do not change the mean; 0.
  double noeffectcoord = 0.2;

  /// What is done about evaluations that give no finite number.
  failure_policy on_failure = failure_policy::worst_rank;

  // The space that is searched.

  /// The box that every candidate lies in. x0 must, too. While it is searched, no standard deviation exceeds a third of
  /// the distance of its bounds.
  box bounds = {};
  /// Factors of sigma0 for each coordinate: the first standard deviations are sigma0 times these.
  per_variable stds = {};
  /// Units to search in: variable i is searched as x_i / scaling_i, with sigma0, `stds` and tolerances in that unit.
  per_variable scaling_of_variables = {};
  /// Variables that keep the value given here, whatever x0 says. The search has so many dimensions fewer.
  mobula::detail::steady<std::vector<fixed_variable>> fixed_variables = {};
  /// The least and the greatest standard deviation of each coordinate; `maxstd` is a third of the box without this.
  per_variable minstd = {};
  per_variable maxstd = {};

  // Variants of the algorithm.

  /// For so many generations the covariance matrix stays diagonal, and learns faster for it (sep-CMA-ES, Ros & Hansen
  /// 2008): for separable problems, and for large ones. With infinity it always does, in time and memory linear in n.
  count diagonal = 0;
  /// Learns from bad candidates too, by negative weights (active CMA-ES).
  bool active = true;
  /// Factor of the negative weights of injected solutions.
  double active_injected = 0;
  /// So many candidates of each generation are mirrored; below 0.5 it is a share of popsize.
  double mirrors = 0;
  mirror_method mirrormethod = mirror_method::selective;
  /// The best solution of all takes part in each generation that has none as good.
  bool elitist = false;
};

}  // namespace mobula::cma
