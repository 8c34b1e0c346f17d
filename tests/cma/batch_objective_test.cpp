#include "mobula/minimize/batch_objective.hpp"

#include <limits>
#include <memory>
#include <stdexcept>
#include <vector>

#include "mobula/cma/minimize.hpp"
#include "support/catch.hpp"

namespace cma = mobula::cma;

namespace {

constexpr cma::options settings = {.popsize = 12, .seed = 3, .maxiter = 40};

double one(const Eigen::VectorXd& x) { return x.squaredNorm(); }

}  // namespace

TEST_CASE("a batch objective gets whole generations, and the search is the same", "[cma]") {
  const mobula::manual_runtime runtime;
  const cma::result reference = cma::minimize(one, {1, 2, 3}, 0.5, settings);
  int calls = 0;
  const auto matrix = [&](const cma::generation& xs) {
    ++calls;
    CHECK(xs.rows() == 3);
    CHECK(xs.cols() == 12);
    std::vector<double> values;
    for (const auto& x : xs.colwise()) values.push_back(x.squaredNorm());
    return values;
  };
  CHECK(cma::minimize(cma::batch_objective(matrix), {1, 2, 3}, 0.5, settings).x == reference.x);
  CHECK(calls == 40);
  const auto list = [](const std::vector<std::vector<double>>& xs) {
    std::vector<double> values;
    for (const auto& x : xs) values.push_back(one(Eigen::Map<const Eigen::VectorXd>(x.data(), 3)));
    return values;
  };
  CHECK(cma::minimize(cma::batch_objective(list), {1, 2, 3}, 0.5, settings).x == reference.x);
}

TEST_CASE("a batch objective may return an expression of Eigen's, or be a coroutine that keeps state", "[cma]") {
  const mobula::manual_runtime runtime;
  const auto expression = [](const Eigen::MatrixXd& xs) { return xs.cwiseAbs2().colwise().sum(); };
  CHECK(cma::minimize(cma::batch_objective(expression), {1, 2, 3}, 0.5, settings).f < 1e-2);
  const auto coroutine =
      [calls = std::make_unique<int>(0)](const cma::generation& xs) -> mobula::task<std::vector<double>> {
    co_await mobula::sleep_for(std::chrono::seconds(1));
    ++*calls;
    std::vector<double> values;
    for (const auto& x : xs.colwise()) values.push_back(x.squaredNorm());
    co_return values;
  };
  CHECK(cma::minimize(cma::batch_objective(coroutine), {1, 2, 3}, 0.5, settings).f < 1e-2);
}

TEST_CASE("a batch objective that returns too few values is told so", "[cma]") {
  const mobula::manual_runtime runtime;
  const auto few = [](const cma::generation&) { return std::vector<double>{1, 2}; };
  CHECK_THROWS_WITH(cma::minimize(cma::batch_objective(few), {1, 2, 3}, 0.5, settings),
                    Catch::Contains("2 values for 12 candidates"));
  const auto fails = [](const cma::generation&) -> std::vector<double> { throw std::domain_error("no"); };
  CHECK_THROWS_AS(cma::minimize(cma::batch_objective(fails), {1, 2, 3}, 0.5, settings), std::domain_error);
}
