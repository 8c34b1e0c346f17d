// The ways to call cma::minimize, as docs/minimize.md shows them.

#include <mobula/cma/minimize.hpp>
#include <mobula/mobula.hpp>

#include <cmath>
#include <iostream>
#include <numbers>
#include <span>
#include <vector>

namespace mb = mobula;
namespace cma = mobula::cma;

namespace {

double cost(Eigen::VectorXd const& x) { return x.squaredNorm(); }

double bumpy(Eigen::VectorXd const& x) {
  return (x.array().square() + 10 - 10 * (2 * std::numbers::pi * x.array()).cos()).sum();
}

class simulator {
 public:
  double cost(std::span<double const> x) {
    state_.assign(x.begin(), x.end());  // what two evaluations at once would spoil
    double sum = 0;
    for (double const v : state_) sum += v * v;
    return sum;
  }

 private:
  std::vector<double> state_;
};

}  // namespace

int main() {
  mb::runtime const ray({.num_cpus = 2});
  // [simple]
  cma::result best = cma::minimize(cost, {3, 3, 3, 3}, 0.5, {.popsize = 20, .seed = 7});
  // [/simple]

  std::vector<double> const x0(4, 3.0);
  cma::options const settings{.popsize = 20, .seed = 7};
  // [kinds]
  auto together = [](cma::generation const& xs) { return xs.colwise().squaredNorm(); };
  cma::result batch = cma::minimize(cma::batch_objective(together), x0, 0.5, settings);

  mb::actor_pool<simulator> pool({mb::make_actor<simulator>(), mb::make_actor<simulator>()});
  cma::result simulated = cma::minimize(cma::pool_objective<&simulator::cost>(pool), x0, 0.5, settings);
  // [/kinds]

  // [seen]
  auto enough = [](cma::generation_report const& g) {
    if (g.best_f < 1e-6) g.request_stop();
  };
  cma::result seen =
      cma::minimize(cost, x0, 0.5, settings, {.callback = enough, .show = cma::display::table, .plot = "minimize.png"});
  // [/seen]

  // [long]
  cma::result global = cma::minimize(
      bumpy, x0, 0.5, {.ftarget = 1e-8},
      {.restarts = cma::restart_options{cma::restart_strategy::bipop}, .checkpoint = "minimize.cma", .resume = true});
  // [/long]

  std::cout << "one candidate, a generation, a simulator each: "
            << (best.f < 1e-9 && batch.f < 1e-9 && simulated.f < 1e-9 ? "all found it\n" : "not found\n") << "ended by "
            << seen.stop << '\n'
            << "with restarts " << (global.f <= 1e-8 ? "the global minimum\n" : "a local minimum\n");
}
