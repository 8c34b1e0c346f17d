#include "cma/asynchronous.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <set>
#include <stdexcept>
#include <vector>

#include "mobula/cma/minimize.hpp"
#include "support/catch.hpp"

namespace cma = mobula::cma;
using namespace std::chrono_literals;

namespace {

double sphere(const Eigen::VectorXd& x) { return x.squaredNorm(); }

// From 1 s to 10 s, by the numbers of the candidate: whatever the order of evaluations, the same for the same candidate.
std::chrono::duration<double> time_for(const Eigen::VectorXd& x) {
  return std::chrono::duration<double>(1 + 9 * std::abs(std::sin(1e4 * x[0])));
}

// Notes how many evaluations are under way, and for how long in sum.
struct load {
  int inside = 0, most = 0;
  double busy = 0;

  auto objective() {
    return [this](const Eigen::VectorXd& x) -> mobula::task<double> {
      const auto time = time_for(x);
      most = std::max(most, ++inside);
      busy += time.count();
      co_await mobula::sleep_for(std::chrono::duration_cast<std::chrono::nanoseconds>(time));
      --inside;
      co_return x.squaredNorm();
    };
  }
};

double seconds_of(const mobula::manual_runtime& runtime, std::chrono::steady_clock::time_point since) {
  return std::chrono::duration<double>(runtime.now() - since).count();
}

}  // namespace

TEST_CASE("asynchronous mode finds the minimum", "[cma]") {
  for (std::uint64_t seed = 0; seed < 5; ++seed) {
    const mobula::manual_runtime runtime({.seed = seed});
    load l;
    const cma::result r =
        cma::minimize(l.objective(), {1, 2, 3, 4, 5}, 0.5, {.ftarget = 1e-9}, {.asynchronous = true, .in_flight = 4});
    CHECK(r.f <= 1e-9);
    CHECK(l.most == 4);
    CHECK(l.inside == 0);
    CHECK(r.evaluations < 3000);
  }
}

TEST_CASE("as many evaluations as are allowed are under way all the time, however long each takes", "[cma]") {
  const mobula::manual_runtime runtime;
  load l;
  const auto start = runtime.now();
  static_cast<void>(cma::minimize(l.objective(), {1, 2, 3, 4, 5}, 0.5, {.popsize = 8, .maxiter = 50},
                                  {.asynchronous = true, .in_flight = 8}));
  CHECK(l.busy / (8 * seconds_of(runtime, start)) > 0.95);

  load of_generations;
  const auto again = runtime.now();
  static_cast<void>(cma::minimize(of_generations.objective(), {1, 2, 3, 4, 5}, 0.5, {.popsize = 8, .maxiter = 50}));
  CHECK(of_generations.busy / (8 * seconds_of(runtime, again)) < 0.75);
}

TEST_CASE("asynchronous mode is the same in each run where time and the order of tasks are", "[cma]") {
  const auto run = [] {
    const mobula::manual_runtime runtime({.seed = 11});
    return cma::minimize(load().objective(), {1, 2, 3}, 0.5, {.maxiter = 30}, {.asynchronous = true, .in_flight = 5});
  };
  CHECK(run().x == run().x);
}

TEST_CASE("one evaluation at a time makes the search that of whole generations", "[cma]") {
  const mobula::manual_runtime runtime;
  constexpr cma::options settings = {.maxiter = 40};
  const cma::result one = cma::minimize(sphere, {1, 2, 3}, 0.5, settings, {.asynchronous = true, .in_flight = 1});
  CHECK(one.x == cma::minimize(sphere, {1, 2, 3}, 0.5, settings).x);
}

TEST_CASE("every kind of objective can be evaluated asynchronously", "[cma]") {
  const mobula::runtime runtime({.num_cpus = 2});
  const cma::options settings = {.ftarget = 1e-9};
  const cma::minimize_options how = {.asynchronous = true};
  CHECK(cma::minimize(sphere, {1, 2, 3}, 0.5, settings, how).f <= 1e-9);
  const auto batch = [](const cma::generation& xs) { return xs.colwise().squaredNorm(); };
  CHECK(cma::minimize(cma::batch_objective(batch), {1, 2, 3}, 0.5, settings, how).f <= 1e-9);
  struct simulator {
    double cost(const Eigen::VectorXd& x) { return x.squaredNorm(); }
  };
  mobula::actor_pool<simulator> pool({mobula::make_actor<simulator>(), mobula::make_actor<simulator>()});
  CHECK(cma::minimize(cma::pool_objective<&simulator::cost>(pool), {1, 2, 3}, 0.5, settings, how).f <= 1e-9);
}

TEST_CASE("an evaluation that takes far longer than others is given up, and told so", "[cma]") {
  const mobula::manual_runtime runtime;
  int hung = 0, told = 0, calls = 0;
  const auto f = [&](const Eigen::VectorXd& x, std::stop_token stop) -> mobula::task<double> {
    if (++calls % 20 == 0) {
      ++hung;
      while (!stop.stop_requested()) co_await mobula::sleep_for(1s);
      ++told;
    }
    co_await mobula::sleep_for(1s);
    co_return x.squaredNorm();
  };
  const auto start = runtime.now();
  const cma::result r = cma::minimize(f, {1, 2, 3}, 0.5, {.popsize = 10, .maxiter = 60},
                                      {.asynchronous = true, .in_flight = 4, .give_up_after = 5});
  CHECK(r.f < 1e-3);
  CHECK(hung > 20);
  CHECK(told == hung);
  CHECK(seconds_of(runtime, start) < 600 / 4 * 2.5);
}

TEST_CASE("the actor of an evaluation that is given up is replaced", "[cma]") {
  struct simulator {
    int calls = 0;
    mobula::task<double> cost(const Eigen::VectorXd& x) {
      const auto time = ++calls == 12 ? 1000s : 1s;
      co_await mobula::sleep_for(time);
      co_return x.squaredNorm();
    }
  };
  const mobula::manual_runtime runtime;
  int made = 0;
  const auto make = [&] {
    ++made;
    return mobula::make_actor<simulator>();
  };
  mobula::actor_pool<simulator> pool({make(), make(), make()});
  const cma::result r =
      cma::minimize(cma::pool_objective<&simulator::cost>(pool, make), {1, 2, 3}, 0.5, {.popsize = 10, .maxiter = 10},
                    {.asynchronous = true, .in_flight = 3, .give_up_after = 5});
  CHECK(r.iterations == 10);
  CHECK(made > 6);
  CHECK(pool.size() == 3);
}

TEST_CASE("the actors of a pool outlive a search that ends without giving any up", "[cma]") {
  struct simulator {
    double cost(const Eigen::VectorXd& x) { return x.squaredNorm(); }
  };
  const mobula::manual_runtime runtime;
  int made = 0;
  const auto make = [&] {
    ++made;
    return mobula::make_actor<simulator>();
  };
  mobula::actor_pool<simulator> pool({make(), make()});
  const cma::minimize_options how = {.asynchronous = true, .give_up_after = 1000};
  CHECK(cma::minimize(cma::pool_objective<&simulator::cost>(pool, make), {1, 2}, 0.5, {.ftarget = 1e-6}, how).f <=
        1e-6);
  CHECK(made == 2);
}

TEST_CASE("an asynchronous evaluation that throws goes by the policy, and all end before minimize does", "[cma]") {
  const mobula::manual_runtime runtime;
  int inside = 0;
  const auto f = [&](const Eigen::VectorXd& x) -> mobula::task<double> {
    ++inside;
    co_await mobula::sleep_for(1s);
    --inside;
    if (x[0] < 0.5) throw std::domain_error("outside");
    co_return x.squaredNorm();
  };
  const cma::minimize_options how = {.asynchronous = true, .in_flight = 4};
  for (const auto policy : {cma::failure_policy::worst_rank, cma::failure_policy::resample}) {
    const cma::result r = cma::minimize(f, {1, 2}, 0.5, {.ftarget = 0.25001, .on_failure = policy}, how);
    CHECK(r.f <= 0.25001);
    CHECK(inside == 0);
  }
  CHECK_THROWS_AS(cma::minimize(f, {1, 2}, 0.5, {.on_failure = cma::failure_policy::stop}, how), std::domain_error);
  CHECK(inside == 0);
  const auto always = [](const Eigen::VectorXd&) -> double { throw std::domain_error("no"); };
  CHECK_THROWS_AS(cma::minimize(always, {1, 2}, 0.5, {}, how), std::domain_error);
}
