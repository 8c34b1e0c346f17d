#include <algorithm>
#include <cmath>
#include <vector>

#include "cma/engine_run.hpp"
#include "cma/state.hpp"
#include "support/catch.hpp"

namespace cma = mobula::cma;

namespace {

// Variables whose units differ from each other by factors of 10^(exponent / 2) in all.
cma_test::objective in_units(double exponent) {
  return [exponent](cma_test::point x) {
    double sum = 0;
    for (std::size_t i = 0; i < x.size(); ++i)
      sum += std::pow(10.0, exponent * static_cast<double>(i) / static_cast<double>(x.size() - 1)) * x[i] * x[i];
    return sum;
  };
}

double solved(double exponent, cma::options settings) {
  settings.seed = 3;
  settings.ftarget = 1e-12;
  settings.maxfevals = 20'000;
  cma::engine es(std::vector<double>{1, 0, 0, 0}, 0.1, settings);
  while (!es.stop()) cma_test::step(es, in_units(exponent));
  CAPTURE(exponent, to_string(es.stop()));
  CHECK(es.stop().contains("ftarget"));
  return es.best_f();
}

}  // namespace

TEST_CASE("variables in very different units are searched to the end", "[cma]") {
  for (const double exponent : {16.0, 24.0}) {
    CHECK(solved(exponent, {}) <= 1e-12);
    CHECK(solved(exponent, {.minstd = 1e-30}) <= 1e-12);
    CHECK(solved(exponent, {.diagonal = cma_test::infinity}) <= 1e-12);
    CHECK(solved(exponent, {.bounds = {.lower = -3, .upper = 5}}) <= 1e-12);
  }
}

TEST_CASE("standard deviations move out of C where they differ widely, and the distribution stays what it is",
          "[cma]") {
  cma::search_state s(cma::vector::Zero(3), 0.5, cma::vector::Ones(3), false);
  cma::matrix y(3, 2);
  y << 1e5, 0, 1, 1, 0, 1e-2;
  s.p_c << 3, 2, 1;
  s.C->update(0, 0, s.p_c, y, cma::vector::Ones(2));
  s.C->update(1, 1, cma::vector::Constant(3, 1e-3), y.leftCols(0), cma::vector(0));  // positive definite
  s.C->decompose();
  const auto covariance = [&s] {
    cma::matrix c(3, 3);
    s.C->write(c);
    return cma::matrix(s.scale.asDiagonal() * c * s.scale.asDiagonal());
  };
  const cma::matrix before = covariance();
  s.equalize_coordinates();
  cma::vector variances(3);
  s.C->variances(variances);
  CHECK((variances - cma::vector::Ones(3)).norm() < 1e-12);
  CHECK((covariance() - before).cwiseAbs().maxCoeff() <= 1e-12 * before.cwiseAbs().maxCoeff());
  CHECK((s.scale.cwiseProduct(s.p_c) - cma::vector{{3, 2, 1}}).norm() < 1e-12);
}

TEST_CASE("where standard deviations are alike, C keeps them", "[cma]") {
  cma::engine es(std::vector<double>{1, 1, 1, 1}, 0.1, {.maxiter = 200});
  while (!es.stop()) cma_test::step(es, cma_test::ellipsoid);
  CHECK(std::ranges::max(es.axis_lengths()) > 30 * std::ranges::min(es.axis_lengths()));
}

// Selection shortens the steps in a coordinate that may not get narrower. C alone would take up how much, until it is
// singular.
TEST_CASE("a least standard deviation does not make C ill-conditioned", "[cma]") {
  for (unsigned seed = 1; seed <= 8; ++seed) {
    CAPTURE(seed);
    cma::options settings = cma_test::never({.seed = seed, .minstd = {0.1, 0.001, 0}});
    settings.maxiter = 400;
    settings.tolconditioncov = 1e14;
    cma::engine es(std::vector<double>{3, 2, 1}, 1, settings);
    while (!es.stop()) cma_test::step(es, cma_test::sphere);
    CHECK(to_string(es.stop()) == "maxiter: 400 (threshold 400)");
  }
}

TEST_CASE("the path of the step size stays what it is against the distribution", "[cma]") {
  // S C^(1/2) p_sigma before and after: with C = A A^T, C^(1/2) p = sqrt(C) p for the symmetric root.
  cma::search_state s(cma::vector::Zero(2), 0.5, cma::vector::Ones(2), false);
  cma::matrix y(2, 2);
  y << 3e5, 1e5, 1, 2;
  s.C->update(0, 0, s.p_c, y, cma::vector::Ones(2));
  s.C->decompose();
  s.p_sigma << 0.7, -0.4;
  const auto step = [&s] {
    cma::vector z(2), out = cma::vector::Zero(2);
    s.C->whiten(s.p_sigma, z);
    z = z.cwiseProduct(s.C->lengths().cwiseAbs2());
    s.C->add_rotated(1, z, out);
    return cma::vector(s.scale.cwiseProduct(out));
  };
  const cma::vector before = step();
  s.equalize_coordinates();
  CHECK(s.scale[0] > 1e5);
  const cma::vector after = step();
  for (int i = 0; i < 2; ++i) CHECK(std::abs(after[i] / before[i] - 1) < 1e-6);
  CHECK(std::abs(s.p_sigma.norm() - std::hypot(0.7, 0.4)) < 1e-6);
}
