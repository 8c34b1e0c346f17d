#include <algorithm>
#include <chrono>
#include <cmath>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "cma/engine_run.hpp"
#include "cma/test_data.hpp"
#include "support/catch.hpp"

namespace cma = mobula::cma;
using cma::criterion;
using cma_test::has;
using cma_test::infinity;
using cma_test::never;
using cma_test::sphere;
using cma_test::step;

namespace {

constexpr double start[] = {1, 1, 1, 1};

// The sequences of values of data/make_reference.py: generation i from 1, candidate k from 0.
double value(const std::string& name, int i, int k) {
  if (name == "halving") return std::pow(2.0, -i) * (1 + k);
  if (name == "slow") return 1 + std::pow(0.9, i) * (1 + 0.1 * k);
  if (name == "noisy") return 1 + 0.1 * std::sin(1.7 * i + 2.3 * k);
  if (name == "flat") return std::max(0.0, 30.0 - i) * (1 + k);
  if (name == "rising") return i + 0.01 * k;
  return std::max(k, 6) - 6 + (i < 50 ? 1 : 0) * k;
}

// The first generation after which each criterion holds.
std::map<std::string, int> first_generations(const std::string& name) {
  cma::options settings;
  settings.popsize = 8;
  settings.maxiter = infinity;
  settings.tolfunrel = 1e-3;
  settings.tolflatfitness = 5;
  cma::engine es(std::vector<double>(4, 0.0), 1.0, settings);
  std::map<std::string, int> first;
  for (int i = 1; i <= 1500; ++i) {
    es.ask();
    std::vector<double> values;
    for (int k = 0; k < 8; ++k) values.push_back(value(name, i, k));
    es.tell(values);
    for (const cma::stop_reason& reason : es.stop()) first.emplace(reason.name(), i);
  }
  return first;
}

cma::stop_reasons reasons(const cma::options& settings, const cma_test::objective& f, int generations = 3000) {
  cma::engine es(start, 1.0, settings);
  for (int i = 0; i < generations && !es.stop(); ++i) step(es, f);
  return es.stop();
}

double flat(cma_test::point) { return 1; }
double falling(cma_test::point x) { return -x[0]; }

}  // namespace

TEST_CASE("criteria that look at values hold from the same generation on as with pycma", "[cma]") {
  const auto rows = cma_test::read_csv("pycma-4.5-stop.csv");
  REQUIRE(rows.size() == 6);
  for (const cma_test::row& row : rows) {
    const auto ours = first_generations(row.at("sequence"));
    for (const std::string name : {"tolfun", "tolfunhist", "tolfunrel", "tolstagnation", "tolflatfitness"}) {
      CAPTURE(row.at("sequence"), name);
      CHECK((ours.contains(name) ? ours.at(name) : 0) == std::stoi(row.at(name)));
    }
  }
}

TEST_CASE("each criterion can be the only one", "[cma]") {
  const auto only = [](criterion which, cma::options settings, const cma_test::objective& f) {
    const cma::stop_reasons found = reasons(settings, f);
    CAPTURE(cma::name(which), to_string(found));
    CHECK(found.size() == 1);
    CHECK(found.contains(which));
  };
  using change = std::function<void(cma::options&)>;
  const auto with = [](const change& set) {
    cma::options settings = never();
    set(settings);
    return settings;
  };
  only(criterion::timeout, with([](auto& o) { o.timeout = std::chrono::nanoseconds(1); }), flat);
  only(criterion::tolfunrel, with([](auto& o) { o.tolfunrel = 1e-6; }), sphere);
  only(criterion::tolstagnation, with([](auto& o) { o.tolstagnation = 200; }), flat);
  only(criterion::tolxstagnation, with([](auto& o) { o.tolxstagnation = 1e-3; }), sphere);
  only(criterion::tolflatfitness, with([](auto& o) { o.tolflatfitness = 2; }), flat);
  only(criterion::noeffectcoord, with([](auto& o) { o.noeffectcoord = 1e-8; }),
       [](cma_test::point x) { return sphere(x) + 4 - 2 * (x[0] + x[1] + x[2] + x[3]); });
  only(criterion::noeffectaxis, with([](auto& o) { o.noeffectaxis = 1e-8; }),
       [](cma_test::point x) { return sphere(x) + 4 - 2 * (x[0] + x[1] + x[2] + x[3]); });
  only(criterion::tolfacupx, with([](auto& o) { o.tolfacupx = 1e3; }), falling);
}

TEST_CASE("with all criteria off nothing stops a run", "[cma]") {
  CHECK(!reasons(never(), flat, 1500));
  CHECK(!reasons(never(), sphere, 1500));
  CHECK(!reasons(never(), falling, 1500));
}

TEST_CASE("the user's own reason stops a run, and stays", "[cma]") {
  cma::engine es(start, 1.0, {});
  es.ask();
  es.request_stop("the budget is spent");
  CHECK(to_string(es.stop()) == "callback: the budget is spent");
  step(es, sphere);
  step(es, sphere);
  CHECK(es.stop().contains("callback"));
  CHECK(es.stop().message() == "the budget is spent");
  es.request_stop("");
  CHECK(to_string(es.stop()) == "callback");
}

TEST_CASE("reasons stand in the order of the criteria", "[cma]") {
  const cma::stop_reasons found = reasons({.maxiter = 1, .tolx = 10, .tolfun = 1e9, .tolfunhist = 1e9}, sphere);
  CHECK(found.size() >= 3);
  CHECK(std::is_sorted(found.begin(), found.end(), [](auto& a, auto& b) { return a.which < b.which; }));
}

TEST_CASE("criteria can be changed while a run goes on", "[cma]") {
  cma::engine es(start, 1.0, {.popsize = 6, .maxiter = 2});
  while (!es.stop()) step(es, sphere);
  CHECK(es.iterations() == 2);
  cma::options more = es.settings();
  more.maxiter = 5;
  more.popsize = 99;
  es.set_criteria(more);
  step(es, sphere);
  CHECK(!es.stop());
  CHECK(es.settings().popsize == 6);
  while (!es.stop()) step(es, sphere);
  CHECK(es.iterations() == 5);
  more.tolx = -1;
  CHECK(has(cma_test::complaint([&] { es.set_criteria(more); }), "tolx is -1"));
  CHECK(es.settings().tolx == 1e-11);
}

TEST_CASE("a result says when its best was found", "[cma]") {
  cma::engine es(start, 1.0, {.popsize = 4});
  const auto tell = [&](std::vector<double> values) {
    es.ask();
    es.tell(values);
  };
  CHECK(es.best_evaluation() == 0);
  tell({5, 4, 6, 7});
  CHECK(es.best_evaluation() == 2);
  CHECK(es.best_iteration() == 1);
  tell({5, 4, 6, 7});
  CHECK(es.best_evaluation() == 2);
  tell({5, 4, 3, 7});
  CHECK(es.best_evaluation() == 11);
  CHECK(es.best_iteration() == 3);
}

TEST_CASE("criteria that make no sense are turned down", "[cma]") {
  const auto option = [](const cma::options& o) { return cma_test::complaint([&] { cma::engine(start, 1, o); }); };
  CHECK(has(option({.timeout = std::chrono::seconds(-1)}), "timeout is -1"));
  CHECK(has(option({.tolfunrel = -1}), "tolfunrel"));
  CHECK(has(option({.tolstagnation = 0.5}), "tolstagnation"));
  CHECK(has(option({.tolxstagnation = -1}), "tolxstagnation"));
  CHECK(has(option({.noeffectaxis = -1}), "noeffectaxis"));
  CHECK(has(option({.noeffectcoord = cma_test::not_a_number}), "noeffectcoord"));
}
