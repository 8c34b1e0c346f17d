#include "mobula/cma/optimizer.hpp"

#include <array>
#include <cmath>
#include <list>
#include <ranges>
#include <sstream>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "support/catch.hpp"

namespace cma = mobula::cma;

static_assert(!std::is_copy_constructible_v<cma::optimizer>);
static_assert(std::is_nothrow_move_constructible_v<cma::optimizer>);
static_assert(std::is_nothrow_move_assignable_v<cma::optimizer>);
static_assert(!std::is_convertible_v<cma::stop_reasons, bool>, "only a condition may ask");

namespace {

// The sphere function of each candidate.
Eigen::VectorXd sphere(const cma::generation& xs) { return xs.colwise().squaredNorm().transpose(); }

void step(cma::optimizer& es) { es.tell(sphere(es.ask())); }

// All that a run has come to, as one string of digits that would show any difference.
std::string fingerprint(const cma::optimizer& es) {
  const cma::result r = es.result();
  std::ostringstream out;
  out.precision(17);
  out << r.x.transpose() << '|' << r.f << '|' << r.mean.transpose() << '|' << r.sigma << '|' << r.stds.transpose();
  return out.str();
}

}  // namespace

TEST_CASE("the loop of the manual finds the minimum and says why it stopped", "[cma]") {
  cma::optimizer es(Eigen::VectorXd::Constant(6, 3.0), 1.0, {.seed = 2, .ftarget = 1e-9});
  while (!es.stop()) {
    auto& xs = es.ask();
    std::vector<double> values;
    for (auto x : xs.colwise()) values.push_back(x.squaredNorm());
    es.tell(values);
  }
  const cma::result best = es.result();
  CHECK(best.f <= 1e-9);
  CHECK(best.f == best.x.squaredNorm());
  CHECK(best.stop.contains("ftarget"));
  CHECK(best.evaluations == best.iterations * static_cast<std::int64_t>(es.popsize()));
  CHECK(best.stds.size() == 6);
}

TEST_CASE("a start can be written as any vector", "[cma]") {
  const std::vector<double> as_vector{1, 2, 3};
  const std::array<double, 3> as_array{1, 2, 3};
  const Eigen::VectorXd as_eigen = Eigen::Vector3d(1, 2, 3);
  const Eigen::RowVector3f as_row(1, 2, 3);
  const cma::optimizer reference({1, 2, 3}, 0.5);
  for (const auto& es : {cma::optimizer(as_vector, 0.5).result(), cma::optimizer(as_array, 0.5).result(),
                         cma::optimizer(as_eigen, 0.5).result(), cma::optimizer(2 * as_eigen - as_eigen, 0.5).result(),
                         cma::optimizer(as_row, 0.5).result()}) {
    CHECK(es.mean == reference.result().mean);
    CHECK(es.x == as_eigen);
  }
}

TEST_CASE("values can be told as any range of numbers", "[cma]") {
  cma::optimizer reference({1, 1}, 1.0, {.popsize = 4});
  reference.ask();
  reference.tell({3, 1, 2, 0});
  const std::string expected = fingerprint(reference);
  const auto told = [&](auto&& values) {
    cma::optimizer es({1, 1}, 1.0, {.popsize = 4});
    es.ask();
    es.tell(values);
    return fingerprint(es);
  };
  const std::vector<int> whole{3, 1, 2, 0};
  CHECK(told(std::vector<double>{3, 1, 2, 0}) == expected);
  CHECK(told(std::list<float>{3, 1, 2, 0}) == expected);
  CHECK(told(Eigen::Vector4d(3, 1, 2, 0)) == expected);
  CHECK(told(Eigen::RowVector4d(3, 1, 2, 0) * 2) == told(Eigen::Vector4f(6, 2, 4, 0)));
  CHECK(told(whole | std::views::transform([](int i) { return i + 0.0; })) == expected);
  CHECK(told(whole | std::views::filter([](int i) { return i >= 0; })) == expected);
}

TEST_CASE("options take counts of any arithmetic type", "[cma]") {
  const int popsize = 9;
  const std::size_t seed = 3;
  const cma::optimizer es({1, 1}, 1.0, {.popsize = popsize, .seed = seed, .maxfevals = 1e6});
  CHECK(es.popsize() == 9);
  CHECK(es.settings().maxfevals == 1e6);
}

TEST_CASE("asking twice gives the same generation", "[cma]") {
  cma::optimizer es({1, 2, 3}, 0.5, {.seed = 4});
  const Eigen::MatrixXd first = es.ask();
  CHECK(es.ask() == first);
  es.tell(sphere(es.ask()));
  CHECK(es.ask() != first);
}

TEST_CASE("a run is a function of its start, options and values", "[cma]") {
  const auto run = [](int seed) {
    cma::optimizer es({3, 2, 1}, 0.5, {.popsize = 10, .seed = seed});
    for (int i = 0; i < 30; ++i) step(es);
    return fingerprint(es);
  };
  CHECK(run(1) == run(1));
  CHECK(run(1) != run(2));
}

TEST_CASE("only the order of the values matters", "[cma]") {
  cma::optimizer plain({3, 2, 1}, 0.5);
  cma::optimizer bent({3, 2, 1}, 0.5);
  for (int i = 0; i < 30; ++i) {
    plain.tell(sphere(plain.ask()));
    bent.tell(Eigen::VectorXd(sphere(bent.ask()).array().log() * 7 - 1e3));
  }
  CHECK(plain.result().mean == bent.result().mean);
  CHECK(plain.sigma() == bent.sigma());
}

TEST_CASE("a moved optimizer goes on where it was", "[cma]") {
  cma::optimizer stays({3, 2}, 0.5, {.seed = 5});
  cma::optimizer moves({3, 2}, 0.5, {.seed = 5});
  step(stays);
  step(moves);
  moves.ask();
  cma::optimizer moved = std::move(moves);
  step(stays);
  step(moved);
  cma::optimizer assigned({1.0}, 1.0);
  assigned.ask();
  assigned = std::move(moved);
  CHECK(assigned.ask() == stays.ask());
  step(stays);
  step(assigned);
  CHECK(fingerprint(assigned) == fingerprint(stays));
}

TEST_CASE("a result is a copy that the search does not change", "[cma]") {
  cma::optimizer es({3, 2}, 0.5);
  step(es);
  const cma::result before = es.result();
  const Eigen::VectorXd mean = before.mean;
  step(es);
  CHECK(before.mean == mean);
  CHECK(es.result().mean != mean);
}

TEST_CASE("before any value the best point is the start", "[cma]") {
  const cma::result r = cma::optimizer({3, 2}, 0.5).result();
  CHECK(r.x == Eigen::Vector2d(3, 2));
  CHECK(r.f == std::numeric_limits<double>::infinity());
  CHECK(r.stds == Eigen::Vector2d(0.5, 0.5));
  CHECK(r.evaluations == 0);
  CHECK(!r.stop);
}

TEST_CASE("one dimension and two candidates are enough", "[cma]") {
  cma::optimizer line({2.0}, 0.5, {.ftarget = 1e-10});
  while (!line.stop()) step(line);
  CHECK(line.stop().contains(cma::criterion::ftarget));
  cma::optimizer pair({2.0, 1.0}, 0.5, {.popsize = 2});
  for (int i = 0; i < 100; ++i) step(pair);
  CHECK(pair.result().mean.allFinite());
}

TEST_CASE("solutions and values can be told as any matrix, vectors and ranges", "[cma]") {
  const auto told = [](auto&& tell) {
    cma::optimizer es({3, 2}, 0.5, {.popsize = 4});
    const Eigen::MatrixXd xs = es.ask();
    tell(es, xs);
    return fingerprint(es);
  };
  const std::string expected = told([](auto& es, auto& xs) { es.tell(xs, std::vector<double>{3, 1, 2, 0}); });
  CHECK(told([](auto& es, auto&) { es.tell({3, 1, 2, 0}); }) == expected);
  CHECK(told([](auto& es, auto& xs) { es.tell(xs, Eigen::Vector4d(3, 1, 2, 0)); }) == expected);
  CHECK(told([](auto& es, auto& xs) { es.tell(2 * xs - xs, std::list<int>{3, 1, 2, 0}); }) == expected);
  CHECK(told([](auto& es, auto& xs) {
          std::vector<std::vector<double>> points;
          for (auto x : xs.colwise()) points.emplace_back(x.begin(), x.end());
          es.tell(points, std::array<double, 4>{3, 1, 2, 0});
        }) == expected);
  CHECK(told([](auto& es, auto&) { es.tell(es.ask_spans(), std::vector<double>{3, 1, 2, 0}); }) == expected);
  CHECK(told([](auto& es, auto& xs) { es.tell(xs.leftCols(3), std::vector<double>{3, 1, 2}); }) != expected);
  CHECK_THROWS_AS(told([](auto& es, auto&) {
                    es.tell(std::vector<std::vector<double>>{{1}, {2}}, std::vector{1, 2});
                  }),
                  std::invalid_argument);
}

TEST_CASE("a generation is one matrix, and spans of its columns", "[cma]") {
  cma::optimizer es({3, 2, 1}, 0.5, {.popsize = 5});
  const auto& xs = es.ask();
  const auto spans = es.ask_spans();
  REQUIRE(spans.size() == 5);
  for (std::size_t k = 0; k < 5; ++k) CHECK(spans[k].data() == xs.col(static_cast<Eigen::Index>(k)).data());
  CHECK(es.ask_one().data() == spans[0].data());
}

TEST_CASE("with resample the next generation to evaluate is what has failed", "[cma]") {
  cma::optimizer es({3, 2, 1}, 0.5, {.popsize = 5, .on_failure = cma::failure_policy::resample});
  CHECK(es.ask().cols() == 5);
  es.tell({1, NAN, 2, NAN, 3});
  CHECK(es.ask().cols() == 2);
  CHECK(es.ask().rows() == 3);
  es.tell(std::vector<int>{1, 2});
  CHECK(es.ask().cols() == 5);
  CHECK(es.iterations() == 1);
}

TEST_CASE("an optimizer that is saved and resumed goes on", "[cma]") {
  cma::optimizer es({3, 2, 1}, 0.5);
  step(es);
  std::stringstream file;
  es.save(file);
  cma::optimizer again = cma::optimizer::resume(file);
  step(es);
  step(again);
  CHECK(fingerprint(again) == fingerprint(es));
}

TEST_CASE("solutions can be injected as any vector", "[cma]") {
  cma::optimizer es({3, 2, 1}, 0.5);
  es.inject({1, 2, 3});
  es.inject(Eigen::RowVector3f(1, 2, 3));
  es.inject(std::vector<double>{1, 2, 3});
  CHECK(es.ask().leftCols(3) == Eigen::Vector3d(1, 2, 3).replicate(1, 3));
}

TEST_CASE("the covariance matrix has the axes of the distribution", "[cma]") {
  cma::optimizer es({3, 2, 1}, 0.5);
  CHECK(es.covariance() == Eigen::MatrixXd::Identity(3, 3));
  for (int i = 0; i < 10; ++i) step(es);
  es.ask();
  const Eigen::MatrixXd c = es.covariance();
  CHECK(c == c.transpose());
  CHECK(std::abs(c.trace() - es.axis_lengths().squaredNorm()) < 1e-12);
  CHECK((es.result().stds - es.sigma() * c.diagonal().cwiseSqrt()).norm() < 1e-12);
}
