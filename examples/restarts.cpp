// A function with many local minima, searched again and again with other populations: BIPOP.

#include <mobula/cma/optimizer.hpp>
#include <mobula/cma/restarts.hpp>
#include <mobula/mobula.hpp>

#include <Eigen/Core>

#include <iostream>
#include <numbers>
#include <utility>

namespace mb = mobula;
namespace cma = mobula::cma;

namespace {

// Rastrigin's function: a bowl with a local minimum at every point of a grid. That at 0 is the least.
double rastrigin(Eigen::Ref<Eigen::VectorXd const> const& x) {
  return (x.array().square() + 10 - 10 * (2 * std::numbers::pi * x.array()).cos()).sum();
}

}  // namespace

int main() {
  mb::runtime const ray;
  Eigen::VectorXd const x0 = Eigen::VectorXd::Constant(6, 3);
  cma::options const settings = {.seed = 2, .ftarget = 1e-8};

  // [restarts]
  cma::restarts plan(2.0, 6, settings, {.strategy = cma::restart_strategy::bipop});
  double best = rastrigin(x0);
  while (auto const run = plan.next()) {
    cma::optimizer es(x0, run->sigma0, run->settings);
    while (!es.stop()) {
      auto& xs = es.ask();
      es.tell(mb::map(rastrigin, xs.colwise()));
    }
    plan.finished(*run, es.evaluations(), es.stop());
    best = std::min(best, es.result().f);
    std::cout << "popsize " << es.popsize() << ": best so far " << best << '\n';
  }
  // [/restarts]
  std::cout << (best <= 1e-8 ? "found" : "not found") << '\n';
}
