#include <cmath>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "mobula/cma/optimizer.hpp"
#include "support/catch.hpp"

namespace cma = mobula::cma;

namespace {

constexpr double inf = std::numeric_limits<double>::infinity();
constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

bool is_finite(const cma::optimizer& es) {
  const cma::result r = es.result();
  return r.x.allFinite() && r.mean.allFinite() && r.stds.allFinite() && std::isfinite(r.sigma) && r.sigma > 0;
}

// What the constructor says against its arguments.
std::string complaint(const std::function<void()>& make) {
  try {
    make();
  } catch (const std::invalid_argument& error) { return error.what(); }
  return "";
}

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("a generation of nothing but NaN or infinity leaves the state finite", "[cma]") {
  for (const double bad : {not_a_number, inf, -inf}) {
    cma::optimizer es({1, 2, 3, 4}, 0.5, {.popsize = 8});
    for (int i = 0; i < 500; ++i) {
      es.ask();
      es.tell(std::vector<double>(8, bad));
      REQUIRE(is_finite(es));
      REQUIRE(es.ask().allFinite());
    }
  }
}

TEST_CASE("infeasible candidates rank last, and the search still gets there", "[cma]") {
  cma::optimizer es({3, 3, 3}, 0.5, {.ftarget = 1e-8, .maxfevals = 5000});
  while (!es.stop()) {
    std::vector<double> values;
    for (auto x : es.ask().colwise()) values.push_back(x[0] < -0.5 ? not_a_number : x[1] > 3.2 ? inf : x.squaredNorm());
    es.tell(values);
  }
  CHECK(es.stop().contains("ftarget"));
  CHECK(is_finite(es));
}

TEST_CASE("NaN never becomes the best value", "[cma]") {
  cma::optimizer es({1, 1}, 0.5, {.popsize = 3});
  const Eigen::MatrixXd xs = es.ask();
  es.tell({not_a_number, 7, inf});
  CHECK(es.result().f == 7);
  CHECK(es.result().x == xs.col(1));
}

TEST_CASE("the state stays finite long after the search has converged", "[cma]") {
  cma::optimizer es(Eigen::VectorXd::Constant(5, 1.0), 1.0);
  for (int i = 0; i < 20'000; ++i) {
    std::vector<double> values;
    for (auto x : es.ask().colwise())
      values.push_back(x.cwiseAbs2().dot(Eigen::Matrix<double, 5, 1>(1, 1e3, 1e6, 1e9, 1e12)));
    es.tell(values);
  }
  CHECK(es.stop());
  CHECK(is_finite(es));
}

TEST_CASE("bad arguments are turned down with what is wrong and what is right", "[cma]") {
  const std::vector<double> x0{1, 2};
  const auto sigma = [&](double s) { return complaint([&] { cma::optimizer(x0, s); }); };
  CHECK(has(sigma(0), "sigma0 is 0; it must be greater than 0"));
  CHECK(has(sigma(-1), "sigma0 is -1"));
  CHECK(has(sigma(not_a_number), "sigma0 is nan"));
  CHECK(has(sigma(inf), "sigma0 is inf"));
  CHECK(has(sigma(2e150), "sigma0 is 2e+150; it must be greater than 0: from 1e-300 to 1e+150"));
  CHECK(has(sigma(1e-301), "sigma0 is 1e-301"));
  CHECK(cma::optimizer(x0, 1e150).sigma() == 1e150);
  CHECK(has(complaint([] { cma::optimizer(std::vector<double>{}, 1); }), "length of x0 is 0; it must be at least 1"));
  CHECK(has(complaint([] { cma::optimizer({1, not_a_number}, 1); }), "x0[1] is nan; it must be finite"));
  CHECK(has(complaint([] { cma::optimizer(Eigen::MatrixXd::Ones(2, 2), 1); }), "must be a vector"));

  const auto option = [&](const cma::options& o) { return complaint([&] { cma::optimizer(x0, 1, o); }); };
  CHECK(has(option({.popsize = 1}), "popsize is 1; it must be at least 2"));
  CHECK(has(option({.popsize = -4}), "popsize is -4"));
  CHECK(has(option({.popsize = 1e12}), "popsize is 1e+12; it must be at least 2 and at most 16777216, or 0"));
  CHECK(has(option({.maxfevals = 1234567.5}), "maxfevals is 1234567.5"));
  cma::options wide;  // written in the call, g++ 12 takes the bounds for uninitialised
  wide.stds = 1e200;
  CHECK(has(option(wide), "sigma0 times stds[0] is 1e+200; it must be from 1e-300 to 1e+150"));
  CHECK(has(option({.mirrors = 4}), "mirrors is 4; it must be half of popsize at most, which is 3"));
  CHECK(has(option({.popsize = 2.5}), "popsize is 2.5"));
  CHECK(has(option({.popsize = inf}), "popsize is inf"));
  CHECK(has(option({.ftarget = not_a_number}), "ftarget is nan"));
  CHECK(has(option({.maxfevals = -1}), "maxfevals is -1"));
  CHECK(has(option({.maxiter = 0.5}), "maxiter is 0.5"));
  CHECK(has(option({.tolx = -1}), "tolx is -1; it must be 0 (off) or greater"));
  CHECK(has(option({.tolfun = not_a_number}), "tolfun is nan"));
  CHECK(has(option({.tolfunhist = -1}), "tolfunhist"));
  CHECK(has(option({.tolflatfitness = -1}), "tolflatfitness"));
  CHECK(has(option({.tolfacupx = not_a_number}), "tolfacupx"));
  CHECK(has(option({.tolupsigma = -1}), "tolupsigma"));
  CHECK(has(option({.tolconditioncov = not_a_number}), "tolconditioncov"));
}

TEST_CASE("telling without asking, or the wrong number of values, changes nothing", "[cma]") {
  cma::optimizer es({1, 2}, 0.5, {.popsize = 6});
  CHECK(has(complaint([&] { es.tell(std::vector<double>(6)); }), "call ask before each tell"));
  const Eigen::MatrixXd xs = es.ask();
  CHECK(has(complaint([&] { es.tell(std::vector<double>(5)); }), "expected 6 values"));
  CHECK(has(complaint([&] { es.tell(std::vector<float>(7)); }), "got 7"));
  CHECK(has(complaint([&] { es.tell(Eigen::VectorXd(Eigen::VectorXd::Zero(3))); }), "got 3"));
  CHECK(has(complaint([&] { es.tell({}); }), "got 0"));
  CHECK(es.ask() == xs);
  CHECK(es.evaluations() == 0);
  es.tell({1, 2, 3, 4, 5, 6});
  CHECK(has(complaint([&] { es.tell({1, 2, 3, 4, 5, 6}); }), "call ask before each tell"));
  CHECK(es.evaluations() == 6);
}
