#pragma once

#include <memory>

#include "cma/archive.hpp"
#include "cma/eigen.hpp"

namespace mobula::cma {

using column_block = eigen::Ref<matrix>;              // some columns of a matrix
using const_column_block = eigen::Ref<const matrix>;  // to read

/// The covariance matrix C (n x n) of the search, with its decomposition C = B D^2 B^T.
///
/// One duty: to know C, and what the algorithm needs to do with it. All memory is taken by the constructor, from which
/// on C = I, but for what depends on the number of columns.
class covariance {
 public:
  virtual ~covariance() = default;

  /// Brings B and D up to date with C, which may get a multiple of the identity added to stay positive definite.
  virtual void decompose() = 0;
  /// Replaces the columns of `y` by y = B D z.
  virtual void transform(const const_column_block& z, column_block y) = 0;
  /// Sets z = D^-1 B^T y, so that the length of z is that of C^(-1/2) y.
  virtual void whiten(const vector& y, vector& z) const = 0;
  /// Adds `factor` C^(-1/2) y to `out`, given the z of that y: C^(-1/2) y = B z.
  virtual void add_rotated(double factor, const vector& z, vector& out) const = 0;
  /// Sets C = keep C + c1 p p^T + sum_k weights_k y_k y_k^T, over the columns of `y`.
  virtual void update(double keep, double c1, const vector& p, const const_column_block& y, const vector& weights) = 0;

  /// Sets C_ij to C_ij / (factors_i factors_j), and decomposes that.
  virtual void rescale(const vector& factors) = 0;

  /// Writes the diagonal of C (n); not below 0.
  virtual void variances(vector& out) const = 0;
  /// Returns D (n), the square roots of the eigenvalues, in no particular order.
  [[nodiscard]] virtual const vector& lengths() const = 0;
  /// Writes axis `i`: column i of B (n).
  virtual void axis(eigen::Index i, vector& out) const = 0;
  /// Writes C (n x n).
  virtual void write(matrix& out) const = 0;
  virtual void pass(archive& a) = 0;
};

/// Any C. Decomposing it takes O(n^3), all else O(n^2) for each column.
std::unique_ptr<covariance> full_covariance(eigen::Index dimension);
/// C = diag(d), an O(n) affair. Its axes are the coordinates.
std::unique_ptr<covariance> diagonal_covariance(eigen::Index dimension);
/// The same, that starts from the diagonal C of another.
std::unique_ptr<covariance> full_covariance(const covariance& diagonal, eigen::Index dimension);

}  // namespace mobula::cma
