#include <cmath>
#include <vector>

#include "cma/engine_run.hpp"
#include "support/catch.hpp"

namespace cma = mobula::cma;
using cma_test::infinity;
using cma_test::not_a_number;
using cma_test::sphere;
using cma_test::step;

namespace {

using numbers = std::vector<double>;

constexpr double start[] = {3, 3, 3};

// Defined on a half space, whose border is near the optimum.
double half(cma_test::point x) { return x[0] < -0.1 ? not_a_number : sphere(x); }

}  // namespace

TEST_CASE("failed evaluations rank behind all others, infinity before the rest", "[cma]") {
  const auto run = [](numbers values) {
    cma::engine es(start, 0.5, {.popsize = 6});
    es.ask();
    es.tell(values);
    return es.sigma();
  };
  CHECK(run({1, 2, 3, infinity, not_a_number, not_a_number}) == run({1, 2, 3, 4, 5, 6}));
  CHECK(run({1, 2, 3, infinity, -infinity, -infinity}) == run({1, 2, 3, 4, 5, 6}));
}

TEST_CASE("what has failed is never the best", "[cma]") {
  for (const double bad : {not_a_number, infinity, -infinity}) {
    cma::engine es(start, 0.5, {.popsize = 3});
    es.ask();
    es.tell(numbers{bad, 7, bad});
    CHECK(es.best_f() == 7);
    CHECK(es.best_evaluation() == 2);
    CHECK(!es.stop().contains("ftarget"));
  }
}

TEST_CASE("with resample, failed candidates are replaced until all are good", "[cma]") {
  cma::engine es(start, 0.5, {.popsize = 4, .on_failure = cma::failure_policy::resample});
  const numbers first(es.ask().begin(), es.ask().end());
  es.tell(numbers{1, not_a_number, 3, infinity});
  CHECK(es.iterations() == 0);
  CHECK(es.evaluations() == 4);
  const numbers second(es.ask().begin(), es.ask().end());
  REQUIRE(second.size() == 6);
  CHECK(numbers(second.begin(), second.begin() + 3) != numbers(first.begin() + 3, first.begin() + 6));
  es.tell(numbers{not_a_number, 0.5});
  const numbers third(es.ask().begin(), es.ask().end());
  REQUIRE(third.size() == 3);
  es.tell(numbers{2});
  CHECK(es.iterations() == 1);
  CHECK(es.evaluations() == 7);
  CHECK(es.best_f() == 0.5);
  CHECK(es.best_evaluation() == 6);
  CHECK(numbers(es.best_x().begin(), es.best_x().end()) == numbers(second.begin() + 3, second.end()));
  CHECK(es.ask().size() == 12);
}

TEST_CASE("whoever always fails is not asked for ever", "[cma]") {
  cma::engine es(start, 0.5, {.popsize = 4, .on_failure = cma::failure_policy::resample});
  int tells = 0;
  for (; es.iterations() == 0; ++tells) es.tell(numbers(es.ask().size() / 3, not_a_number));
  CHECK(tells == 101);
  CHECK(std::isfinite(es.sigma()));

  cma::engine limited(start, 0.5, {.popsize = 4, .maxfevals = 10, .on_failure = cma::failure_policy::resample});
  while (!limited.stop()) limited.tell(numbers(limited.ask().size() / 3, not_a_number));
  CHECK(limited.stop().contains("maxfevals"));
  cma::engine exact(start, 0.5, {.popsize = 4, .maxfevals = 8, .on_failure = cma::failure_policy::resample});
  while (!exact.stop()) exact.tell(numbers(exact.ask().size() / 3, not_a_number));
  CHECK(exact.evaluations() == 8);
  CHECK(limited.evaluations() == 12);
}

TEST_CASE("with stop, a failed evaluation is a reason to stop", "[cma]") {
  cma::engine es(start, 0.5, {.popsize = 4, .on_failure = cma::failure_policy::stop});
  step(es, sphere);
  CHECK(!es.stop());
  es.ask();
  es.tell(numbers{1, not_a_number, 2, infinity});
  CHECK(to_string(es.stop()) == "failed: 2 of the last generation's values are not finite");
  CHECK(es.iterations() == 2);
}

TEST_CASE("a search in which no value is a number ends as failed, which says so, not as converged", "[cma]") {
  for (const double bad : {not_a_number, infinity, -infinity}) {
    for (const auto policy : {cma::failure_policy::worst_rank, cma::failure_policy::resample}) {
      cma::engine es(start, 0.5, {.popsize = 4, .on_failure = policy});
      while (!es.stop()) es.tell(numbers(es.ask().size() / 3, bad));
      CHECK(to_string(es.stop()) == "failed: 4 of the last generation's values are not finite");
      CHECK(es.iterations() == 2);
      CHECK(es.best_f() == infinity);
    }
    cma::engine patient(start, 0.5, {.popsize = 4, .maxiter = 9, .tolflatfitness = infinity});
    while (!patient.stop()) patient.tell(numbers(patient.ask().size() / 3, bad));
    CHECK(patient.stop().contains("maxiter"));
    CHECK_FALSE(patient.stop().contains("failed"));
  }
}

TEST_CASE("values that are not finite are counted", "[cma]") {
  cma::engine es(start, 0.5, {.popsize = 4});
  es.ask();
  es.tell(numbers{1, not_a_number, 2, -infinity});
  CHECK(es.failures() == 2);
  const numbers xs(es.ask().begin(), es.ask().end());
  es.tell(xs, numbers{1, not_a_number, 2, 3});
  CHECK(es.failures() == 3);
}

TEST_CASE("a search gets to its optimum whatever is done about failures", "[cma]") {
  for (const auto policy : {cma::failure_policy::worst_rank, cma::failure_policy::resample}) {
    cma::engine es(start, 0.5, {.seed = 5, .ftarget = 1e-9, .on_failure = policy});
    while (!es.stop()) step(es, half);
    CHECK(es.stop().contains("ftarget"));
  }
}

TEST_CASE("told with their points, failed solutions are left out with resample", "[cma]") {
  const auto sigma = [](cma::failure_policy policy, std::size_t told) {
    cma::engine es(start, 0.5, {.popsize = 5, .on_failure = policy});
    const numbers xs(es.ask().begin(), es.ask().begin() + static_cast<std::ptrdiff_t>(3 * told));
    const numbers fs{1, 2, 3, 4, not_a_number};
    es.tell(xs, std::span(fs).first(told));
    return es.sigma();
  };
  using policy = cma::failure_policy;
  CHECK(sigma(policy::resample, 5) == sigma(policy::worst_rank, 4));
  CHECK(sigma(policy::worst_rank, 5) != sigma(policy::worst_rank, 4));
}

TEST_CASE("if all solutions that were told have failed, the generation goes on", "[cma]") {
  cma::engine es(start, 0.5, {.popsize = 4, .on_failure = cma::failure_policy::resample});
  const numbers xs(es.ask().begin(), es.ask().end());
  es.tell(xs, numbers(4, not_a_number));
  CHECK(es.iterations() == 0);
  CHECK(es.evaluations() == 4);
  CHECK(es.best_f() == infinity);
  CHECK(numbers(es.ask().begin(), es.ask().end()) == xs);
}
