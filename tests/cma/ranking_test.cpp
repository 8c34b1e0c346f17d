#include "cma/ranking.hpp"

#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "support/catch.hpp"

namespace {

constexpr double inf = std::numeric_limits<double>::infinity();
constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

std::vector<std::uint32_t> order(const std::vector<double>& values) {
  mobula::cma::ranking ranks(values.size());
  const auto sorted = ranks.sort(values);
  return {sorted.begin(), sorted.end()};
}

using indices = std::vector<std::uint32_t>;

}  // namespace

TEST_CASE("the smallest value ranks first, whatever its sign", "[cma]") {
  CHECK(order({3, -1, 0.5, -1e300, 1e-310, -1e-310}) == indices{3, 1, 5, 4, 2, 0});
}

TEST_CASE("NaN ranks after infinity, whatever its sign bit", "[cma]") {
  CHECK(order({not_a_number, inf, 1, -not_a_number, -inf}) == indices{4, 2, 1, 0, 3});
}

TEST_CASE("equal values keep their order, and the two zeros are equal", "[cma]") {
  CHECK(order({1, 0.0, -0.0, 1, 0.0, not_a_number, not_a_number, inf, inf}) == indices{1, 2, 4, 0, 3, 7, 8, 5, 6});
}
