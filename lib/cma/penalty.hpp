#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "cma/archive.hpp"
#include "cma/coordinates.hpp"
#include "cma/population.hpp"
#include "cma/state.hpp"

namespace mobula::cma {

/// What a candidate's value rises by in the ranking when it was moved to its bounds: pycma's `BoundPenalty`.
///
/// The penalty of x is the mean over the coordinates of gamma_i (x_i - x_i^feasible)^2. The weights gamma are set, and
/// raised while the mean is far outside, as Hansen, Niederberger, Guzzella & Koumoutsakos say in "A method for handling
/// uncertainty in evolutionary optimization with an application to feedback control of combustion" (IEEE Transactions on
/// Evolutionary Computation 13(1), 2009), section IV-B, with the changes that pycma makes to it.
class penalty {
 public:
  penalty(const coordinates& space, std::size_t popsize);

  /// Adapts the weights to the values of a generation, in ascending order, before it is learned from.
  void adapt(std::span<const double> sorted_values, const search_state& s, double mueff);

  /// Returns the penalty of a point of the search (N).
  [[nodiscard]] double of(const double* u) const;

  void pass(archive& a);

 private:
  void remember(std::span<const double> sorted_values, const search_state& s);
  double typical_difference();

  const coordinates& space_;
  std::vector<double> gamma_;    // N
  bool weighted_ = false;        // gamma is set
  std::vector<double> history_;  // differences between values, of the last generations that had one: a ring
  std::size_t remembered_ = 0;   // how many there ever were
  std::size_t generations_ = 0;
  std::vector<double> sorted_;
  vector variances_;
};

}  // namespace mobula::cma
