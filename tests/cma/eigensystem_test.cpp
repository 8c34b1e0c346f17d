#include "cma/eigensystem.hpp"

#include <cmath>
#include <cstdlib>
#include <limits>

#include "support/catch.hpp"

namespace cma = mobula::cma;
using cma::matrix;

namespace {

matrix random_covariance(cma::eigen::Index n) {
  std::srand(7);
  const matrix a = matrix::Random(n, n);
  return a * a.transpose();
}

}  // namespace

TEST_CASE("axes and lengths put the matrix together again, across block borders", "[cma]") {
  for (const cma::eigen::Index n : {1, 2, 3, 8, 32, 33, 34, 64, 65, 66, 100}) {
    CAPTURE(n);
    const matrix c = random_covariance(n);
    matrix decomposed = c;
    cma::eigensystem e(n);
    e.decompose(decomposed);
    CHECK(decomposed == c);
    CHECK((e.square_root() * e.square_root().transpose() - c).norm() < 1e-12 * c.norm());
    CHECK((e.axes() * e.lengths().asDiagonal() - e.square_root()).norm() < 1e-12 * c.norm());
    CHECK((e.axes().transpose() * e.axes() - matrix::Identity(n, n)).norm() < 1e-12);
    CHECK(e.lengths().minCoeff() == e.lengths()[0]);
  }
}

TEST_CASE("what lies above the diagonal does not count", "[cma]") {
  matrix c = random_covariance(40);
  cma::eigensystem whole(40);
  whole.decompose(c);
  c.triangularView<cma::eigen::StrictlyUpper>().setConstant(std::numeric_limits<double>::quiet_NaN());
  cma::eigensystem lower(40);
  lower.decompose(c);
  CHECK(lower.square_root() == whole.square_root());
}

TEST_CASE("a singular matrix becomes positive definite, and no axis dies", "[cma]") {
  const cma::vector direction = cma::vector::Ones(5);
  matrix c = direction * direction.transpose();
  cma::eigensystem e(5);
  e.decompose(c);
  CHECK(c.diagonal().minCoeff() > 1);
  CHECK(e.lengths().minCoeff() > 0);
  CHECK(e.lengths().allFinite());
}

TEST_CASE("numbers that are not finite leave the last decomposition in place", "[cma]") {
  for (const double bad : {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()}) {
    cma::eigensystem e(6);
    matrix c = random_covariance(6);
    e.decompose(c);
    const matrix before = e.square_root();
    matrix broken = c;
    broken(4, 2) = bad;
    e.decompose(broken);
    CHECK(e.square_root() == before);
  }
}
