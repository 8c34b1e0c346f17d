#include "mobula/minimize/pool_objective.hpp"

#include <chrono>
#include <span>
#include <stdexcept>
#include <vector>

#include "mobula/cma/minimize.hpp"
#include "support/catch.hpp"

namespace cma = mobula::cma;
using namespace std::chrono_literals;

namespace {

constexpr cma::options settings = {.popsize = 9, .seed = 3, .maxiter = 30};

// Holds what must not be used by two evaluations at once.
class simulator {
 public:
  double cost(std::span<const double> x) {
    state_.assign(x.begin(), x.end());
    double sum = 0;
    for (const double value : state_) sum += value * value;
    return sum;
  }
  mobula::task<double> slow_cost(const Eigen::VectorXd& x) {
    state_.assign(x.begin(), x.end());
    co_await mobula::sleep_for(1s);
    co_return cost(state_);
  }
  double fails(const Eigen::VectorXd&) { throw std::domain_error("no"); }

 private:
  std::vector<double> state_;
};

mobula::actor_pool<simulator> make_pool(int size) {
  mobula::actor_pool<simulator> pool;
  for (int i = 0; i < size; ++i) pool.push(mobula::make_actor<simulator>());
  return pool;
}

double plain(std::span<const double> x) { return simulator().cost(x); }

}  // namespace

TEST_CASE("actors that hold a simulator each evaluate for minimize, and the result is that of a function", "[cma]") {
  const mobula::manual_runtime runtime;
  const cma::result reference = cma::minimize(plain, {1, 2, 3}, 0.5, settings);
  for (const int size : {1, 2, 10}) {
    const auto pool = make_pool(size);
    CHECK(cma::minimize(cma::pool_objective<&simulator::cost>(pool), {1, 2, 3}, 0.5, settings).x == reference.x);
    CHECK(cma::minimize(cma::pool_objective<&simulator::slow_cost>(pool), {1, 2, 3}, 0.5, settings).x == reference.x);
    const auto lambda = [](simulator& s, const std::vector<double>& x) { return s.cost(x); };
    CHECK(cma::minimize(cma::pool_objective(lambda, pool), {1, 2, 3}, 0.5, settings).x == reference.x);
  }
}

TEST_CASE("the members of a pool evaluate side by side", "[cma]") {
  const mobula::manual_runtime runtime;
  const auto pool = make_pool(3);
  const auto before = runtime.now();
  static_cast<void>(cma::minimize(cma::pool_objective<&simulator::slow_cost>(pool), {1, 2}, 0.5, settings));
  CHECK(runtime.now() - before == 90s);  // 30 generations of 9 candidates, each 1 s, on 3 members
}

TEST_CASE("what a method of a pool's member throws comes out of minimize", "[cma]") {
  const mobula::manual_runtime runtime;
  const auto pool = make_pool(2);
  CHECK_THROWS_AS(cma::minimize(cma::pool_objective<&simulator::fails>(pool), {1, 2}, 0.5, settings),
                  std::domain_error);
}
