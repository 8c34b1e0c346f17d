// CMA-ES in its shortest form: ask for candidates, evaluate them in one batch, tell their values.

#include <mobula/cma/optimizer.hpp>
#include <mobula/mobula.hpp>

#include <Eigen/Core>

#include <iostream>

namespace mb = mobula;
namespace cma = mobula::cma;

namespace {

// Rosenbrock's banana: a bent valley whose floor falls slowly to (1, ..., 1).
double rosenbrock(Eigen::Ref<Eigen::VectorXd const> const& x) {
  auto const n = x.size() - 1;
  auto const a = x.head(n).array(), b = x.tail(n).array();
  return (100 * (b - a.square()).square() + (1 - a).square()).sum();
}

}  // namespace

int main() {
  mb::runtime const ray;

  // [ask_tell]
  cma::optimizer es(Eigen::VectorXd::Zero(10), 0.5, {.seed = 7, .ftarget = 1e-10});
  while (!es.stop()) {
    auto& xs = es.ask();                         // one candidate a column
    es.tell(mb::map(rosenbrock, xs.colwise()));  // one value for each, in parallel where that pays
  }
  std::cout << es.stop() << '\n';
  cma::result best = es.result();  // .x, .f, .evaluations, ...
  // [/ask_tell]

  std::cout << "minimum at (" << best.x.transpose().format(Eigen::IOFormat(4, Eigen::DontAlignCols, ", ")) << ")\n";
}
