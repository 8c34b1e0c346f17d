#pragma once

#include <mobula/requirements.hpp>

#include <cstddef>
#include <vector>

namespace mobula::cma {

/// The constants of a run: what follows from dimension n and population size alone.
///
/// Notation and default values are those of N. Hansen, "The CMA Evolution Strategy: A Tutorial", arXiv:1604.00772,
/// table 1; `mueff`, `cc`, `c1`, `cmu`, the weights and `damps - cs` agree with pycma 4.5 to 12 digits.
struct parameters {
  std::size_t dimension;        ///< n, the number of variables
  std::size_t popsize;          ///< lambda, the number of candidates in a generation
  std::size_t mu;               ///< candidates with a positive weight: floor(lambda / 2)
  std::vector<double> weights;  ///< w_1 >= ... >= w_lambda; the first mu sum to 1, the last ones are not positive
  double mueff;                 ///< variance-effective selection mass of the positive weights
  double cc;                    ///< learning rate of the evolution path p_c
  double c1;                    ///< learning rate of the rank-one update
  double cmu;                   ///< learning rate of the rank-mu update
  double cs;                    ///< learning rate of the evolution path p_sigma
  double damps;                 ///< damping of the step size, d_sigma
  double chi_n;                 ///< expectation of || N(0, I) ||
};

/// What is learned, and how much of the covariance matrix.
struct variant {
  bool active = true;      ///< negative weights for bad candidates; else they are 0
  bool separable = false;  ///< the covariance matrix is diagonal, and c1 and cmu are (n + 2) / 3 times as large
  double mirrors = 0;      ///< so many candidates are mirrored, which takes less damping of the step size
};

/// Returns 4 + floor(3 ln n), the population size that the tutorial recommends as the smallest (equation 48).
[[nodiscard]] std::size_t default_popsize(std::size_t dimension);

/// Returns 100 + floor(150 (n + 3)^2 / sqrt(popsize)), the generations that a run may take if nobody says otherwise.
[[nodiscard]] double default_maxiter(std::size_t dimension, double popsize);

/// Returns the constants for `popsize` candidates of `dimension` variables.
/// Errors: throws `std::invalid_argument` for dimension 0 or a popsize below 2.
[[nodiscard]] parameters strategy_parameters(std::size_t dimension, std::size_t popsize, variant which = {});

}  // namespace mobula::cma
