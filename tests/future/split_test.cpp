#include "support/catch.hpp"

#include <mobula/mobula.hpp>

#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>
#include <tuple>
#include <utility>

namespace mb = mobula;
using namespace std::chrono_literals;

namespace {

std::tuple<int, int> divide(int a, int b) {
  if (b == 0) throw std::domain_error("by zero");
  return {a / b, a % b};
}

}  // namespace

TEST_CASE("each result has a future of its own, which can be a dependency") {
  mb::manual_runtime rt;
  auto [q, r] = mb::split(mb::remote(divide)(7, 2));
  auto twice = mb::remote([](int x) { return 2 * x; })(q);
  CHECK(mb::get(twice) == 6);
  CHECK(mb::get(r) == 1);
}

TEST_CASE("results of a task that is over are ready at once") {
  mb::manual_runtime rt;
  auto f = mb::remote(divide)(7, 2);
  rt.run_until_idle();
  auto [q, r] = mb::split(f);
  CHECK(q.ready());
  CHECK(mb::get(r) == 1);
  CHECK(mb::get(f) == std::tuple(3, 1));  // that future stays
}

TEST_CASE("if the task fails, so do all, as it did") {
  mb::manual_runtime rt;
  auto [q, r] = mb::split(mb::remote(divide).options({.name = "divide"})(1, 0));
  CHECK_THROWS_AS(mb::get(q), std::domain_error);
  CHECK(r.failure()->task() == "divide");
}

TEST_CASE("results that can't be copied are moved out of the last future, and references stay what they are") {
  mb::manual_runtime rt;
  int n = 1;
  auto const make = [&] { return std::tuple<std::unique_ptr<int>, int&, std::string>(new int(5), n, "x"); };
  auto [p, r, s] = mb::split(mb::remote(make)());
  CHECK(*mb::get(std::move(p)) == 5);
  CHECK(&mb::get(r) == &n);
  CHECK(mb::get(s) == "x");
  auto kept = mb::remote(make)();
  auto parts = mb::split(kept);
  CHECK_THROWS_AS(mb::get(std::get<0>(parts)), mb::error);
}

TEST_CASE("a pair is split too, and a result may be dropped") {
  mb::manual_runtime rt;
  auto [a, b] = mb::split(mb::remote([] { return std::pair(1, std::string("x")); })());
  a = {};
  CHECK(mb::get(b) == "x");
}

TEST_CASE("to cancel one result cancels the task") {
  mb::manual_runtime rt;
  auto const slow = []() -> mb::task<std::tuple<int, int>> {
    co_await mb::sleep_for(1h);
    co_return std::tuple(1, 2);
  };
  auto [a, b] = mb::split(mb::remote(slow).options({.cancellable = true})());
  rt.run_until_idle();
  mb::cancel(b);
  rt.run_until_idle();
  REQUIRE(a.ready());
  CHECK_THROWS_AS(mb::get(a), mb::cancelled);
  mb::cancel(a);
}

TEST_CASE("to split a handle to nothing throws") {
  CHECK_THROWS_AS(mb::split(mb::future<std::tuple<int, int>>()), mb::error);
}

TEST_CASE("several results of an actor's method are split too") {
  struct numbers {
    std::pair<int, int> both() { return {1, 2}; }
  };
  mb::manual_runtime rt;
  auto const a = mb::make_actor<numbers>();
  auto [one, two] = mb::split(a.call<&numbers::both>());
  CHECK(mb::get(one) == 1);
  CHECK(mb::get(two) == 2);
}
