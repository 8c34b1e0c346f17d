#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "cma/eigen.hpp"
#include "cma/interval.hpp"
#include "mobula/cma/options.hpp"

namespace mobula::cma {

/// The way between the points that the search moves in and those that are evaluated.
///
/// A point of the search u (N numbers) leaves out the fixed variables and is measured in the units of the options. The
/// one that is evaluated is x (n numbers): x_i = T_i(c_i u_j), with the unit c_i, and T_i the map into the bounds of
/// variable i, or with a penalty the nearest number within them; fixed variables have their values.
class coordinates {
 public:
  /// Errors: throws `std::invalid_argument` when x0 is not within the bounds, or nothing is left to search.
  coordinates(std::span<const double> x0, const options& settings);

  [[nodiscard]] std::size_t dimension() const noexcept { return free_.size(); }     // N
  [[nodiscard]] std::size_t full_dimension() const noexcept { return x0_.size(); }  // n
  [[nodiscard]] bool is_identity() const noexcept { return identity_; }             // x is u
  [[nodiscard]] bool is_clipping() const noexcept { return clipping_; }             // several u have the same x
  [[nodiscard]] const vector& start() const noexcept { return start_; }             // the u of x0
  [[nodiscard]] const std::vector<double>& x0() const noexcept { return x0_; }      // with the fixed values

  /// Writes the x (n) of u (N).
  void to_x(const double* u, double* x) const;
  /// Writes the u (N) of x (n).
  /// Errors: throws `std::invalid_argument` for an x that no u has.
  void to_u(std::span<const double> x, vector& u) const;

  /// Returns variable `j`, of the N, of u before it is brought into its bounds; and how far that is.
  [[nodiscard]] double unbounded(std::size_t j, double u) const noexcept { return units_[j] * u; }
  [[nodiscard]] double excess(std::size_t j, double u) const noexcept {
    return unbounded(j, u) - bounds_[j].clip(unbounded(j, u));
  }
  /// Writes standard deviations (n) in units of x; 0 where a variable is fixed.
  void to_x_stds(const vector& stds, vector& out) const;

  /// Returns the place among the n, the unit, and the bounds of variable `j` of the N.
  [[nodiscard]] std::size_t place(std::size_t j) const noexcept { return free_[j]; }
  [[nodiscard]] double unit(std::size_t j) const noexcept { return units_[j]; }
  [[nodiscard]] const interval& bounds(std::size_t j) const noexcept { return bounds_[j]; }

 private:
  std::vector<double> x0_;
  std::vector<std::size_t> free_;
  std::vector<double> units_;
  std::vector<interval> bounds_;
  bool identity_ = true;
  bool bounded_ = false;
  bool clipping_ = false;
  vector start_;
};

}  // namespace mobula::cma
