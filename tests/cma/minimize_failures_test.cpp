#include <atomic>
#include <chrono>
#include <cmath>
#include <exception>
#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

#include "cma/test_files.hpp"
#include "mobula/cma/minimize.hpp"
#include "support/catch.hpp"

namespace cma = mobula::cma;

namespace {

const std::vector<double> x0(4, 1.0);

// The sphere function, until it breaks.
struct simulator {
  int good;
  int calls = 0;

  double operator()(const Eigen::VectorXd& x) {
    if (++calls > good) throw std::runtime_error("disk full at call " + std::to_string(calls));
    return x.squaredNorm();
  }
};

std::string message_of(const std::exception_ptr& e) {
  if (e == nullptr) return "";
  try {
    std::rethrow_exception(e);
  } catch (const std::exception& what) { return what.what(); }
}

}  // namespace

TEST_CASE("an objective that throws from some call on does not look as if the search had converged", "[cma]") {
  const mobula::manual_runtime runtime;
  for (const auto policy :
       {cma::failure_policy::worst_rank, cma::failure_policy::resample, cma::failure_policy::stop}) {
    for (const bool asynchronous : {false, true}) {
      CAPTURE(static_cast<int>(policy), asynchronous);
      simulator breaks{.good = 43};
      CHECK_THROWS_WITH(
          cma::minimize(breaks, x0, 0.5, {.popsize = 8, .on_failure = policy}, {.asynchronous = asynchronous}),
          Catch::Contains("disk full"));
      CHECK(breaks.calls < 2000);
    }
  }
}

TEST_CASE("with restarts too", "[cma]") {
  const mobula::runtime runtime({.num_cpus = 4});
  std::atomic<int> calls{0};
  const auto f = [&calls](const Eigen::VectorXd& x) {
    if (++calls > 3000) throw std::runtime_error("disk full");
    return x.squaredNorm() + 1;
  };
  CHECK_THROWS_WITH(cma::minimize(f, x0, 0.5, {}, {.restarts = cma::restart_options{}}), Catch::Contains("disk full"));
}

TEST_CASE("a result counts evaluations that failed, and keeps what the last one threw", "[cma]") {
  const mobula::manual_runtime runtime;
  for (const bool asynchronous : {false, true}) {
    for (const auto policy : {cma::failure_policy::worst_rank, cma::failure_policy::resample}) {
      CAPTURE(asynchronous, static_cast<int>(policy));
      int calls = 0, failed = 0;
      std::string last;
      const auto f = [&](const Eigen::VectorXd& x) {
        if (++calls % 7 == 0) {
          ++failed;
          throw std::runtime_error(last = "call " + std::to_string(calls));
        }
        if (calls % 11 == 0) return ++failed, std::numeric_limits<double>::quiet_NaN();
        return x.squaredNorm();
      };
      const cma::result r = cma::minimize(f, x0, 0.5, {.popsize = 10, .maxiter = 20, .on_failure = policy},
                                          {.asynchronous = asynchronous, .in_flight = asynchronous ? 1u : 0u});
      CHECK(r.failures == failed);
      CHECK(r.failures > 20);
      CHECK(message_of(r.last_failure) == last);
      CHECK(r.evaluations == calls);
    }
  }
}

TEST_CASE("without failures a result has none", "[cma]") {
  const mobula::manual_runtime runtime;
  const cma::result r = cma::minimize(simulator{.good = 1000}, x0, 0.5, {.maxiter = 10});
  CHECK(r.failures == 0);
  CHECK(r.last_failure == nullptr);
}

TEST_CASE("an objective that gives nothing but NaN ends, whatever is done about failures", "[cma]") {
  const mobula::manual_runtime runtime;
  for (const auto policy :
       {cma::failure_policy::worst_rank, cma::failure_policy::resample, cma::failure_policy::stop}) {
    for (const bool asynchronous : {false, true}) {
      const auto f = [](const Eigen::VectorXd&) { return std::numeric_limits<double>::quiet_NaN(); };
      const cma::result r = cma::minimize(f, x0, 0.5, {.on_failure = policy}, {.asynchronous = asynchronous});
      CHECK(r.stop);
      CHECK(r.failures == r.evaluations);
    }
  }
}

TEST_CASE("a start of another length than x0 is refused", "[cma]") {
  const mobula::runtime runtime({.num_cpus = 16});
  const auto f = [](const Eigen::VectorXd& x) { return x.squaredNorm(); };
  const auto with = [](std::size_t wrong) {
    return cma::minimize_options{.restarts = cma::restart_options{.restarts = 3}, .start = [wrong](std::size_t run) {
                                   return std::vector<double>(run == wrong ? 3 : 4, 1.0);
                                 }};
  };
  CHECK_THROWS_WITH(cma::minimize(f, x0, 0.5, {.maxiter = 5}, with(0)),
                    Catch::Contains("minimize_options::start returned 3 numbers for run 0; it must return 4"));
  CHECK_THROWS_WITH(cma::minimize(f, x0, 0.5, {.maxiter = 5}, with(2)), Catch::Contains("for run 2"));
  // What is begun ahead of its turn, and is not needed, does not matter.
  CHECK(cma::minimize(f, x0, 0.5, {.ftarget = 1e-9}, with(1)).stop.contains("ftarget"));
}

TEST_CASE("maxfevals and timeout are those of all runs together", "[cma]") {
  const mobula::runtime runtime({.num_cpus = 2});
  const auto f = [](const Eigen::VectorXd& x) { return x.squaredNorm() + 1; };
  for (const auto strategy : {cma::restart_strategy::ipop, cma::restart_strategy::bipop}) {
    const cma::result r = cma::minimize(f, x0, 0.5, {.maxfevals = 3000}, {.restarts = cma::restart_options{strategy}});
    CHECK(r.stop.contains("maxfevals"));
    CHECK(r.evaluations >= 3000);
    CHECK(r.evaluations < 3500);
  }
  const auto begun = std::chrono::steady_clock::now();
  const cma::result timed = cma::minimize(f, x0, 0.5, {.timeout = std::chrono::milliseconds(300)},
                                          {.restarts = cma::restart_options{.restarts = 1000, .incpopsize = 1}});
  CHECK(std::chrono::steady_clock::now() - begun < std::chrono::seconds(20));
  CHECK(timed.f >= 1);
}
