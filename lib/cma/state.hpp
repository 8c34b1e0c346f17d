#pragma once

#include <cstdint>
#include <memory>

#include "cma/archive.hpp"
#include "cma/covariance.hpp"
#include "cma/eigen.hpp"
#include "mobula/cma/parameters.hpp"

namespace mobula::cma {

/// What a generation hands on to the next: the distribution N(m, sigma^2 S C S) and the two evolution paths.
///
/// Names are those of the tutorial (arXiv:1604.00772), n is the dimension. S = diag(scale) is not the tutorial's: it
/// holds the standard deviations that the options give each coordinate (pycma's `CMA_stds`), and those that the search
/// has found where they differ so much that C could not hold them with precision.
struct search_state {
  vector mean;     // m (n)
  double sigma;    // the step size
  vector scale;    // the diagonal of S (n)
  vector p_sigma;  // evolution path of the step size (n)
  vector p_c;      // evolution path of the covariance matrix (n)
  vector stds;     // sigma scale_i sqrt(C_ii) (n), the standard deviation of each coordinate
  std::unique_ptr<covariance> C;

  std::int64_t generation = 0;  // generations told
  std::int64_t decomposed = 0;  // the generation after which C was decomposed
  bool diagonal;                // C is
  vector factors, turned;       // of equalize_coordinates (n)

  search_state(const vector& mean, double sigma0, const vector& scale, bool diagonal);

  void decompose_if_due(const parameters& p);
  /// Moves the standard deviations of coordinates from C into `scale` where they differ widely.
  void equalize_coordinates();
  /// Sets `stds`, and what each of them exceeds its limits by is taken from `scale`.
  void limit_stds(const vector& least, const vector& greatest);
  /// From now on C may be any matrix.
  void make_full();
  void pass(archive& a);
};

}  // namespace mobula::cma
