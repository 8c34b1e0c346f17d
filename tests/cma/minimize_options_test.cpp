#include "mobula/cma/minimize_options.hpp"

#include <algorithm>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "cma/test_files.hpp"
#include "mobula/cma/minimize.hpp"
#include "support/catch.hpp"

namespace cma = mobula::cma;

namespace {

double sphere(const Eigen::VectorXd& x) { return x.squaredNorm(); }
constexpr cma::options settings = {.popsize = 10, .seed = 3, .maxiter = 30};

}  // namespace

TEST_CASE("the callback is told of each generation", "[cma]") {
  const mobula::manual_runtime runtime;
  std::int64_t told = 0;
  double best = 1e300;
  const auto look = [&](const cma::generation_report& g) {
    CHECK(g.iterations == ++told);
    CHECK(g.evaluations == 10 * told);
    REQUIRE(g.values.size() == 10);
    CHECK(g.min == std::ranges::min(g.values));
    CHECK(g.max == std::ranges::max(g.values));
    CHECK(std::ranges::count_if(g.values, [&](double v) { return v <= g.median; }) == 6);
    best = std::min(best, g.min);
    CHECK(g.best_f == best);
    CHECK(g.best_x.size() == 3);
    CHECK(g.axis_ratio >= 1);
  };
  const cma::result r = cma::minimize(sphere, {1, 2, 3}, 0.5, settings, {.callback = look});
  CHECK(told == 30);
  CHECK(r.f == best);
}

TEST_CASE("the callback can end the search", "[cma]") {
  const mobula::manual_runtime runtime;
  const auto enough = [](const cma::generation_report& g) {
    if (g.iterations == 7) g.request_stop();
  };
  const cma::result r = cma::minimize(sphere, {1, 2, 3}, 0.5, settings, {.callback = enough});
  CHECK(r.iterations == 7);
}

TEST_CASE("what the callback throws comes out of minimize", "[cma]") {
  const mobula::manual_runtime runtime;
  const auto fails = [](const cma::generation_report&) { throw std::domain_error("no"); };
  CHECK_THROWS_AS(cma::minimize(sphere, {1, 2, 3}, 0.5, settings, {.callback = fails}), std::domain_error);
}

TEST_CASE("display and plot go to the stream that is given, log and picture to their files", "[cma]") {
  const cma_test::folder here;
  const mobula::manual_runtime runtime;
  std::ostringstream out;
  static_cast<void>(cma::minimize(sphere, {1, 2, 3}, 0.5, settings,
                                  {.show = cma::display::table, .out = &out, .plot = here / "run.png"}));
  CHECK_THAT(out.str(), Catch::StartsWith("Iterat #Fevals"));
  CHECK_THAT(out.str(), Catch::EndsWith("plot: " + (here / "run.png").string() + "\n"));
  CHECK(cma_test::lines_of(here / "run.csv").size() == 31);
  CHECK(std::filesystem::file_size(here / "run.png") > 10'000);
}

TEST_CASE("nothing is shown unless it is asked for", "[cma]") {
  const mobula::manual_runtime runtime;
  std::ostringstream out;
  static_cast<void>(cma::minimize(sphere, {1, 2, 3}, 0.5, settings, {.out = &out}));
  CHECK(out.str().empty());
}

TEST_CASE("options that would be ignored are an error, which names them", "[cma]") {
  const mobula::manual_runtime runtime;
  const auto refused = [](const cma::minimize_options& how, const char* what) {
    CHECK_THROWS_AS(cma::minimize(sphere, {1, 2, 3}, 0.5, settings, how), std::invalid_argument);
    CHECK_THROWS_WITH(cma::minimize(sphere, {1, 2, 3}, 0.5, settings, how), Catch::Contains(what));
  };
  refused({.in_flight = 8}, "in_flight is 8, but asynchronous is false");
  refused({.give_up_after = 2.5}, "give_up_after is 2.5, but asynchronous is false");
  refused({.asynchronous = true, .give_up_after = -1}, "give_up_after is -1; it must be 0");
  refused({.asynchronous = true, .in_flight = 1'000'000'000'000}, "in_flight is 1000000000000; it must be at most");
  refused({.resume = true}, "resume is true, but checkpoint names no file");
}
