// A program of its own, compiled with other flags than the library (-march=native where that is wider than the
// default): then Eigen aligns, and so frees, in another way on each side of the boundary.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wuninitialized"  // false, in g++ 12's AVX-512 intrinsics (GCC bug 105593)
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif
#include <Eigen/Dense>
#include <utility>
#include <vector>

#include "mobula/cma/optimizer.hpp"
#include "support/catch.hpp"

namespace cma = mobula::cma;

TEST_CASE("a program built for this machine may own what a portable library gives it", "[cma]") {
  for (int round = 0; round < 20; ++round) {
    cma::optimizer es(Eigen::VectorXd::Ones(7), 0.5, {.popsize = 9, .seed = round});
    for (int i = 0; i < 30; ++i) {
      const auto& xs = es.ask();
      Eigen::MatrixXd copy = xs;
      es.tell((copy * 2).colwise().squaredNorm());
    }
    cma::result r = es.result();
    Eigen::VectorXd moved = std::move(r.x);
    moved += r.mean + r.stds;
    r.mean.resize(100);
    r.mean.setZero();
    CHECK(moved.allFinite());
  }
}

TEST_CASE("a program may use the same parts of Eigen as the library does", "[cma]") {
  for (const Eigen::Index n : {5, 40, 130}) {
    const Eigen::MatrixXd a = Eigen::MatrixXd::Random(n, n);
    const Eigen::MatrixXd c = a * a.transpose();
    const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(c);
    const Eigen::MatrixXd again =
        solver.eigenvectors() * solver.eigenvalues().asDiagonal() * solver.eigenvectors().transpose();
    CHECK((again - c).norm() < 1e-10 * c.norm());
    cma::optimizer es(Eigen::VectorXd::Ones(n), 0.5);
    for (int i = 0; i < 5; ++i) es.tell(es.ask().colwise().squaredNorm());
    CHECK(es.result().mean.allFinite());
  }
}
