#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <numbers>
#include <string>
#include <vector>

#include "cma/test_data.hpp"
#include "mobula/cma/optimizer.hpp"
#include "support/catch.hpp"

namespace cma = mobula::cma;

// The reference says how many evaluations pycma took until a value of 1e-8, over 21 seeds (data/README.md). Here as
// many seeds of ours: the median must not lie above pycma's upper quartile.
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

using point = Eigen::Ref<const Eigen::VectorXd>;
using function = double (*)(const point&);

// i / (n - 1)
double share(Eigen::Index i, Eigen::Index n) { return static_cast<double>(i) / static_cast<double>(n - 1); }

double sphere(const point& x) { return x.squaredNorm(); }

// 10^(6 i / (n - 1)) is worked out once for each n.
double ellipsoid(const point& x) {
  thread_local Eigen::VectorXd scales;
  if (scales.size() != x.size()) {
    scales.resize(x.size());
    for (Eigen::Index i = 0; i < x.size(); ++i) scales[i] = std::pow(10.0, 6 * share(i, x.size()));
  }
  return scales.dot(x.cwiseAbs2());
}

double cigar(const point& x) { return x[0] * x[0] + 1e6 * x.tail(x.size() - 1).squaredNorm(); }

double different_powers(const point& x) {
  double sum = 0;
  for (Eigen::Index i = 0; i < x.size(); ++i) sum += std::pow(std::abs(x[i]), 2 + 4 * share(i, x.size()));
  return sum;
}

double rosenbrock(const point& x) {
  const auto head = x.head(x.size() - 1).array();
  const auto tail = x.tail(x.size() - 1).array();
  return (100 * (head.square() - tail).square() + (head - 1).square()).sum();
}

double ackley(const point& x) {
  const double n = static_cast<double>(x.size());
  const double waves = (2 * std::numbers::pi * x.array()).cos().sum();
  return 20 - 20 * std::exp(-0.2 * std::sqrt(x.squaredNorm() / n)) + std::numbers::e - std::exp(waves / n);
}

double shifted_sphere(const point& x) { return (x.array() + 1).square().sum() - static_cast<double>(x.size()); }

// Evaluations, in whole generations, until a value at or below the target; infinity if it takes absurdly many.
double evaluations(function f, const cma_test::row& row, cma::options settings, int seed) {
  const auto n = static_cast<Eigen::Index>(row.count("n"));
  const double target = row.number("target");
  settings.seed = seed;
  cma::optimizer es(Eigen::VectorXd::Constant(n, row.number("x0")), row.number("sigma0"), settings);
  std::vector<double> values(es.popsize());
  for (double best = std::numeric_limits<double>::infinity(); best > target;) {
    if (es.evaluations() > 300'000) return std::numeric_limits<double>::infinity();
    const auto& xs = es.ask();
    for (Eigen::Index k = 0; k < xs.cols(); ++k) values[static_cast<std::size_t>(k)] = f(xs.col(k));
    best = std::min(best, *std::min_element(values.begin(), values.end()));
    es.tell(values);
  }
  return static_cast<double>(es.evaluations());
}

double median_evaluations(function f, const cma_test::row& row, const cma::options& settings) {
  std::vector<double> counts;
  for (int seed = 1; seed <= 21; ++seed) counts.push_back(evaluations(f, row, settings, seed));
  std::nth_element(counts.begin(), counts.begin() + 10, counts.end());
  return counts[10];
}

void compare(const std::string& name, function f) {
  int rows = 0;
  for (const cma_test::row& row : cma_test::read_csv("pycma-4.5-evaluations.csv")) {
    if (row.at("function") != name) continue;
    const double median = median_evaluations(f, row, {});
    CAPTURE(name, row.at("n"), row.at("median"));
    CHECK(median <= row.number("q75"));
    CHECK(median > 0.7 * row.number("q25"));  // so few would be a mistake in the counting
    ++rows;
  }
  CHECK(rows == 4);
}

// The same for the rows of a variant, with the options that it stands for.
void compare_variant(const std::string& name, function f, const std::function<void(cma::options&, std::size_t)>& set,
                     double allowance = 1) {
  int rows = 0;
  for (const cma_test::row& row : cma_test::read_csv("pycma-4.5-variants.csv")) {
    if (row.at("variant") != name) continue;
    cma::options settings;
    set(settings, row.count("n"));
    const double median = median_evaluations(f, row, settings);
    CAPTURE(name, row.at("n"), row.at("median"), median);
    CHECK(median <= allowance * row.number("q75"));
    ++rows;
  }
  CHECK(rows >= 3);
}

}  // namespace

TEST_CASE("the sphere takes no more evaluations than with pycma", "[cma]") { compare("sphere", sphere); }
TEST_CASE("the ellipsoid takes no more evaluations than with pycma", "[cma]") { compare("ellipsoid", ellipsoid); }
TEST_CASE("the cigar takes no more evaluations than with pycma", "[cma]") { compare("cigar", cigar); }
TEST_CASE("different powers take no more evaluations than with pycma", "[cma]") {
  compare("different_powers", different_powers);
}
TEST_CASE("Rosenbrock's function takes no more evaluations than with pycma", "[cma]") {
  compare("rosenbrock", rosenbrock);
}
TEST_CASE("Ackley's function takes no more evaluations than with pycma", "[cma]") { compare("ackley", ackley); }

TEST_CASE("a diagonal covariance matrix takes no more evaluations than with pycma", "[cma]") {
  compare_variant("diagonal", ellipsoid, [](auto& o, std::size_t) { o.diagonal = infinity; });
}
TEST_CASE("bounds by transformation take no more evaluations than with pycma", "[cma]") {
  compare_variant("transform", shifted_sphere, [](auto& o, std::size_t) { o.bounds.lower = 0; });
  compare_variant("inside", ellipsoid, [](auto& o, std::size_t) { o.bounds = {.lower = -5, .upper = 5}; });
}
TEST_CASE("bounds by penalty take no more evaluations than with pycma", "[cma]") {
  compare_variant("penalty", shifted_sphere,
                  [](auto& o, std::size_t) { o.bounds = {.lower = 0, .handling = cma::bound_handling::penalty}; });
}
TEST_CASE("standard deviations for each coordinate save as many evaluations as with pycma", "[cma]") {
  compare_variant("stds", ellipsoid, [](auto& o, std::size_t n) {
    std::vector<double> stds;
    for (std::size_t i = 0; i < n; ++i) stds.push_back(std::pow(10.0, -3 * share(Eigen::Index(i), Eigen::Index(n))));
    o.stds = stds;
  });
}
TEST_CASE("an elitist run takes no more evaluations than with pycma", "[cma]") {
  compare_variant("elitist", sphere, [](auto& o, std::size_t) { o.elitist = true; });
}
// pycma lets both of an unconditional pair move the mean: their steps cancel out, and sigma shrinks faster, which is an
// advantage on the sphere alone. Pairwise selection has no such bias.
TEST_CASE("mirrored sampling takes at most a tenth more evaluations than with pycma", "[cma]") {
  compare_variant(
      "mirrors", sphere, [](auto& o, std::size_t) { o.mirrors = 2; }, 1.1);
  const auto set = [](auto& o, std::size_t) {
    o.mirrors = 2;
    o.mirrormethod = cma::mirror_method::unconditional;
  };
  compare_variant("unconditional_mirrors", sphere, set, 1.1);
}
TEST_CASE("without active update a run takes no more evaluations than with pycma", "[cma]") {
  compare_variant("passive", ellipsoid, [](auto& o, std::size_t) { o.active = false; });
}
// With the tutorial's damping such a population drove the step size away on functions of two scales.
TEST_CASE("a large population does not drive the step size away", "[cma]") {
  for (const unsigned seed : {1U, 2U, 3U}) {
    cma::optimizer es(Eigen::VectorXd::Ones(30), 1,
                      {.popsize = 200, .seed = seed, .ftarget = 1e-7, .maxfevals = 150'000});
    while (!es.stop()) {
      std::vector<double> values;
      for (const auto& x : es.ask().colwise())
        values.push_back((x.array() < 0).select(1e6 * x.array().square(), x.array().square()).sum());
      es.tell(values);
    }
    CHECK(es.stop().contains("ftarget"));
  }
}
