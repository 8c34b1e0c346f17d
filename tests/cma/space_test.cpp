#include <algorithm>
#include <cmath>
#include <vector>

#include "cma/engine_run.hpp"
#include "support/catch.hpp"

namespace cma = mobula::cma;
using cma_test::complaint;
using cma_test::has;
using cma_test::infinity;
using cma_test::sphere;
using cma_test::step;

namespace {

using numbers = std::vector<double>;

numbers copy(std::span<const double> xs) { return {xs.begin(), xs.end()}; }

constexpr double start[] = {3, 2, 1};

cma::engine solved(cma::options settings, const cma_test::objective& f) {
  settings.maxfevals = 20'000;
  cma::engine es(start, 0.5, settings);
  while (!es.stop()) step(es, f);
  return es;
}

double distance_to_minus_one(cma_test::point x) {
  double sum = 0;
  for (const double v : x) sum += (v + 1) * (v + 1);
  return sum;
}

}  // namespace

TEST_CASE("candidates stay in the box, whatever keeps them there", "[cma]") {
  const numbers lower{0.5, -infinity, 0};
  const numbers upper{infinity, 2.5, 1};
  for (const auto handling : {cma::bound_handling::transform, cma::bound_handling::penalty}) {
    cma::engine es(start, 2, {.bounds = {.lower = lower, .upper = upper, .handling = handling}});
    for (int g = 0; g < 60; ++g) {
      const numbers xs = copy(es.ask());
      for (std::size_t i = 0; i < xs.size(); ++i) {
        REQUIRE(xs[i] >= lower[i % 3]);
        REQUIRE(xs[i] <= upper[i % 3]);
      }
      step(es, distance_to_minus_one);
    }
    for (std::size_t i = 0; i < 3; ++i) {
      CHECK(es.mean()[i] >= lower[i]);
      CHECK(es.mean()[i] <= upper[i]);
    }
  }
}

TEST_CASE("an optimum on the border is found", "[cma]") {
  for (const auto handling : {cma::bound_handling::transform, cma::bound_handling::penalty}) {
    const cma::engine es = solved({.bounds = {.lower = {0, -5, -0.5}, .handling = handling}}, distance_to_minus_one);
    const numbers expected{0, -1, -0.5};
    for (std::size_t i = 0; i < 3; ++i) CHECK(std::abs(es.best_x()[i] - expected[i]) < 1e-4);
  }
}

TEST_CASE("in a box no standard deviation exceeds a third of it, unless that is said", "[cma]") {
  cma::engine es(start, 5, {.bounds = {.lower = 0, .upper = {9, 6, infinity}}});
  CHECK(copy(es.stds()) == numbers{3, 2, 5});
  for (int i = 0; i < 20; ++i) {
    step(es, [](cma_test::point x) { return -x[2]; });
    CHECK(es.stds()[0] <= 3 * (1 + 1e-12));
    CHECK(es.stds()[1] <= 2 * (1 + 1e-12));
  }
  CHECK(es.stds()[2] > 5);
  CHECK(copy(cma::engine(start, 5, {.bounds = {.lower = 0, .upper = 9}, .maxstd = 4}).stds()) == numbers{4, 4, 4});
}

TEST_CASE("standard deviations stay above the least", "[cma]") {
  cma::engine es(start, 1, cma_test::never({.minstd = {0.1, 0.001, 0}}));
  for (int i = 0; i < 300; ++i) step(es, sphere);
  CHECK(es.stds()[0] >= 0.1 * (1 - 1e-12));
  CHECK(es.stds()[1] >= 0.001 * (1 - 1e-12));
  CHECK(es.stds()[2] < 0.001);
}

TEST_CASE("the first candidates have the standard deviations of the options", "[cma]") {
  cma::engine es(start, 0.5, {.popsize = 4000, .stds = {1, 10, 0.1}, .scaling_of_variables = {1, 1, 7}});
  CHECK(std::abs(es.stds()[0] - 0.5) < 1e-15);
  CHECK(std::abs(es.stds()[1] - 5) < 1e-15);
  CHECK(std::abs(es.stds()[2] - 0.35) < 1e-15);
  const std::span<const double> xs = es.ask();
  double squares[3] = {};
  for (std::size_t i = 0; i < xs.size(); ++i) squares[i % 3] += (xs[i] - start[i % 3]) * (xs[i] - start[i % 3]);
  for (std::size_t i = 0; i < 3; ++i) CHECK(std::abs(std::sqrt(squares[i] / 4000) / es.stds()[i] - 1) < 0.05);
}

TEST_CASE("a search in other units is the search of the scaled function", "[cma]") {
  const numbers units{0.25, 1, 8};
  cma::engine scaled(start, 0.5, {.scaling_of_variables = units});
  cma::engine plain(numbers{12, 2, 0.125}, 0.5, {});
  for (int i = 0; i < 50; ++i) {
    step(scaled, sphere);
    step(plain, [&](cma_test::point u) { return sphere(numbers{0.25 * u[0], u[1], 8 * u[2]}); });
    for (std::size_t k = 0; k < 3; ++k) REQUIRE(scaled.mean()[k] == units[k] * plain.mean()[k]);
  }
  CHECK(scaled.sigma() == plain.sigma());
}

TEST_CASE("fixed variables keep their values, and the search has so many fewer", "[cma]") {
  cma::engine es(start, 0.5, {.fixed_variables = {{1, 7}}});
  cma::engine smaller(numbers{3, 1}, 0.5, {});
  CHECK(es.constants().dimension == 2);
  CHECK(es.dimension() == 3);
  for (int i = 0; i < 50; ++i) {
    const std::span<const double> xs = es.ask();
    for (std::size_t k = 0; k < xs.size(); k += 3) REQUIRE(xs[k + 1] == 7);
    step(es, sphere);
    step(smaller, sphere);
  }
  CHECK(es.best_f() == smaller.best_f() + 49);
  CHECK(es.mean()[0] == smaller.mean()[0]);
  CHECK(es.mean()[1] == 7);
  CHECK(es.stds()[1] == 0);
  CHECK(es.stds()[2] > 0);
}

TEST_CASE("a space that makes no sense is turned down", "[cma]") {
  const auto option = [](const cma::options& o) { return complaint([&] { cma::engine(start, 1, o); }); };
  CHECK(has(option({.bounds = {.lower = 2.5}}), "x[1] is 2"));
  CHECK(has(option({.bounds = {.lower = 2.5}}), "outside its bounds [2.5"));
  CHECK(has(option({.bounds = {.lower = {0, 0}}}), "the length of bounds.lower is 2; it must be 1"));
  CHECK(has(option({.bounds = {.lower = 1, .upper = 1}}), "bounds.lower[0] is 1; it must be below"));
  CHECK(has(option({.bounds = {.upper = cma_test::not_a_number}}), "bounds.upper[0] is nan"));
  CHECK(has(option({.stds = {1, 0, 1}}), "stds[1] is 0; it must be greater than 0"));
  CHECK(has(option({.scaling_of_variables = -1}), "scaling_of_variables[0] is -1"));
  CHECK(has(option({.fixed_variables = {{3, 1}}}), "index of a fixed variable is 3; it must be below 3"));
  CHECK(has(option({.fixed_variables = {{1, 1}, {1, 2}}}), "there once only"));
  CHECK(has(option({.fixed_variables = {{0, 1}, {1, 1}, {2, 1}}}), "all variables are fixed"));
  CHECK(has(option({.fixed_variables = {{0, infinity}}}), "value of a fixed variable is inf"));
  CHECK(has(option({.bounds = {.lower = 2.5}}), "x[1] is 2, outside its bounds [2.5, inf]"));
  CHECK(has(option({.bounds = {.lower = 0, .upper = 0.1}}), "x[0] is 3, outside its bounds [0, 0.1]"));
  CHECK(has(option({.bounds = {.lower = 0, .upper = 5}, .fixed_variables = {{1, 7.5}}}),
            "the value of the fixed variable x[1] is 7.5; it must be within its bounds [0, 5]"));
  CHECK(has(option({.minstd = 2, .maxstd = 1}), "minstd[0] is 2; it must be below maxstd"));
}
