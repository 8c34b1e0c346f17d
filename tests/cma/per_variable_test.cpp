#include "mobula/cma/per_variable.hpp"

#include <Eigen/Core>
#include <array>
#include <vector>

#include "support/catch.hpp"

namespace cma = mobula::cma;

TEST_CASE("numbers for each variable can be written in many ways", "[cma]") {
  const cma::per_variable expected{1, 2, 3};
  CHECK(cma::per_variable(std::vector<float>{1, 2, 3}) == expected);
  CHECK(cma::per_variable(std::array<int, 3>{1, 2, 3}) == expected);
  CHECK(cma::per_variable(Eigen::VectorXd(Eigen::Vector3d(1, 2, 3))) == expected);
  CHECK(expected.of(2, 9) == 3);
}

TEST_CASE("one number is for all variables, and none leaves it open", "[cma]") {
  CHECK(cma::per_variable(2).of(17, 9) == 2);
  CHECK(cma::per_variable().of(17, 9) == 9);
  CHECK(cma::per_variable().empty());
}
