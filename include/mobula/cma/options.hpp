#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <type_traits>

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

/// What can be set about a run. Names, meanings and defaults are pycma's, so that its documentation holds here too.
///
///     cma::optimizer es(x0, 0.5, {.popsize = 40, .seed = 3, .ftarget = 1e-10});
///
/// Errors: the optimizer's constructor throws `std::invalid_argument`, which names the field, for a value that makes
///         no sense. A tolerance of 0 turns its criterion off; `tolconditioncov` takes infinity for that.
struct options {
  /// Candidates in a generation; 0 takes 4 + floor(3 ln n).
  count popsize = 0;
  /// Decides all random numbers of the run, together with nothing else: not the machine's load, not the thread count.
  seed_value seed = 1;

  /// Stops when a value at or below this one was told.
  double ftarget = -std::numeric_limits<double>::infinity();
  /// Stops once this many evaluations were told. It is looked at between generations, so the last may go beyond.
  count maxfevals = std::numeric_limits<double>::infinity();
  /// Stops after this many generations; 0 takes 100 + floor(150 (n + 3)^2 / sqrt(popsize)).
  count maxiter = 0;

  /// Stops when the distribution is narrower than this in every coordinate, in units of x.
  double tolx = 1e-11;
  /// Stops when the values of the last generation and the best of the recent ones all lie within this range.
  double tolfun = 1e-11;
  /// Stops when the best values of the recent generations (10 + ceil(30 n / popsize) of them) lie within this range.
  double tolfunhist = 1e-12;
  /// Stops when the best three quarters of the values were equal for more than this many generations in a row.
  count tolflatfitness = 1;
  /// Stops when the standard deviation of some coordinate has grown by this factor: sigma0 was far too small, or the
  /// function falls for ever. 0 turns it off.
  double tolfacupx = 1e3;
  /// Stops when sigma / sigma0 exceeds this times the longest axis: the search creeps. 0 turns it off.
  double tolupsigma = 1e20;
  /// Stops when the condition number of the covariance matrix exceeds this.
  double tolconditioncov = 1e14;
};

}  // namespace mobula::cma
