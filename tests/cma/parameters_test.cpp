#include <cmath>
#include <fstream>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "cma/engine_run.hpp"
#include "cma/test_data.hpp"
#include "mobula/cma/parameters.hpp"
#include "support/catch.hpp"

namespace cma = mobula::cma;

namespace {

bool agree(double ours, double pycmas) { return std::abs(ours - pycmas) <= 1e-12 * std::max(1.0, std::abs(pycmas)); }

double sum_of_negative(const cma::parameters& p) {
  double sum = 0;
  for (const double weight : p.weights) sum += weight < 0 ? weight : 0;
  return sum;
}

}  // namespace

TEST_CASE("weights and learning rates are pycma's to twelve digits", "[cma]") {
  const auto rows = cma_test::read_csv("pycma-4.5-parameters.csv");
  REQUIRE(rows.size() > 40);
  for (const cma_test::row& row : rows) {
    CAPTURE(row.at("n"), row.at("popsize"));
    const cma::parameters p = cma::strategy_parameters(row.count("n"), row.count("popsize"));
    CHECK(p.mu == row.count("mu"));
    CHECK(agree(p.mueff, row.number("mueff")));
    CHECK(agree(p.cc, row.number("cc")));
    CHECK(agree(p.c1, row.number("c1")));
    CHECK(agree(p.cmu, row.number("cmu")));
    CHECK(agree(sum_of_negative(p), row.number("sum_negative")));
    CHECK(agree(p.weights.front(), row.number("w_first")));
    CHECK(agree(p.weights[p.mu - 1], row.number("w_mu")));
    CHECK(agree(p.weights.back(), row.number("w_last")));

    std::istringstream listed(row.at("weights"));
    std::vector<double> weights;
    for (double weight = 0; listed >> weight;) weights.push_back(weight);
    if (weights.empty()) continue;  // the file lists them for small populations only
    REQUIRE(weights.size() == p.weights.size());
    for (std::size_t i = 0; i < weights.size(); ++i) CHECK(agree(p.weights[i], weights[i]));
  }
}

TEST_CASE("the learning rate of the step size is pycma's where the population has its default size", "[cma]") {
  std::size_t compared = 0;
  for (const cma_test::row& row : cma_test::read_csv("pycma-4.5-parameters.csv")) {
    const std::size_t n = row.count("n");
    if (n < 5 || row.count("popsize") != cma::default_popsize(n)) continue;
    CAPTURE(n);
    CHECK(agree(cma::strategy_parameters(n, row.count("popsize")).cs, row.number("cs")));
    ++compared;
  }
  CHECK(compared >= 6);
}

// pycma mirrors in populations smaller than 6 by default.
TEST_CASE("the damping of the step size is pycma's, but for what follows from c_sigma", "[cma]") {
  std::size_t compared = 0;
  for (const cma_test::row& row : cma_test::read_csv("pycma-4.5-parameters.csv")) {
    if (row.count("popsize") < 6) continue;
    CAPTURE(row.at("n"), row.at("popsize"));
    const cma::parameters p = cma::strategy_parameters(row.count("n"), row.count("popsize"));
    CHECK(agree(p.damps - p.cs, row.number("damps") - row.number("cs")));
    ++compared;
  }
  CHECK(compared > 35);
}

TEST_CASE("with the best share of mirrors the damping is 0.5 less", "[cma]") {
  const auto damps = [](double mirrors) { return cma::strategy_parameters(10, 1000, {.mirrors = mirrors}).damps; };
  CHECK(agree(damps(0) - damps(159), 0.5));
  CHECK(agree(damps(318), damps(0)));
  CHECK(cma::engine(std::vector<double>(10, 1.0), 1, {.popsize = 1000, .mirrors = 159}).constants().damps ==
        damps(159));
}

TEST_CASE("positive weights sum to one and weights fall with the rank", "[cma]") {
  for (const auto& [n, popsize] : std::vector<std::pair<std::size_t, std::size_t>>{{1, 2}, {1, 3}, {2, 5}, {30, 501}}) {
    const cma::parameters p = cma::strategy_parameters(n, popsize);
    double positive = 0;
    for (std::size_t i = 0; i < p.mu; ++i) positive += p.weights[i];
    CHECK(std::abs(positive - 1) < 1e-12);
    for (std::size_t i = 1; i < popsize; ++i) CHECK(p.weights[i] <= p.weights[i - 1]);
    CHECK(std::isfinite(p.weights.back()));
  }
}

TEST_CASE("the default population has 4 + floor(3 ln n) candidates", "[cma]") {
  CHECK(cma::default_popsize(1) == 4);
  CHECK(cma::default_popsize(10) == 10);
  CHECK(cma::default_popsize(40) == 15);
}

TEST_CASE("parameters of no dimension or of one candidate are turned down", "[cma]") {
  CHECK_THROWS_AS(cma::strategy_parameters(0, 10), std::invalid_argument);
  CHECK_THROWS_AS(cma::strategy_parameters(3, 1), std::invalid_argument);
}
