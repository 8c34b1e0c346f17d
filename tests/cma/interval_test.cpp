#include "cma/interval.hpp"

#include <cmath>
#include <limits>

#include "cma/test_data.hpp"
#include "support/catch.hpp"

namespace cma = mobula::cma;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

bool close(double a, double b, double scale) { return std::abs(a - b) <= 1e-12 * std::max(scale, std::abs(b)); }

}  // namespace

TEST_CASE("points are mapped into their bounds as pycma maps them", "[cma]") {
  const auto rows = cma_test::read_csv("pycma-4.5-box.csv");
  REQUIRE(rows.size() == 7 * 25);
  for (const cma_test::row& row : rows) {
    const cma::interval bounds(row.number("lower"), row.number("upper"));
    const double y = row.number("y");
    CAPTURE(row.at("lower"), row.at("upper"), row.at("y"));
    CHECK(close(bounds.map(y), row.number("x"), std::abs(y)));
    CHECK(close(bounds.unmap(bounds.map(y)), row.number("inverse"), 1e6 * std::abs(y)));
  }
}

TEST_CASE("the bounds themselves are reached, and never left", "[cma]") {
  for (const auto& [lower, upper] : {std::pair{-1.0, 1.0}, {1e5, 1e5 + 1e-9}, {-infinity, 3.0}, {-1e300, 1e300}}) {
    const cma::interval bounds(lower, upper);
    CHECK(bounds.map(bounds.unmap(upper)) == upper);
    for (double y = -1e6; y <= 1e6; y += 777.7) CHECK(bounds.contains(bounds.map(y)));
    CHECK(bounds.contains(bounds.map(-1e308)));
    CHECK(bounds.contains(bounds.map(1e308)));
  }
}

TEST_CASE("away from the bounds nothing is changed", "[cma]") {
  const cma::interval bounds(-1, 2);
  for (double y = -0.9; y < 1.8; y += 0.1) {
    CHECK(bounds.map(y) == y);
    CHECK(bounds.unmap(y) == y);
  }
  const cma::interval free(-infinity, infinity);
  CHECK(!free.bounded());
  CHECK(free.map(1e200) == 1e200);
}

TEST_CASE("clipping takes the nearest point", "[cma]") {
  const cma::interval bounds(-1, infinity);
  CHECK(bounds.clip(-3) == -1);
  CHECK(bounds.clip(5) == 5);
}
