#include "mobula/cma/restarts.hpp"

#include <chrono>
#include <cmath>
#include <string>
#include <vector>

#include "cma/engine_run.hpp"
#include "support/catch.hpp"

namespace cma = mobula::cma;

namespace {

constexpr auto bipop = cma::restart_strategy::bipop;

cma::stop_reasons because(cma::criterion which) {
  cma::stop_reasons reasons;
  reasons.add({which, 0, 0});
  return reasons;
}

const cma::stop_reasons no_reason = because(cma::criterion::tolfun);

}  // namespace

TEST_CASE("with IPOP each run has twice the population of the one before", "[cma]") {
  cma::restarts plan(2, 10, {.seed = 5}, {.restarts = 3});
  std::vector<double> sizes;
  std::vector<std::uint64_t> seeds;
  while (const auto run = plan.next()) {
    sizes.push_back(run->settings.popsize);
    seeds.push_back(run->settings.seed);
    CHECK(run->sigma0 == 2);
    CHECK(run->large == (run->index > 0));
    plan.finished(*run, 100, no_reason);
  }
  CHECK(sizes == std::vector<double>{10, 20, 40, 80});
  CHECK(seeds == std::vector<std::uint64_t>{5, 6, 7, 8});
  CHECK(plan.evaluations() == 400);
}

TEST_CASE("the target, the user's wish and the budget end a search", "[cma]") {
  for (const auto which : {cma::criterion::ftarget, cma::criterion::callback, cma::criterion::timeout}) {
    cma::restarts plan(1, 4, {});
    plan.finished(*plan.next(), 10, because(which));
    CHECK(plan.over());
    CHECK(!plan.next());
  }
  cma::restarts plan(1, 4, {.maxfevals = 500});
  auto run = plan.next();
  CHECK(run->settings.maxfevals == 500);
  plan.finished(*run, 300, no_reason);
  run = plan.next();
  REQUIRE(run);
  CHECK(run->settings.maxfevals == 200);
  plan.finished(*run, 204, because(cma::criterion::maxfevals));
  CHECK(!plan.next());
}

TEST_CASE("with BIPOP the regime that has used fewer evaluations is next", "[cma]") {
  cma::restarts plan(2, 10, {.seed = 3}, {.strategy = bipop, .restarts = 4});
  double small = 0;
  double large = 0;
  int large_runs = 0;
  int small_runs = 0;
  while (const auto run = plan.next()) {
    const double popsize = run->settings.popsize;
    if (run->index > 0) CHECK(run->large == !(small < large));
    if (run->large) {
      CHECK(popsize == 10 * std::pow(2, ++large_runs));
      CHECK(run->sigma0 == 2);
      large += 100 * popsize;
      plan.finished(*run, static_cast<std::int64_t>(100 * popsize), no_reason);
      continue;
    }
    if (run->index > 0) {
      ++small_runs;
      CHECK(popsize >= 10);
      CHECK(popsize <= 10 * std::pow(2, large_runs) / 2);
      CHECK(run->sigma0 < 2);
      CHECK(run->sigma0 >= 0.02);
      CHECK(run->settings.maxiter * popsize <= large / 2 + popsize);
    }
    const double used =
        std::min(100.0, static_cast<double>(run->settings.maxiter == 0 ? cma::count(100) : run->settings.maxiter)) *
        popsize;
    small += used;
    plan.finished(*run, static_cast<std::int64_t>(used), no_reason);
  }
  CHECK(large_runs == 4);
  CHECK(small_runs >= 4);
}

TEST_CASE("maxfevals and timeout hold for all runs together, with one run at least", "[cma]") {
  using std::chrono::seconds;
  cma::restarts plan(1, 4, {.maxfevals = 0, .timeout = seconds(100)});
  const auto only = plan.next();
  REQUIRE(only);
  plan.finished(*only, 4, because(cma::criterion::maxfevals));
  CHECK(!plan.next());

  cma::restarts timed(1, 4, {.timeout = seconds(1000)});
  timed.add_time(seconds(300));
  CHECK(timed.elapsed() >= seconds(300));
  const auto run = timed.next();
  CHECK(run->settings.timeout <= seconds(700));
  CHECK(run->settings.timeout > seconds(600));
  timed.finished(*run, 10, no_reason);
  CHECK(timed.next()->settings.timeout <= run->settings.timeout);
  timed.add_time(seconds(800));
  CHECK(timed.over());
  CHECK(!timed.next());
}

TEST_CASE("a population that has grown beyond what one may be ends the search, not its result", "[cma]") {
  cma::restarts plan(1, 4, {.popsize = 1e6}, {.incpopsize = 10});
  plan.finished(*plan.next(), 10, no_reason);
  const auto large = plan.next();
  REQUIRE(large);
  CHECK(large->settings.popsize == 1e7);
  plan.finished(*large, 10, no_reason);
  CHECK(!plan.next());
}

TEST_CASE("a plan is a function of the seed", "[cma]") {
  const auto sizes = [](int seed) {
    std::vector<double> found;
    cma::restarts plan(1, 20, {.seed = seed}, {.strategy = bipop, .restarts = 5});
    while (const auto run = plan.next()) {
      found.push_back(run->sigma0);
      plan.finished(*run, static_cast<std::int64_t>(100 * run->settings.popsize), no_reason);
    }
    return found;
  };
  CHECK(sizes(1) == sizes(1));
  CHECK(sizes(1) != sizes(2));
}

TEST_CASE("several runs may be under way", "[cma]") {
  cma::restarts plan(1, 4, {}, {.restarts = 2});
  const auto one = plan.next();
  const auto two = plan.next();
  const auto three = plan.next();
  REQUIRE(three);
  CHECK(three->settings.popsize == 4 * one->settings.popsize);
  CHECK(!plan.next());
  plan.finished(*three, 5, no_reason);
  plan.finished(*one, 6, no_reason);
  CHECK(!plan.over());
  plan.finished(*two, 7, because(cma::criterion::ftarget));
  CHECK(plan.over());
  CHECK(plan.evaluations() == 18);
}

TEST_CASE("restarts solve what a single run does not", "[cma]") {
  const auto rastrigin = [](cma_test::point x) {
    double sum = 10.0 * static_cast<double>(x.size());
    for (const double v : x) sum += v * v - 10 * std::cos(2 * 3.14159265358979323846 * v);
    return sum;
  };
  for (const auto strategy : {cma::restart_strategy::ipop, bipop}) {
    cma::restarts plan(2, 4, {.ftarget = 1e-8}, {.strategy = strategy});
    int runs = 0;
    while (const auto run = plan.next()) {
      cma::engine es(std::vector<double>(4, 3.0), run->sigma0, run->settings);
      while (!es.stop()) cma_test::step(es, rastrigin);
      plan.finished(*run, es.evaluations(), es.stop());
      ++runs;
    }
    CHECK(plan.over());
    CHECK(runs > 1);
    CHECK(runs < 10);
  }
}

TEST_CASE("restarts that make no sense are turned down", "[cma]") {
  const auto made = [](const cma::restart_options& how) {
    return cma_test::complaint([&] { cma::restarts(1, 4, {}, how); });
  };
  CHECK(cma_test::has(made({.restarts = -1}), "restarts is -1"));
  CHECK(cma_test::has(made({.incpopsize = 0.5}), "incpopsize is 0.5"));
  CHECK(cma_test::has(cma_test::complaint([&] { cma::restarts(1, 4, {.maxfevals = 0.5}); }), "maxfevals is 0.5"));
}

TEST_CASE("restarts end before a population, or a step, that no optimizer takes", "[cma]") {
  cma::restarts large(2, 2, {.popsize = 0x1p22}, {.restarts = 100});
  int runs = 0;
  while (const auto run = large.next()) {
    ++runs;
    CHECK(run->settings.popsize <= 0x1p24);
    large.finished(*run, 100, no_reason);
  }
  CHECK(runs == 3);
  cma::restarts small(1e-300, 2, {.popsize = 4}, {.strategy = bipop, .restarts = 8});
  while (const auto run = small.next()) {
    CHECK_NOTHROW(cma::engine(std::vector<double>{1, 2}, run->sigma0, run->settings));
    small.finished(*run, 100, no_reason);
  }
}
