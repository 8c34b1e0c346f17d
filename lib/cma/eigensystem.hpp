#pragma once

#include "cma/archive.hpp"
#include "cma/eigen.hpp"

namespace mobula::cma {

/// The principal axes of a covariance matrix: C = B D^2 B^T, with B (n x n) orthogonal and D (n) positive.
///
/// All memory is taken by the constructor, from which on C = I.
class eigensystem {
 public:
  explicit eigensystem(eigen::Index dimension);

  /// Decomposes `c`, of which the lower triangle counts.
  ///
  /// An eigenvalue that rounding has left below 4e-16 of the largest has no direction any more: then a multiple of the
  /// identity is added to `c` that lifts the smallest to that bound, so that `c` stays positive definite. If `c` cannot
  /// be decomposed, which takes numbers that are not finite, the last decomposition stays.
  void decompose(matrix& c);

  /// Passes the decomposition, all that outlives a call.
  void pass(archive& a);

  [[nodiscard]] const matrix& axes() const noexcept { return axes_; }                // B, one axis a column
  [[nodiscard]] const vector& lengths() const noexcept { return lengths_; }          // D, ascending
  [[nodiscard]] const matrix& square_root() const noexcept { return square_root_; }  // B D

 private:
  [[nodiscard]] bool solve(const matrix& c);
  void reflect_back();
  void gather_reflections(eigen::Index first, eigen::Index count);

  matrix axes_;
  vector lengths_;
  matrix square_root_;

  matrix tridiagonal_;   // C after the reflections, and their vectors below the subdiagonal
  vector coefficients_;  // tau of each reflection (n - 1)
  eigen::SelfAdjointEigenSolver<matrix> solver_;
  vector diagonal_;
  vector subdiagonal_;

  // A block of b reflections as one matrix, I - W T W^T.
  matrix vectors_;    // W (n x b), zero above each vector's first entry
  matrix triangle_;   // T (b x b), upper triangular
  matrix products_;   // W^T W
  matrix projected_;  // W^T V (b x n)
  matrix turned_;     // -T W^T V
};

}  // namespace mobula::cma
