#include <algorithm>
#include <cmath>
#include <vector>

#include "cma/engine_run.hpp"
#include "support/catch.hpp"

namespace cma = mobula::cma;
using cma_test::complaint;
using cma_test::fingerprint;
using cma_test::has;
using cma_test::sphere;
using cma_test::step;
using cma_test::values_of;

namespace {

using numbers = std::vector<double>;

constexpr double start[] = {3, 2, 1};

numbers copy(std::span<const double> xs) { return {xs.begin(), xs.end()}; }

double distance(std::span<const double> a, std::span<const double> b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += (a[i] - b[i]) * (a[i] - b[i]);
  return std::sqrt(sum);
}

}  // namespace

TEST_CASE("telling all candidates with their values, in any order, is telling the values", "[cma]") {
  cma::engine plain(start, 0.5, {.popsize = 6});
  cma::engine with_points(start, 0.5, {.popsize = 6});
  cma::engine reversed(start, 0.5, {.popsize = 6});
  for (int i = 0; i < 20; ++i) {
    step(plain, sphere);
    const numbers xs = copy(with_points.ask());
    with_points.tell(xs, values_of(sphere, xs, 3));
    numbers back;
    const std::span<const double> asked = reversed.ask();
    for (std::ptrdiff_t k = 6; k-- > 0;) back.insert(back.end(), asked.begin() + 3 * k, asked.begin() + 3 * k + 3);
    reversed.tell(back, values_of(sphere, back, 3));
    REQUIRE(fingerprint(with_points) == fingerprint(plain));
    REQUIRE(reversed.sigma() == plain.sigma());
  }
}

TEST_CASE("a part of the generation is enough, and the rest is forgotten", "[cma]") {
  cma::engine es(start, 0.5, {.popsize = 10, .seed = 3});
  for (int i = 0; i < 400 && es.best_f() > 1e-9; ++i) {
    const numbers xs = copy(es.ask().first(3 * 4));
    es.tell(xs, values_of(sphere, xs, 3));
  }
  CHECK(es.best_f() <= 1e-9);
  CHECK(es.evaluations() == 4 * es.iterations());
}

TEST_CASE("a generation of k solutions is one of a run with popsize k", "[cma]") {
  cma::engine part(start, 0.5, {.popsize = 10});
  cma::engine whole(start, 0.5, {.popsize = 4});
  const numbers xs = copy(part.ask().first(3 * 4));
  CHECK(copy(whole.ask()) == xs);
  part.tell(xs, values_of(sphere, xs, 3));
  step(whole, sphere);
  CHECK(copy(part.mean()) == copy(whole.mean()));
  CHECK(part.sigma() == whole.sigma());
  CHECK(copy(part.stds()) == copy(whole.stds()));
}

TEST_CASE("a solution may be told several times, with different values", "[cma]") {
  cma::engine es(start, 0.5, {.popsize = 4});
  numbers xs = copy(es.ask());
  xs.insert(xs.end(), xs.begin(), xs.begin() + 3);
  es.tell(xs, numbers{5, 4, 3, 2, 1});
  CHECK(es.best_f() == 1);
  CHECK(copy(es.best_x()) == numbers(xs.begin(), xs.begin() + 3));
  CHECK(es.best_evaluation() == 5);
  CHECK(es.evaluations() == 5);
  CHECK(std::isfinite(es.sigma()));
}

TEST_CASE("a good solution from outside draws the search, but not farther than a candidate might be", "[cma]") {
  cma::engine es(start, 0.1, {.popsize = 6});
  numbers xs = copy(es.ask());
  const numbers before = copy(es.mean());
  numbers fs = values_of(sphere, xs, 3);
  xs.insert(xs.end(), {-1000, -1000, -1000});
  fs.push_back(-1);
  es.tell(xs, fs);
  CHECK(es.best_f() == -1);
  CHECK(copy(es.best_x()) == numbers{-1000, -1000, -1000});
  const double longest = std::sqrt(3.0) + 2 * 3.0 / 5;  // of the paper, in standard deviations
  CHECK(distance(es.mean(), before) < 0.1 * longest);
  CHECK(distance(es.mean(), before) > 0);
}

TEST_CASE("bad solutions from outside do no harm", "[cma]") {
  cma::engine es(start, 0.5, {.popsize = 8, .seed = 2});
  int generations = 0;
  for (; generations < 400 && es.best_f() > 1e-9; ++generations) {
    numbers xs = copy(es.ask());
    xs.insert(xs.end(), {50, -50, 50, 1e6, 1e6, 1e6});
    es.tell(xs, values_of(sphere, xs, 3));
  }
  CHECK(es.best_f() <= 1e-9);
  CHECK(generations < 120);
}

TEST_CASE("values that come a generation late are learned from", "[cma]") {
  cma::engine es(start, 0.5, {.popsize = 8, .seed = 2});
  numbers late;
  int generations = 0;
  for (; generations < 600 && es.best_f() > 1e-9; ++generations) {
    const numbers xs = copy(es.ask());
    numbers told(xs.begin(), xs.begin() + 12);
    told.insert(told.end(), late.begin(), late.end());
    late.assign(xs.begin() + 12, xs.end());
    es.tell(told, values_of(sphere, told, 3));
  }
  CHECK(es.best_f() <= 1e-9);
  CHECK(generations < 200);
}

TEST_CASE("solutions can be told that nobody asked for", "[cma]") {
  cma::engine es(start, 0.5, {});
  es.tell(numbers{3, 2, 0, 3, 2, 1, 3, 2, 2}, numbers{0, 1, 2});
  CHECK(es.mean()[2] < 1);
  CHECK(es.iterations() == 1);
  CHECK(es.best_f() == 0);
}

TEST_CASE("an injected solution is the next candidate, as it is", "[cma]") {
  for (const double lower : {-cma_test::infinity, -3.0}) {
    cma::engine es(start, 0.5, {.popsize = 4, .bounds = {.lower = lower}});
    const numbers one{-2.9, 0.1, 0.2};
    const numbers two{1, 2, 3};
    es.inject(one);
    es.inject(two);
    const numbers xs = copy(es.ask());
    CHECK(numbers(xs.begin(), xs.begin() + 3) == one);
    CHECK(numbers(xs.begin() + 3, xs.begin() + 6) == two);
    es.tell(numbers{-7, 2, 3, 4});
    CHECK(copy(es.best_x()) == one);
    CHECK(copy(es.ask()) != xs);
  }
}

TEST_CASE("more solutions than a generation has wait for the one after", "[cma]") {
  cma::engine es(start, 0.5, {.popsize = 2});
  for (int i = 1; i <= 3; ++i) es.inject(numbers{1.0 * i, 0, 0});
  CHECK(copy(es.ask()) == numbers{1, 0, 0, 2, 0, 0});
  es.tell(numbers{1, 2});
  CHECK(numbers(es.ask().begin(), es.ask().begin() + 3) == numbers{3, 0, 0});
}

TEST_CASE("injecting the optimum makes a run shorter", "[cma]") {
  const auto generations = [](bool inject) {
    cma::engine es(start, 0.5, {.seed = 4});
    while (es.best_f() > 1e-9 || es.sigma() > 1e-5) {
      if (inject) es.inject(numbers{0, 0, 0});
      step(es, sphere);
    }
    return es.iterations();
  };
  CHECK(generations(true) < generations(false));
}

TEST_CASE("candidates one by one are those of the generation, and then more of them", "[cma]") {
  cma::engine es(start, 0.5, {.popsize = 4});
  cma::engine whole(start, 0.5, {.popsize = 4});
  numbers asked;
  for (int i = 0; i < 4; ++i) {
    const numbers x = copy(es.ask_one());
    asked.insert(asked.end(), x.begin(), x.end());
  }
  CHECK(asked == copy(whole.ask()));
  const numbers fifth = copy(es.ask_one());
  const numbers sixth = copy(es.ask_one());
  CHECK(fifth != sixth);
  numbers told = fifth;
  told.insert(told.end(), asked.begin(), asked.end());
  es.tell(told, values_of(sphere, told, 3));
  CHECK(es.iterations() == 1);
  CHECK(copy(es.ask_one()) != fifth);
}

TEST_CASE("what cannot be told changes nothing", "[cma]") {
  cma::engine es(start, 0.5, {.popsize = 4, .bounds = {.lower = 0}});
  const std::string before = fingerprint(es);
  const numbers xs = copy(es.ask());
  const auto told = [&](numbers points, numbers values) { return complaint([&] { es.tell(points, values); }); };
  CHECK(has(told({1, 2, 3}, {1}), "learns from 2 or more"));
  CHECK(has(told({1, 2, 3}, {1, 2}), "expected 3 x 2 numbers"));
  CHECK(has(told({1, 2, 3, 1, cma_test::not_a_number, 3}, {1, 2}), "solution 1[1] is nan; it must be finite"));
  CHECK(has(told({1, 2, 3, 1, 2, -3}, {1, 2}), "x[2] is -3"));
  CHECK(has(told({1, 2, 3, 1, 2, -3}, {1, 2}), "outside its bounds [0"));
  CHECK(has(complaint([&] { es.inject(numbers{1, 2}); }), "expected 3 numbers, and got 2"));
  CHECK(has(complaint([&] { es.inject(numbers{1, 2, -1}); }), "outside its bounds"));
  CHECK(fingerprint(es) == before);
  CHECK(copy(es.ask()) == xs);
}
