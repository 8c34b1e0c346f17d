#include "mobula/cma/minimize.hpp"

#include <chrono>
#include <span>
#include <stdexcept>
#include <vector>

#include "support/catch.hpp"

namespace cma = mobula::cma;

namespace {

constexpr cma::options settings = {.seed = 3, .ftarget = 1e-10};

double of_vector(const Eigen::VectorXd& x) { return x.squaredNorm(); }
double of_ref(const Eigen::Ref<const Eigen::VectorXd>& x) { return x.squaredNorm(); }

double of_span(std::span<const double> x) {
  double sum = 0;
  for (const double value : x) sum += value * value;
  return sum;
}

double of_std_vector(const std::vector<double>& x) { return of_span(x); }

// Coroutines that look at their parameter only after they have been suspended.
mobula::task<double> later_of_vector(const Eigen::VectorXd& x) {
  co_await mobula::sleep_for(std::chrono::microseconds(1));
  co_return x.squaredNorm();
}
mobula::task<double> later_of_span(std::span<const double> x) {
  co_await mobula::sleep_for(std::chrono::microseconds(1));
  co_return of_span(x);
}
mobula::task<double> later_of_std_vector(const std::vector<double>& x) {
  co_await mobula::sleep_for(std::chrono::microseconds(1));
  co_return of_span(x);
}

}  // namespace

TEST_CASE("a function may take its candidate as any kind of vector", "[cma]") {
  const mobula::runtime runtime({.num_cpus = 2});
  const Eigen::VectorXd x0 = Eigen::VectorXd::Constant(5, 2.0);
  const cma::result reference = cma::minimize(of_vector, x0, 0.5, settings);
  CHECK(reference.f <= 1e-10);
  CHECK(cma::minimize(of_ref, x0, 0.5, settings).f <= 1e-10);
  CHECK(cma::minimize(of_span, x0, 0.5, settings).f <= 1e-10);
  CHECK(cma::minimize(of_std_vector, x0, 0.5, settings).f <= 1e-10);
  CHECK(cma::minimize([](const auto& x) { return x.squaredNorm(); }, x0, 0.5, settings).x == reference.x);
  CHECK(cma::minimize(of_vector, {2, 2, 2, 2, 2}, 0.5, settings).x == reference.x);
}

TEST_CASE("a coroutine's candidate lives until the coroutine ends", "[cma]") {
  const mobula::runtime runtime({.num_cpus = 2});
  const std::vector<double> x0{1, 2, 3};
  constexpr cma::options quick = {.maxiter = 20};
  const cma::result reference = cma::minimize(of_span, x0, 0.5, quick);
  CHECK(cma::minimize(later_of_span, x0, 0.5, quick).x == reference.x);
  CHECK(cma::minimize(later_of_std_vector, x0, 0.5, quick).x == reference.x);
  CHECK(cma::minimize(later_of_vector, x0, 0.5, quick).iterations == 20);
}

TEST_CASE("the number of workers does not change the result", "[cma]") {
  const auto run = [](unsigned workers) {
    const mobula::runtime runtime({.num_cpus = workers});
    return cma::minimize(of_vector, {1, 2, 3, 4}, 0.5, {.popsize = 50, .seed = 5, .maxiter = 60});
  };
  const cma::result one = run(1);
  for (const unsigned workers : {2U, 10U}) {
    const cma::result many = run(workers);
    CHECK(one.x == many.x);
    CHECK(one.mean == many.mean);
    CHECK(one.sigma == many.sigma);
  }
}

TEST_CASE("what the function throws comes out of minimize", "[cma]") {
  const mobula::runtime runtime({.num_cpus = 2});
  const auto fails = [](const Eigen::VectorXd&) -> double { throw std::domain_error("no"); };
  CHECK_THROWS_AS(cma::minimize(fails, {1, 2}, 0.5), std::domain_error);
}

TEST_CASE("an evaluation that throws ranks last, unless all do", "[cma]") {
  const mobula::runtime runtime({.num_cpus = 2});
  const auto half = [](const Eigen::VectorXd& x) {
    if (x[0] < 0.5) throw std::domain_error("outside");
    return x.squaredNorm();
  };
  const cma::result r = cma::minimize(half, {1, 2}, 0.5, settings);
  CHECK(r.f >= 0.25);
  CHECK(r.f < 0.2501);
}

TEST_CASE("failed evaluations may be drawn anew, or end the search with what they threw", "[cma]") {
  const mobula::runtime runtime({.num_cpus = 2});
  const auto half = [](const Eigen::VectorXd& x) {
    if (x[0] < 0.5) throw std::domain_error("outside");
    return x.squaredNorm();
  };
  cma::options policy = {.seed = 3, .maxiter = 200, .on_failure = cma::failure_policy::resample};
  const cma::result r = cma::minimize(half, {1, 2}, 0.5, policy);
  CHECK(r.f < 0.2501);
  CHECK(r.evaluations > r.iterations * 6);
  policy.on_failure = cma::failure_policy::stop;
  CHECK_THROWS_AS(cma::minimize(half, {1, 2}, 0.5, policy), std::domain_error);
}

TEST_CASE("minimize can be awaited, and called in tasks", "[cma]") {
  const mobula::runtime runtime({.num_cpus = 2});
  const cma::result reference = cma::minimize(of_vector, {1, 2, 3}, 0.5, settings);
  const std::vector<double> x0{1, 2, 3};
  const auto coroutine = [&]() -> mobula::task<bool> {
    const cma::result r = co_await cma::async_minimize(of_vector, x0, 0.5, settings);
    co_return r.x == reference.x;
  };
  CHECK(mobula::get(mobula::remote(coroutine)()));
  const auto in_task = [&] { return cma::minimize(of_span, x0, 0.5, settings).f; };
  CHECK(mobula::get(mobula::remote(in_task)()) <= 1e-10);
}

TEST_CASE("an evaluation may keep state, and know whether its result is still of use", "[cma]") {
  const mobula::manual_runtime runtime;
  auto counts = [calls = 0](const Eigen::VectorXd& x, const std::stop_token& stop) mutable {
    CHECK_FALSE(stop.stop_requested());
    return x.squaredNorm() + 0 * ++calls;
  };
  CHECK(cma::minimize(counts, {1, 2, 3}, 0.5, settings).f <= 1e-10);
}
