#include <algorithm>
#include <cmath>
#include <vector>

#include "cma/engine_run.hpp"
#include "support/catch.hpp"

namespace cma = mobula::cma;
using cma_test::complaint;
using cma_test::ellipsoid;
using cma_test::has;
using cma_test::infinity;
using cma_test::sphere;
using cma_test::step;

namespace {

using numbers = std::vector<double>;

const numbers start(6, 2.0);

numbers covariance(const cma::engine& es) {
  const std::size_t n = es.axis_lengths().size();
  numbers c(n * n);
  es.write_covariance(c);
  return c;
}

bool is_diagonal(const numbers& c, std::size_t n) {
  for (std::size_t i = 0; i < c.size(); ++i) {
    if (i % (n + 1) != 0 && c[i] != 0) return false;
  }
  return true;
}

double length(const numbers& xs, std::size_t k, std::span<const double> mean) {
  double sum = 0;
  for (std::size_t i = 0; i < mean.size(); ++i) sum += std::pow(xs[k * mean.size() + i] - mean[i], 2);
  return std::sqrt(sum);
}

// The cosine of the angle between two steps from the mean.
double cosine(const numbers& xs, std::size_t a, std::size_t b, std::span<const double> mean) {
  double sum = 0;
  const std::size_t n = mean.size();
  for (std::size_t i = 0; i < n; ++i) sum += (xs[a * n + i] - mean[i]) * (xs[b * n + i] - mean[i]);
  return sum / length(xs, a, mean) / length(xs, b, mean);
}

}  // namespace

TEST_CASE("a diagonal covariance matrix learns scales alone, and faster", "[cma]") {
  const auto evaluations = [](cma::count diagonal) {
    cma::engine es(start, 1, {.ftarget = 1e-9, .diagonal = diagonal});
    while (!es.stop()) step(es, ellipsoid);
    CHECK(es.stop().contains("ftarget"));
    CHECK(is_diagonal(covariance(es), 6) == (diagonal == infinity));
    return es.evaluations();
  };
  CHECK(evaluations(infinity) < evaluations(0));
}

TEST_CASE("a diagonal run has its own learning rates", "[cma]") {
  const cma::parameters full = cma::strategy_parameters(6, 9);
  const cma::parameters separable = cma::strategy_parameters(6, 9, {.separable = true});
  CHECK(std::abs(separable.c1 / full.c1 - 8.0 / 3) < 1e-12);
  CHECK(std::abs(separable.cmu / full.cmu - 8.0 / 3) < 1e-12);
  CHECK(cma::engine(start, 1, {.diagonal = infinity}).constants().c1 == separable.c1);
}

TEST_CASE("a covariance matrix may be diagonal for some generations only", "[cma]") {
  cma::engine es(start, 1, {.diagonal = 10});
  for (int i = 0; i < 10; ++i) {
    CHECK(is_diagonal(covariance(es), 6));
    step(es, ellipsoid);
  }
  CHECK(is_diagonal(covariance(es), 6));
  CHECK(es.constants().c1 == cma::strategy_parameters(6, 9).c1);
  step(es, ellipsoid);
  CHECK(!is_diagonal(covariance(es), 6));
}

TEST_CASE("without active update no weight is negative", "[cma]") {
  const cma::engine es(start, 1, {.active = false});
  CHECK(*std::min_element(es.constants().weights.begin(), es.constants().weights.end()) == 0);
}

TEST_CASE("unconditional mirrors are the opposite of the first candidates, with a length of their own", "[cma]") {
  cma::engine es(start, 1, {.popsize = 8, .mirrors = 3, .mirrormethod = cma::mirror_method::unconditional});
  const numbers xs(es.ask().begin(), es.ask().end());
  for (std::size_t k = 0; k < 3; ++k) {
    CHECK(std::abs(cosine(xs, k, 7 - k, es.mean()) + 1) < 1e-12);
    CHECK(length(xs, k, es.mean()) != length(xs, 7 - k, es.mean()));
  }
  CHECK(std::abs(cosine(xs, 3, 4, es.mean())) < 0.999);
}

TEST_CASE("of a mirrored pair only the better one moves the mean", "[cma]") {
  // All candidates are in pairs: if the second best is the partner of the best, it counts for nothing.
  cma::engine es(start, 1, {.popsize = 4, .mirrors = 2, .mirrormethod = cma::mirror_method::unconditional});
  const numbers xs(es.ask().begin(), es.ask().end());
  const numbers mean(es.mean().begin(), es.mean().end());
  es.tell(numbers{1, 3, 4, 2});
  const cma::parameters p = cma::strategy_parameters(6, 4);
  for (std::size_t i = 0; i < 6; ++i) {
    const double moved = p.weights[0] * (xs[i] - mean[i]) + p.weights[1] * (xs[6 + i] - mean[i]);
    CHECK(std::abs(es.mean()[i] - mean[i] - moved) < 1e-12);
  }
}

TEST_CASE("selective mirrors are the opposite of the worst candidates of the generation before", "[cma]") {
  cma::engine es(start, 1, {.popsize = 8, .mirrors = 2});
  const numbers before(es.ask().begin(), es.ask().end());
  const numbers mean(es.mean().begin(), es.mean().end());
  es.tell(numbers{1, 2, 7, 3, 4, 8, 5, 6});
  const numbers xs(es.ask().begin(), es.ask().end());
  for (const auto& [mirror, worst] : {std::pair<std::size_t, std::size_t>{0, 5}, {1, 2}}) {
    double sum = 0;
    for (std::size_t i = 0; i < 6; ++i) sum += (xs[mirror * 6 + i] - es.mean()[i]) * (before[worst * 6 + i] - mean[i]);
    CHECK(std::abs(sum / length(xs, mirror, es.mean()) / length(before, worst, mean) + 1) < 1e-12);
  }
}

TEST_CASE("where the worst candidates are mirrors, nothing is mirrored instead", "[cma]") {
  // The worse half of the generation before: two mirrors of its first columns, and the one drawn there.
  cma::engine es(start, 1, {.popsize = 6, .seed = 2, .mirrors = 2});
  step(es, sphere);
  const numbers mirrors(es.ask().begin(), es.ask().end());
  const numbers mean(es.mean().begin(), es.mean().end());
  es.tell(numbers{8, 9, 1, 2, 3, 4});  // the first two are mirrors
  const numbers xs(es.ask().begin(), es.ask().end());
  for (std::size_t k = 0; k < 2; ++k) {
    for (std::size_t old = 0; old < 6; ++old) {
      double sum = 0;
      for (std::size_t i = 0; i < 6; ++i) sum += (xs[k * 6 + i] - es.mean()[i]) * (mirrors[old * 6 + i] - mean[i]);
      CHECK(sum / length(xs, k, es.mean()) / length(mirrors, old, mean) > -0.999);
    }
  }
}

TEST_CASE("with the smallest population selective mirrors still converge", "[cma]") {
  int solved = 0;
  for (unsigned seed = 1; seed <= 11; ++seed) {
    cma::engine es(numbers(5, 1.0), 1, {.popsize = 2, .seed = seed, .ftarget = 1e-8, .mirrors = 1});
    while (!es.stop()) step(es, sphere);
    solved += es.stop().contains("ftarget") ? 1 : 0;
  }
  CHECK(solved >= 10);
}

TEST_CASE("an elitist run does not forget its best solution", "[cma]") {
  // All that comes after the first generation is worse than its best: the mean must go back there.
  const auto distance_after = [](bool elitist) {
    cma::engine es(start, 1, {.popsize = 6, .elitist = elitist});
    const numbers first(es.ask().begin(), es.ask().begin() + 6);
    es.tell(numbers{-1, 1, 2, 3, 4, 5});
    for (int i = 0; i < 30; ++i) step(es, [](cma_test::point x) { return x[0] * x[0]; });
    CHECK(es.best_f() == -1);
    double sum = 0;
    for (std::size_t i = 0; i < 6; ++i) sum += std::abs(es.mean()[i] - first[i]);
    return sum;
  };
  CHECK(distance_after(true) < distance_after(false));
}

TEST_CASE("every variant finds the minimum", "[cma]") {
  std::vector<cma::options> variants(6);
  variants[0].elitist = true;
  variants[1].mirrors = 0.25;
  variants[2].mirrors = 2;
  variants[2].mirrormethod = cma::mirror_method::unconditional;
  variants[3].diagonal = 20;
  variants[4].active = false;
  variants[5].active_injected = 1;
  for (cma::options& settings : variants) {
    settings.ftarget = 1e-9;
    cma::engine es(start, 1, settings);
    while (!es.stop()) step(es, ellipsoid);
    CHECK(es.stop().contains("ftarget"));
  }
}

TEST_CASE("variants that make no sense are turned down", "[cma]") {
  const auto option = [](const cma::options& o) { return complaint([&] { cma::engine(start, 1, o); }); };
  CHECK(has(option({.diagonal = -1}), "diagonal is -1"));
  CHECK(has(option({.active_injected = 2}), "active_injected is 2; it must be from 0 to 1"));
  CHECK(has(option({.mirrors = 0.7}), "mirrors is 0.7"));
  CHECK(has(option({.popsize = 8, .mirrors = 5}), "mirrors is 5; it must be half of popsize at most"));
}
