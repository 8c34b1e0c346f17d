#include "mobula/cma/stop.hpp"

#include <cmath>
#include <functional>
#include <limits>
#include <sstream>
#include <vector>

#include "mobula/cma/optimizer.hpp"
#include "support/catch.hpp"

namespace cma = mobula::cma;
using cma::criterion;

namespace {

using function = std::function<double(const Eigen::VectorXd&)>;

double sphere(const Eigen::VectorXd& x) { return x.squaredNorm(); }

// Runs until a criterion fires.
cma::result run(const function& f, double x0, double sigma0, const cma::options& settings, Eigen::Index n = 4) {
  cma::optimizer es(Eigen::VectorXd::Constant(n, x0), sigma0, settings);
  while (!es.stop() && es.iterations() < 100'000) {
    std::vector<double> values;
    for (auto x : es.ask().colwise()) values.push_back(f(x));
    es.tell(values);
  }
  return es.result();
}

// Everything off but maxiter.
constexpr cma::options none = {.tolx = 0,
                               .tolfun = 0,
                               .tolfunhist = 0,
                               .tolflatfitness = std::numeric_limits<double>::infinity(),
                               .tolfacupx = 0,
                               .tolupsigma = 0,
                               .tolconditioncov = 0};

cma::options only(const std::function<void(cma::options&)>& change) {
  cma::options settings = none;
  change(settings);
  return settings;
}

}  // namespace

TEST_CASE("without a reason the answer is no, with a reason it is yes", "[cma]") {
  cma::stop_reasons reasons;
  CHECK(!reasons);
  CHECK(reasons.empty());
  reasons.add({criterion::tolx, 1e-11, 3e-12});
  CHECK(reasons);
  CHECK(reasons.size() == 1);
  CHECK(reasons.begin()->name() == "tolx");
  CHECK(reasons.contains("tolx"));
  CHECK(reasons.contains(criterion::tolx));
  CHECK(!reasons.contains("tolfun"));
}

TEST_CASE("reasons print their names, values and thresholds", "[cma]") {
  cma::stop_reasons reasons;
  CHECK(to_string(reasons) == "no criterion fired");
  reasons.add({criterion::maxiter, 100, 100});
  reasons.add({criterion::tolx, 1e-11, 3e-12});
  std::ostringstream out;
  out << reasons;
  CHECK(out.str() == "maxiter: 100 (threshold 100), tolx: 3e-12 (threshold 1e-11)");
}

TEST_CASE("numbers in reasons are the shortest that come back exactly", "[cma]") {
  cma::stop_reasons reasons;
  reasons.add({criterion::maxfevals, 1234567, 1234568});
  reasons.add({criterion::tolfun, 0.1, 1.0 / 3});
  CHECK(to_string(reasons) == "maxfevals: 1234568 (threshold 1234567), tolfun: 0.3333333333333333 (threshold 0.1)");
}

TEST_CASE("a run stops in the very generation that reaches maxfevals", "[cma]") {
  for (const auto& [budget, evaluations] : {std::pair{99, 100}, {100, 100}, {101, 110}, {1, 10}}) {
    CAPTURE(budget);
    const cma::result r = run(sphere, 1, 1, only([b = budget](auto& o) {
                                o.popsize = 10;
                                o.maxfevals = b;
                              }));
    CHECK(r.evaluations == evaluations);
  }
}

TEST_CASE("asking for a criterion that does not exist is an error", "[cma]") {
  CHECK_THROWS_AS(cma::stop_reasons{}.contains("tolfum"), std::invalid_argument);
}

TEST_CASE("each criterion fires by itself on the function it is meant for", "[cma]") {
  const auto stops_by = [](criterion which, const cma::result& r) {
    CAPTURE(cma::name(which), to_string(r.stop));
    CHECK(r.stop.size() == 1);
    CHECK(r.stop.contains(which));
  };
  const auto far = [](const Eigen::VectorXd& x) { return -x[0]; };
  const auto flat = [](const Eigen::VectorXd&) { return 1.0; };
  const auto needle = [](const Eigen::VectorXd& x) { return std::abs(x[0]) + 1e-12 * x.tail(3).norm(); };
  stops_by(criterion::ftarget, run(sphere, 1, 1, only([](auto& o) { o.ftarget = 1e-3; })));
  stops_by(criterion::maxfevals, run(sphere, 1, 1, only([](auto& o) { o.maxfevals = 100; })));
  stops_by(criterion::maxiter, run(sphere, 1, 1, only([](auto& o) { o.maxiter = 12; })));
  stops_by(criterion::tolx, run(sphere, 0, 1, only([](auto& o) { o.tolx = 1e-5; })));
  stops_by(criterion::tolfun, run(sphere, 0, 1, only([](auto& o) { o.tolfun = 1e-5; })));
  stops_by(criterion::tolfunhist, run(sphere, 0, 1, only([](auto& o) { o.tolfunhist = 1e-5; })));
  stops_by(criterion::tolflatfitness, run(flat, 0, 1, only([](auto& o) { o.tolflatfitness = 3; })));
  stops_by(criterion::tolfacupx, run(far, 0, 1, only([](auto& o) { o.tolfacupx = 1e3; })));
  stops_by(criterion::tolupsigma, run(far, 0, 1, only([](auto& o) { o.tolupsigma = 1e3; })));
  stops_by(criterion::tolconditioncov, run(needle, 1, 1, only([](auto& o) { o.tolconditioncov = 1e6; })));
}

TEST_CASE("the search stops when steps vanish against the mean", "[cma]") {
  const cma::result r =
      run([](const Eigen::VectorXd& x) { return (x.array() - 1e6).matrix().squaredNorm(); }, 1e6, 1, none);
  CHECK((r.stop.contains(criterion::noeffectaxis) || r.stop.contains(criterion::noeffectcoord)));
}

TEST_CASE("a maxiter that is not set follows from dimension and population size", "[cma]") {
  const cma::optimizer es(Eigen::VectorXd::Ones(10), 1.0, {.popsize = 16});
  CHECK(es.settings().maxiter == 100 + std::floor(150 * 13 * 13 / 4.0));
}

TEST_CASE("the default criteria end a converged, a flat and a hopeless run", "[cma]") {
  CHECK(run(sphere, 1, 1, {}).stop);
  CHECK(run([](const Eigen::VectorXd&) { return 0.0; }, 1, 1, {}).stop);
  CHECK(run([](const Eigen::VectorXd& x) { return -x.sum(); }, 1, 1, {}).stop);
  CHECK(run([](const Eigen::VectorXd&) { return std::numeric_limits<double>::quiet_NaN(); }, 1, 1, {}).stop);
}
