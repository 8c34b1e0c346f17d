#include <csignal>
#include <filesystem>
#include <fstream>
#include <string>

#include "cma/test_files.hpp"
#include "mobula/cma/checkpoint_error.hpp"
#include "mobula/cma/minimize.hpp"
#include "mobula/cma/optimizer.hpp"
#include "support/catch.hpp"

namespace cma = mobula::cma;

namespace {

double ellipsoid(const Eigen::VectorXd& x) { return x[0] * x[0] + 100 * x[1] * x[1] + 1e4 * x[2] * x[2]; }
const cma::options settings = {.seed = 3, .maxiter = 60};

int signals = 0;
extern "C" void count_signal(int) { ++signals; }

// SIGTERM is counted, until this goes.
class counted_signal {
 public:
  counted_signal() : before_(std::signal(SIGTERM, count_signal)) { signals = 0; }
  counted_signal(const counted_signal&) = delete;
  ~counted_signal() { std::signal(SIGTERM, before_); }

 private:
  void (*before_)(int);
};

// Ends a search by SIGTERM in the middle of the n-th call of its function, and then goes on from the checkpoint.
cma::result interrupted_at(int call, cma::minimize_options how) {
  const cma_test::folder here;
  how.checkpoint = here / "run.cma";
  how.resume = true;
  int calls = 0;
  const auto f = [&](const Eigen::VectorXd& x) {
    if (++calls == call) std::raise(SIGTERM);
    return ellipsoid(x);
  };
  const cma::result first = cma::minimize(f, {1, 2, 3}, 0.5, settings, how);
  CHECK(first.stop.contains("callback"));
  CHECK(first.stop.message() == "SIGTERM");
  CHECK(signals == 1);
  return cma::minimize(ellipsoid, {1, 2, 3}, 0.5, settings, how);
}

}  // namespace

TEST_CASE("SIGTERM leaves a checkpoint from which the search goes on as if nothing had happened", "[cma]") {
  const mobula::manual_runtime runtime;
  const cma::result whole = cma::minimize(ellipsoid, {1, 2, 3}, 0.5, settings);
  for (const int call : {1, 3, 50, 51, 333}) {
    const counted_signal counted;
    const cma::result r = interrupted_at(call, {});
    CHECK(r.x == whole.x);
    CHECK(r.mean == whole.mean);
    CHECK(r.evaluations == whole.evaluations);
    CHECK(to_string(r.stop) == to_string(whole.stop));
  }
}

TEST_CASE("the same with restarts, and the log goes on where the checkpoint was", "[cma]") {
  const mobula::manual_runtime runtime;
  const cma_test::folder here;
  cma::minimize_options how = {.restarts = cma::restart_options{.restarts = 2}};
  how.log = here / "whole.csv";
  const cma::result whole = cma::minimize(ellipsoid, {1, 2, 3}, 0.5, settings, how);
  for (const int call : {5, 500, 1000, 2000}) {
    const counted_signal counted;
    how.log = here / ("run" + std::to_string(call) + ".csv");
    const cma::result r = interrupted_at(call, how);
    CHECK(r.x == whole.x);
    CHECK(r.f == whole.f);
    CHECK(r.evaluations == whole.evaluations);
    CHECK(r.iterations == whole.iterations);
    CHECK(cma_test::lines_of(how.log).size() == cma_test::lines_of(here / "whole.csv").size());
  }
}

TEST_CASE("SIGTERM in asynchronous mode leaves a checkpoint before the evaluations under way are over", "[cma]") {
  const counted_signal counted;
  const cma_test::folder here;
  const mobula::manual_runtime runtime;
  cma::minimize_options how = {.checkpoint = here / "run.cma", .resume = true, .asynchronous = true, .in_flight = 4};
  int calls = 0, after = 0;
  const auto f = [&](const Eigen::VectorXd& x) -> mobula::task<double> {
    const bool last = ++calls == 100;
    if (last) std::raise(SIGTERM);
    co_await mobula::sleep_for(std::chrono::seconds(last ? 100 : 1));
    if (last) after = std::filesystem::exists(how.checkpoint);
    co_return ellipsoid(x);
  };
  const cma::result first = cma::minimize(f, {1, 2, 3}, 0.5, settings, how);
  CHECK(first.stop.message() == "SIGTERM");
  CHECK(after == 1);
  const cma::result r = cma::minimize(f, {1, 2, 3}, 0.5, settings, how);
  CHECK(r.iterations == 60);
  CHECK(r.f < first.f);
}

TEST_CASE("what minimize has left, an optimizer can go on with", "[cma]") {
  const cma_test::folder here;
  const mobula::manual_runtime runtime;
  const cma::result r = cma::minimize(ellipsoid, {1, 2, 3}, 0.5, settings, {.checkpoint = here / "run.cma"});
  std::ifstream in(here / "run.cma", std::ios::binary);
  CHECK(cma::optimizer::resume(in).result().x == r.x);
}

TEST_CASE("a search that had reached a limit goes on when it is raised", "[cma]") {
  const cma_test::folder here;
  const mobula::manual_runtime runtime;
  const cma::minimize_options how = {.checkpoint = here / "run.cma", .resume = true};
  CHECK(cma::minimize(ellipsoid, {1, 2, 3}, 0.5, {.seed = 3, .maxiter = 20}, how).iterations == 20);
  CHECK(cma::minimize(ellipsoid, {1, 2, 3}, 0.5, {.seed = 3, .maxiter = 20}, how).iterations == 20);
  const cma::result r = cma::minimize(ellipsoid, {1, 2, 3}, 0.5, settings, how);
  CHECK(r.x == cma::minimize(ellipsoid, {1, 2, 3}, 0.5, settings).x);
}

TEST_CASE("a checkpoint of another search, or a damaged one, is refused and kept", "[cma]") {
  const cma_test::folder here;
  const mobula::manual_runtime runtime;
  const cma::minimize_options how = {.checkpoint = here / "run.cma", .resume = true};
  static_cast<void>(cma::minimize(ellipsoid, {1, 2, 3}, 0.5, settings, how));
  const auto size = std::filesystem::file_size(how.checkpoint);
  CHECK_THROWS_WITH(cma::minimize(ellipsoid, {1, 2, 3, 4}, 0.5, settings, how), Catch::Contains("3 variables"));
  CHECK_THROWS_WITH(cma::minimize(ellipsoid, {1, 2, 3}, 0.5, {.seed = 4}, how), Catch::Contains("seed"));
  CHECK(std::filesystem::file_size(how.checkpoint) == size);
  std::filesystem::resize_file(how.checkpoint, size - 1);
  CHECK_THROWS_AS(cma::minimize(ellipsoid, {1, 2, 3}, 0.5, settings, how), cma::checkpoint_error);
}

TEST_CASE("who resumes with other options than the search was begun with is told of the first, by name", "[cma]") {
  const cma_test::folder here;
  const mobula::manual_runtime runtime;
  const cma::minimize_options how = {.checkpoint = here / "run.cma", .resume = true};
  cma::options first = settings;
  first.popsize = 7;
  first.bounds = {.lower = -5, .upper = 5};
  static_cast<void>(cma::minimize(ellipsoid, {1, 2, 3}, 0.5, first, how));
  const auto refused = [&](const char* option, auto change) {
    cma::options other = first;
    change(other);
    CHECK_THROWS_WITH(cma::minimize(ellipsoid, {1, 2, 3}, 0.5, other, how),
                      Catch::Contains(std::string("other ") + option + " than this one"));
  };
  refused("bounds.lower", [](cma::options& o) { o.bounds.lower = -4; });
  refused("bounds.upper", [](cma::options& o) { o.bounds.upper = {}; });
  refused("bounds.handling", [](cma::options& o) { o.bounds.handling = cma::bound_handling::penalty; });
  refused("stds", [](cma::options& o) { o.stds = 2; });
  refused("scaling_of_variables", [](cma::options& o) { o.scaling_of_variables = 2; });
  refused("fixed_variables", [](cma::options& o) { o.fixed_variables = {{0, 1}}; });
  refused("minstd", [](cma::options& o) { o.minstd = 0.1; });
  refused("maxstd", [](cma::options& o) { o.maxstd = 3; });
  refused("on_failure", [](cma::options& o) { o.on_failure = cma::failure_policy::stop; });
  refused("diagonal", [](cma::options& o) { o.diagonal = 5; });
  refused("active", [](cma::options& o) { o.active = false; });
  refused("active_injected", [](cma::options& o) { o.active_injected = 1; });
  refused("mirrors", [](cma::options& o) { o.mirrors = 1; });
  refused("mirrormethod", [](cma::options& o) { o.mirrormethod = cma::mirror_method::unconditional; });
  refused("elitist", [](cma::options& o) { o.elitist = true; });
  first.tolx = 1e-3;
  first.maxiter = 70;
  CHECK_NOTHROW(cma::minimize(ellipsoid, {1, 2, 3}, 0.5, first, how));
}

TEST_CASE("a search that its callback has ended goes on from its checkpoint", "[cma]") {
  const cma_test::folder here;
  const mobula::manual_runtime runtime;
  cma::minimize_options how = {.checkpoint = here / "run.cma", .resume = true};
  how.callback = [](const cma::generation_report& g) {
    if (g.iterations == 17) g.request_stop();
  };
  CHECK(cma::minimize(ellipsoid, {1, 2, 3}, 0.5, settings, how).iterations == 17);
  const cma::result r = cma::minimize(ellipsoid, {1, 2, 3}, 0.5, settings, how);
  CHECK(r.x == cma::minimize(ellipsoid, {1, 2, 3}, 0.5, settings).x);
}

TEST_CASE("what an evaluation throws ends the search by policy, and leaves a checkpoint", "[cma]") {
  const cma_test::folder here;
  const mobula::manual_runtime runtime;
  const cma::minimize_options how = {.checkpoint = here / "run.cma", .resume = true};
  cma::options strict = settings;
  strict.on_failure = cma::failure_policy::stop;
  int calls = 0;
  const auto f = [&](const Eigen::VectorXd& x) {
    if (++calls == 100) throw std::domain_error("once");
    return ellipsoid(x);
  };
  CHECK_THROWS_AS(cma::minimize(f, {1, 2, 3}, 0.5, strict, how), std::domain_error);
  CHECK(cma::minimize(f, {1, 2, 3}, 0.5, strict, how).x == cma::minimize(ellipsoid, {1, 2, 3}, 0.5, strict).x);
}
