// What docs/cma.md shows.

#include <Eigen/Core>
#include <chrono>
#include <cmath>
#include <iostream>
#include <limits>
#include <span>
#include <sstream>
#include <vector>

#include "mobula/cma/optimizer.hpp"
#include "support/catch.hpp"

namespace cma = mobula::cma;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

double sphere(std::span<const double> x) {
  double sum = 0;
  for (const double v : x) sum += v * v;
  return sum;
}

std::vector<double> evaluate(const cma::generation& xs) {
  std::vector<double> values;
  for (auto x : xs.colwise()) values.push_back(x.squaredNorm());
  return values;
}

}  // namespace

TEST_CASE("the manual's way to set criteria works", "[cma]") {
  using namespace std::chrono_literals;
  const Eigen::VectorXd x0 = Eigen::VectorXd::Constant(5, 2);
  bool enough = false;
  std::ostringstream out;
  // [criteria]
  cma::optimizer es(x0, 0.5, {.maxfevals = 600, .timeout = 10min, .tolfunhist = 0, .tolstagnation = infinity});
  while (!es.stop()) {
    es.tell(evaluate(es.ask()));
    if (enough) es.request_stop("the user has seen enough");
  }
  for (const cma::stop_reason& reason : es.stop()) out << reason.name() << ": " << reason.value << '\n';

  cma::options more = es.settings();  // and on, with another budget
  more.maxfevals = 10'000;
  es.set_criteria(more);
  // [/criteria]
  CHECK(out.str() == "maxfevals: 600\n");
  es.tell(evaluate(es.ask()));
  CHECK(!es.stop());
}

TEST_CASE("the manual's way to tell one by one works", "[cma]") {
  cma::optimizer es({3, 2, 1}, 0.5, {.popsize = 6});
  const Eigen::Vector3d guess(0.5, 0.5, 0.5);
  // [one_by_one]
  std::vector<std::vector<double>> xs;
  std::vector<double> values;
  for (int i = 0; i < 8; ++i) {  // more than popsize: two are left when the first six have come
    const std::span<const double> x = es.ask_one();
    xs.emplace_back(x.begin(), x.end());
  }
  for (std::size_t i = 0; i < 6; ++i) values.push_back(sphere(xs[i]));
  es.tell(std::span(xs).first(6), values);
  // Later, with some of the next generation, the two that were late:
  es.tell(std::span(xs).last(2), std::vector<double>{sphere(xs[6]), sphere(xs[7])});
  // [/one_by_one]
  CHECK(es.iterations() == 2);
  CHECK(es.evaluations() == 8);
  // [inject]
  es.inject(guess);  // the first candidate of the next generation
  // [/inject]
  CHECK(es.ask().col(0) == guess);
}

TEST_CASE("the manual's way to describe a space works", "[cma]") {
  const Eigen::VectorXd x0 = Eigen::Vector4d(1, 300, 0.1, 7);
  const Eigen::VectorXd stds = Eigen::Vector4d(0.5, 100, 0.05, 1);
  // [space]
  cma::optimizer es(x0, 1,
                    {.bounds = {.lower = 0, .upper = {infinity, 1000, 1, 10}},  // candidates never leave it
                     .stds = stds,                                              // how far to look in each coordinate
                     .fixed_variables = {{3, 7.5}}});                           // not searched at all
  // [/space]
  CHECK(es.ask().rows() == 4);
  CHECK(es.ask().row(3).minCoeff() == 7.5);
  CHECK(es.ask().minCoeff() >= 0);
  CHECK(es.result().stds.head(3) == stds.head(3));
}

TEST_CASE("the manual's way to treat failures works", "[cma]") {
  // [failures]
  cma::optimizer es({3, 2, 1}, 0.5, {.ftarget = 1e-9, .on_failure = cma::failure_policy::resample});
  while (!es.stop()) {
    std::vector<double> values;
    for (auto x : es.ask().colwise()) values.push_back(x[0] < 0 ? NAN : x.squaredNorm());
    es.tell(values);  // while some are NaN, the next `ask` gives others in their place
  }
  // [/failures]
  CHECK(es.stop().contains("ftarget"));
}

TEST_CASE("the manual's variants work", "[cma]") {
  const Eigen::VectorXd x0 = Eigen::VectorXd::Ones(30);
  // [variants]
  const cma::options separable = {.diagonal = infinity};  // sep-CMA-ES: linear time and memory
  const cma::options at_first = {.diagonal = 100};        // for 100 generations
  const cma::options mirrored = {.mirrors = 0.16};        // of the candidates, opposite to bad ones
  const cma::options elitist = {.elitist = true};         // never forgets its best
  const cma::options passive = {.active = false};         // no negative weights
  // [/variants]
  for (const cma::options& settings : {separable, at_first, mirrored, elitist, passive}) {
    cma::optimizer es(x0, 0.5, settings);
    for (int i = 0; i < 150; ++i) es.tell(evaluate(es.ask()));
    CHECK(es.result().f < 0.1);
  }
}
