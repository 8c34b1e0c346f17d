#include "cma/eigensystem.hpp"

#include <algorithm>
#include <limits>

#include "cma/products.hpp"

namespace mobula::cma {

using eigen::Index;

namespace {

constexpr Index block_size = 32;                                                    // reflections applied together
constexpr double smallest_eigenvalue = 2 * std::numeric_limits<double>::epsilon();  // of the largest eigenvalue

}  // namespace

eigensystem::eigensystem(Index dimension)
    : axes_(matrix::Identity(dimension, dimension)),
      lengths_(vector::Ones(dimension)),
      square_root_(axes_),
      tridiagonal_(axes_),
      coefficients_(dimension - 1),
      solver_(dimension),
      diagonal_(dimension),
      subdiagonal_(dimension - 1),
      vectors_(matrix::Zero(dimension, block_size)),
      triangle_(matrix::Zero(block_size, block_size)),
      products_(triangle_),
      projected_(matrix::Zero(block_size, dimension)),
      turned_(projected_) {}

void eigensystem::decompose(matrix& c) {
  if (!solve(c)) return;
  axes_ = solver_.eigenvectors();
  reflect_back();
  const double floor = smallest_eigenvalue * solver_.eigenvalues().maxCoeff();
  const double lift = std::max(0.0, floor - solver_.eigenvalues().minCoeff());
  if (lift > 0) c.diagonal().array() += lift;
  lengths_ = (solver_.eigenvalues().array() + lift).max(floor).sqrt();
  square_root_.noalias() = axes_ * lengths_.asDiagonal();
}

void eigensystem::pass(archive& a) {
  a(axes_, lengths_);
  if (!a.loading()) return;
  archive::require((lengths_.array() > 0).all() && lengths_.allFinite(), "an axis has no positive, finite length");
  const double skew = (axes_.transpose() * axes_ - matrix::Identity(axes_.cols(), axes_.cols())).cwiseAbs().maxCoeff();
  archive::require(skew < 1e-6, "the axes are not at right angles");
  square_root_.noalias() = axes_ * lengths_.asDiagonal();
}

// Eigenvalues and -vectors of the tridiagonal matrix that C is orthogonally similar to. SelfAdjointEigenSolver::compute
// would do all of `decompose`, but from n = 48 on it allocates; so does Eigen's public Tridiagonalization.
bool eigensystem::solve(const matrix& c) {
  if (c.rows() == 1) {
    diagonal_ = c.diagonal();
  } else {
    tridiagonal_ = c;
    eigen::internal::tridiagonalization_inplace(tridiagonal_, coefficients_);
    diagonal_ = tridiagonal_.diagonal();
    subdiagonal_ = tridiagonal_.diagonal(-1);
  }
  if (!diagonal_.allFinite() || !subdiagonal_.allFinite()) return false;
  solver_.computeFromTridiagonal(diagonal_, subdiagonal_);
  return solver_.info() == eigen::Success && solver_.eigenvalues().maxCoeff() > 0;
}

// Turns the eigenvectors V of the tridiagonal matrix into those of C: B = H_0 H_1 ... H_{n-2} V, where the reflection
// H_k leaves the first k + 1 rows alone. Blocks of them become products of matrices (Schreiber & Van Loan 1989).
void eigensystem::reflect_back() {
  const Index n = axes_.rows();
  const Index reflections = n - 1;
  for (Index end = reflections; end > 0;) {
    const Index count = std::min(block_size, end);
    const Index first = end - count;
    gather_reflections(first, count);
    const Index rows = n - first - 1;
    const auto w = vectors_.topLeftCorner(rows, count);
    auto projected = projected_.topRows(count);
    auto turned = turned_.topRows(count);
    projected.setZero();
    add_product(w.transpose(), axes_.bottomRows(rows), projected);
    turned.setZero();
    add_product(triangle_.topLeftCorner(count, count), projected, turned);
    turned = -turned;
    add_product(w, turned, axes_.bottomRows(rows));
    end = first;
  }
}

// Sets W and T for the reflections first, ..., first + count - 1, each I - tau v v^T.
void eigensystem::gather_reflections(Index first, Index count) {
  const Index rows = axes_.rows() - first - 1;
  for (Index j = 0; j < count; ++j) {
    const Index below = rows - j - 1;
    vectors_.col(j).head(j).setZero();
    vectors_(j, j) = 1;
    vectors_.col(j).segment(j + 1, below) = tridiagonal_.col(first + j).tail(below);
  }
  const auto w = vectors_.topLeftCorner(rows, count);
  products_.setZero();
  add_product(w.transpose(), w, products_.topLeftCorner(count, count));
  for (Index j = 0; j < count; ++j) {
    const double tau = coefficients_[first + j];
    triangle_(j, j) = tau;
    if (j == 0) continue;
    triangle_.col(j).head(j).noalias() = triangle_.topLeftCorner(j, j) * products_.col(j).head(j);
    triangle_.col(j).head(j) *= -tau;
  }
}

}  // namespace mobula::cma
