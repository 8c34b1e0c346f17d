#include <atomic>
#include <cmath>
#include <numbers>
#include <string>
#include <vector>

#include "cma/test_files.hpp"
#include "mobula/cma/minimize.hpp"
#include "support/catch.hpp"

namespace cma = mobula::cma;

namespace {

// Rastrigin's function: many local minima, which a larger population sees through.
double rastrigin(const Eigen::VectorXd& x) {
  return (x.array().square() + 10 - 10 * (2 * std::numbers::pi * x.array()).cos()).sum();
}

const cma::options settings = {.seed = 4, .ftarget = 1e-8, .tolfun = 1e-6};
const std::vector<double> x0(4, 3.0);

cma::minimize_options with(cma::restart_strategy strategy) { return {.restarts = cma::restart_options{strategy}}; }

void check_same(const cma::result& a, const cma::result& b) {
  CHECK(a.x == b.x);
  CHECK(a.f == b.f);
  CHECK(a.mean == b.mean);
  CHECK(a.evaluations == b.evaluations);
  CHECK(a.iterations == b.iterations);
  CHECK(a.best_evaluation == b.best_evaluation);
  CHECK(to_string(a.stop) == to_string(b.stop));
}

}  // namespace

TEST_CASE("restarts find what a single run does not", "[cma]") {
  const mobula::manual_runtime runtime;
  CHECK(cma::minimize(rastrigin, x0, 0.5, settings).f > 0.9);
  for (const auto strategy : {cma::restart_strategy::ipop, cma::restart_strategy::bipop}) {
    const cma::result r = cma::minimize(rastrigin, x0, 0.5, settings, with(strategy));
    CHECK(r.f <= 1e-8);
    CHECK(r.stop.contains("ftarget"));
    CHECK(r.best_evaluation <= r.evaluations);
  }
}

TEST_CASE("runs that begin ahead of their turn change nothing but the time, on any number of workers", "[cma]") {
  const auto run = [](unsigned workers, cma::restart_strategy strategy) {
    const mobula::runtime runtime({.num_cpus = workers});
    return cma::minimize(rastrigin, x0, 0.5, settings, with(strategy));
  };
  for (const auto strategy : {cma::restart_strategy::ipop, cma::restart_strategy::bipop}) {
    const cma::result one = run(1, strategy);
    for (const unsigned workers : {2U, 10U, 40U}) check_same(run(workers, strategy), one);
  }
}

// Each run starts elsewhere; the first one takes 200 evaluations.
TEST_CASE("where processors would idle, generations of several runs are evaluated together", "[cma]") {
  const mobula::runtime runtime({.num_cpus = 40});
  std::atomic<int> calls{0}, early{0};
  const auto f = [&](const Eigen::VectorXd& x) {
    if (x[0] > 50 && ++calls <= 200) ++early;
    return (x.array() - std::round(x[0] / 100) * 100).square().sum() + 1;
  };
  const auto start = [](std::size_t run) { return std::vector<double>(3, 100.0 * static_cast<double>(run)); };
  const cma::result r = cma::minimize(f, {0, 0, 0}, 0.1, {.popsize = 10, .maxiter = 20},
                                      {.restarts = cma::restart_options{.restarts = 2}, .start = start});
  CHECK(early > 0);
  CHECK(r.iterations == 60);
  CHECK(r.evaluations == 20 * (10 + 20 + 40));
}

TEST_CASE("the log of a search with restarts is the same on any number of workers", "[cma]") {
  const auto log_of = [](unsigned workers) {
    const cma_test::folder here;
    const mobula::runtime runtime({.num_cpus = workers});
    auto how = with(cma::restart_strategy::ipop);
    how.log = here / "run.csv";
    const cma::result r = cma::minimize(rastrigin, x0, 0.5, settings, how);
    auto lines = cma_test::lines_of(here / "run.csv");
    CHECK(lines.size() == static_cast<std::size_t>(r.iterations) + 1);
    for (std::string& line : lines) {  // without the seconds
      const auto from = line.find(',', line.find(',') + 1);
      line.erase(from, line.find(',', from + 1) - from);
    }
    return lines;
  };
  CHECK(log_of(1) == log_of(20));
}

TEST_CASE("the callback is told of which run a generation is, and of the best of all", "[cma]") {
  const mobula::manual_runtime runtime;
  std::size_t runs = 0;
  double best = 1e300;
  std::int64_t iterations = 0;
  auto how = with(cma::restart_strategy::ipop);
  how.callback = [&](const cma::generation_report& g) {
    CHECK(g.iterations == ++iterations);
    runs = std::max(runs, g.run + 1);
    CHECK(g.best_f <= best);
    best = g.best_f;
    if (g.run == 2) g.request_stop();
  };
  const cma::result r = cma::minimize(rastrigin, x0, 0.5, {.seed = 4}, how);
  CHECK(runs == 3);
  CHECK(r.f == best);
  CHECK(r.stop.contains("callback"));
  CHECK(r.iterations == iterations);
}
