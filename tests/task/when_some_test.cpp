#include "mobula/task/when_some.hpp"

#include <stdexcept>
#include <vector>

#include "mobula/mobula.hpp"
#include "support/catch.hpp"

namespace mb = mobula;
using namespace std::chrono_literals;

namespace {

mb::task<int> after(mb::detail::duration d, int x) {
  co_await mb::sleep_for(d);
  co_return x;
}

// Five tasks that end after 5, 4, 3, 2 and 1 seconds.
std::vector<mb::future<int>> five() {
  std::vector<mb::future<int>> futures;
  for (int i = 0; i < 5; ++i) futures.push_back(mb::remote(after)((5 - i) * 1s, i));
  return futures;
}

mb::task<std::vector<int>> some_of_five(mb::wait_options options) {
  auto const futures = five();
  auto const [ready, pending] = co_await mb::when_some(futures, options);
  if (ready.size() + pending.size() != 5) throw std::logic_error("some were lost");
  co_return co_await mb::when_all(ready);
}

}  // namespace

TEST_CASE("when_some is there when as many are ready as asked for, and no later", "[task]") {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    mb::manual_runtime rt({.seed = seed});
    REQUIRE(mb::get(some_of_five({.num_returns = 3})) == std::vector{2, 3, 4});
    REQUIRE(rt.now().time_since_epoch() == 3s);
    REQUIRE(mb::get(some_of_five({.num_returns = 2, .timeout = 1h})) == std::vector{3, 4});
    REQUIRE(rt.now().time_since_epoch() == 5s);
  }
}

TEST_CASE("after a timeout when_some gives what is ready", "[task]") {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    mb::manual_runtime rt({.seed = seed});
    REQUIRE(mb::get(some_of_five({.num_returns = 4, .timeout = 3s - 1ns})) == std::vector{3, 4});
    REQUIRE(rt.now().time_since_epoch() == 3s - 1ns);
    REQUIRE(mb::get(some_of_five({.num_returns = 4, .timeout = 0s})).empty());
    REQUIRE(rt.now().time_since_epoch() == 3s - 1ns);
  }
}

TEST_CASE("when_some says which numbers of returns it takes, and gives nothing of nothing", "[task]") {
  mb::manual_runtime rt;
  auto const futures = five();
  CHECK_THROWS_AS(mb::when_some(futures, {.num_returns = 6}), std::invalid_argument);
  CHECK_THROWS_AS(mb::when_some(futures, {.num_returns = 0}), std::invalid_argument);
  CHECK(mb::get(mb::when_some(std::vector<mb::future<int>>())).ready.empty());
}

TEST_CASE("when_some can be a branch of a select, and have a limit from outside", "[task]") {
  mb::manual_runtime rt;
  auto const futures = five();
  auto const next = mb::get(mb::select(mb::when_some(futures, {.num_returns = 5}), mb::sleep_for(2s)));
  CHECK(next.index() == 1);
  CHECK_THROWS_AS(mb::get(mb::when_some(futures, {.num_returns = 5}), 1s), mb::timeout_error);
  CHECK(mb::get(mb::when_some(futures, {.num_returns = 5}), 2s).ready.size() == 5);
}

TEST_CASE("when_all is an operation: it takes a limit and part in a select", "[task]") {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    mb::manual_runtime rt({.seed = seed});
    auto const futures = five();
    REQUIRE_THROWS_AS(mb::get(mb::timeout(mb::when_all(futures), 4s)), mb::timeout_error);
    REQUIRE_THROWS_AS(mb::get(mb::when_all(futures), 1s - 1ns), mb::timeout_error);
    auto const next = mb::get(mb::select(mb::when_all(futures), mb::sleep_for(1h)));
    REQUIRE(std::get<0>(next) == std::vector{0, 1, 2, 3, 4});
  }
}
