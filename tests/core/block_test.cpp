#include "mobula/core/block.hpp"

#include <string>
#include <vector>

#include "mobula/mobula.hpp"
#include "support/catch.hpp"

namespace mb = mobula;
using namespace std::chrono_literals;

namespace {

int nested(int depth) { return depth == 0 ? 0 : 1 + mb::get(mb::remote(nested)(depth - 1)); }

int fib(int n) {
  if (n < 2) return n;
  auto const a = mb::remote(fib)(n - 1);
  auto const b = mb::remote(fib)(n - 2);
  return mb::get(a) + mb::get(b);
}

mb::task<int> sleep_long() {
  co_await mb::sleep_for(24h);
  co_return 1;
}

}  // namespace

TEST_CASE("nested blocking get of depth 1,000 finishes on one worker", "[core]") {
  mb::runtime rt({.num_cpus = 1});
  CHECK(mb::get(mb::remote(nested)(1000)) == 1000);
}

TEST_CASE("nested blocking get finishes with the smallest stacks", "[core]") {
  mb::runtime rt({.num_cpus = 2, .stack_size = 1});
  CHECK(mb::get(mb::remote(nested)(300)) == 300);
}

TEST_CASE("nested blocking get finishes in any order of tasks", "[core]") {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    mb::manual_runtime rt({.seed = seed});
    REQUIRE(mb::get(mb::remote(fib)(9)) == 34);
  }
}

TEST_CASE("tasks that block move between workers unharmed", "[core]") {
  for (unsigned workers : {1U, 2U, 4U}) {
    mb::runtime rt({.num_cpus = workers});
    CHECK(mb::get(mb::remote(fib)(16)) == 987);
  }
}

TEST_CASE("a blocked task holds no worker", "[core]") {
  mb::runtime rt({.num_cpus = 1});
  auto const asleep = mb::remote(sleep_long)();
  std::vector<mb::future<int>> blocked;
  for (int i = 0; i < 100; ++i) blocked.push_back(mb::remote([asleep] { return mb::get(asleep); })());
  CHECK(mb::get(mb::remote([] { return 7; })()) == 7);
  rt.shutdown(mb::on_shutdown::drop);
  for (auto const& f : blocked) CHECK_THROWS_AS(mb::get(f), mb::cancelled);
}

TEST_CASE("more blocked tasks than stacks throw too_many_blocked, which names the ways out", "[core]") {
  mb::runtime rt({.num_cpus = 1, .max_blocked = 3});
  auto const asleep = mb::remote(sleep_long)();
  std::vector<mb::future<int>> tasks;
  for (int i = 0; i < 10; ++i) tasks.push_back(mb::remote([asleep] { return mb::get(asleep); })());
  auto const [ready, pending] = mb::wait(tasks, {.num_returns = 7});
  CHECK(pending.size() == 3);
  for (auto const& f : ready) {
    CHECK_THROWS_AS(mb::get(f), mb::too_many_blocked);
    CHECK_THROWS_WITH(mb::get(f), Catch::Contains("co_await") && Catch::Contains("max_blocked"));
  }
  CHECK(mb::get(mb::remote([] { return 7; })()) == 7);
  rt.shutdown(mb::on_shutdown::drop);
  for (auto const& f : pending) CHECK_THROWS_AS(mb::get(f), mb::cancelled);
}

TEST_CASE("stacks of tasks that no longer block are used again", "[core]") {
  mb::runtime rt({.num_cpus = 1, .max_blocked = 4});
  for (int i = 0; i < 200; ++i) {
    auto const f = mb::remote([] {
      auto const soon = mb::remote([]() -> mb::task<> { co_await mb::sleep_for(1us); })();
      mb::get(soon);
      return 1;
    })();
    REQUIRE(mb::get(f) == 1);
  }
}
