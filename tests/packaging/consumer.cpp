// A user's program: it uses both libraries. tests/packaging/run builds it in each way that a user can.
#include <cmath>
#include <cstdio>
#include <mobula/cma/minimize.hpp>
#include <mobula/mobula.hpp>

namespace mb = mobula;

int main() {
  mb::runtime ray({.num_cpus = 2});
  mb::future<int> const answer = mb::remote([](int a, int b) { return a * b; })(6, 7);
  auto const best = mb::cma::minimize([](auto const& x) { return x.squaredNorm(); }, Eigen::Vector2d(1, 1), 0.5, {});
  std::printf("%d %d\n", mb::get(answer), std::abs(best.f) < 1e-6);
}
