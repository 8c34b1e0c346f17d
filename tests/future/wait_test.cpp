#include "mobula/future/wait.hpp"

#include <array>
#include <list>
#include <stdexcept>
#include <thread>
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

std::vector<int> values(std::vector<mb::future<int>> const& futures) { return mb::get(futures); }

}  // namespace

TEST_CASE("wait returns when as many are ready as asked for, and no later", "[future]") {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    mb::manual_runtime rt({.seed = seed});
    auto const start = rt.now();
    auto const [ready, pending] = mb::wait(five(), {.num_returns = 3});
    REQUIRE(rt.now() - start == 3s);
    REQUIRE(values(ready) == std::vector{2, 3, 4});
    REQUIRE(values(pending) == std::vector{0, 1});
  }
}

TEST_CASE("by default wait waits for one", "[future]") {
  mb::manual_runtime rt;
  auto const [ready, pending] = mb::wait(five());
  CHECK(values(ready) == std::vector{4});
  CHECK(pending.size() == 4);
}

TEST_CASE("wait can wait for all", "[future]") {
  mb::manual_runtime rt;
  auto const [ready, pending] = mb::wait(five(), {.num_returns = 5});
  CHECK(values(ready) == std::vector{0, 1, 2, 3, 4});
  CHECK(pending.empty());
}

TEST_CASE("wait gives no more than it was asked for, the first in order, if more are ready", "[future]") {
  std::vector<mb::future<int>> const futures{mb::put(0), mb::put(1), mb::put(2)};
  auto const [ready, pending] = mb::wait(futures, {.num_returns = 2});
  CHECK(values(ready) == std::vector{0, 1});
  CHECK(values(pending) == std::vector{2});
}

TEST_CASE("after a timeout wait gives what is ready, to the nanosecond", "[future]") {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    mb::manual_runtime rt({.seed = seed});
    auto const start = rt.now();
    auto const futures = five();
    auto const [ready, pending] = mb::wait(futures, {.num_returns = 4, .timeout = 3s - 1ns});
    REQUIRE(rt.now() - start == 3s - 1ns);
    REQUIRE(values(ready) == std::vector{3, 4});
    REQUIRE(pending.size() == 3);
    auto const again = mb::wait(futures, {.num_returns = 3, .timeout = 1ns});
    REQUIRE(values(again.ready) == std::vector{2, 3, 4});
  }
}

TEST_CASE("wait with a timeout of zero looks without waiting or running anything", "[future]") {
  mb::manual_runtime rt;
  auto futures = five();
  futures.push_back(mb::put(9));
  auto const start = rt.now();
  auto const [ready, pending] = mb::wait(futures, {.num_returns = 6, .timeout = 0s});
  CHECK(rt.now() == start);
  CHECK(values(ready) == std::vector{9});
  CHECK(pending.size() == 5);
  CHECK(mb::wait(futures, {.num_returns = 6, .timeout = -1s}).ready.size() == 1);
}

TEST_CASE("a timeout that is not used up costs no time", "[future]") {
  mb::manual_runtime rt;
  auto const start = rt.now();
  CHECK(mb::wait(five(), {.num_returns = 1, .timeout = 24h}).ready.size() == 1);
  CHECK(rt.now() - start == 1s);
  CHECK(mb::wait(five(), {.num_returns = 1, .timeout = mb::detail::duration::max()}).ready.size() == 1);
}

TEST_CASE("failed tasks count as ready, and wait does not throw their errors", "[future]") {
  mb::manual_runtime rt;
  std::vector<mb::future<int>> futures = five();
  futures.push_back(mb::remote([]() -> int { throw std::domain_error("no"); })());
  auto const [ready, pending] = mb::wait(futures);
  REQUIRE(ready.size() == 1);
  CHECK_THROWS_AS(mb::get(ready[0]), std::domain_error);
}

TEST_CASE("wait says which numbers of returns it takes", "[future]") {
  std::vector<mb::future<int>> const futures{mb::put(0), mb::put(1)};
  CHECK_THROWS_AS(mb::wait(futures, {.num_returns = 3}), std::invalid_argument);
  CHECK_THROWS_WITH(mb::wait(futures, {.num_returns = 3}), Catch::Contains("3") && Catch::Contains("from 1 to 2"));
  CHECK_THROWS_AS(mb::wait(futures, {.num_returns = 0}), std::invalid_argument);
}

TEST_CASE("wait for none of nothing gives nothing", "[future]") {
  auto const [ready, pending] = mb::wait(std::vector<mb::future<int>>());
  CHECK(ready.empty());
  CHECK(pending.empty());
}

TEST_CASE("wait takes arrays, lists and futures of void, and a future twice", "[future]") {
  mb::manual_runtime rt;
  auto const f = mb::remote(after)(1s, 1);
  CHECK(mb::wait(std::array{f, f}, {.num_returns = 2}).ready.size() == 2);
  std::list<mb::future<void>> const list{mb::remote([] {})(), mb::remote([] {})()};
  CHECK(mb::wait(list, {.num_returns = 2}).pending.empty());
}

TEST_CASE("wait leaves nothing behind in futures that outlast it", "[future]") {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    mb::manual_runtime rt({.seed = seed});
    auto const futures = five();
    for (int i = 0; i < 10; ++i) static_cast<void>(mb::wait(futures, {.num_returns = 5, .timeout = 400ms}));
    REQUIRE(values(futures) == std::vector{0, 1, 2, 3, 4});
  }
}

TEST_CASE("wait in a plain task holds up nobody else", "[future]") {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    mb::manual_runtime rt({.seed = seed});
    auto const waits = [] {
      std::size_t n = mb::wait(five(), {.num_returns = 2}).ready.size();
      n += mb::wait(five(), {.num_returns = 5, .timeout = 2500ms}).ready.size();
      return n;
    };
    std::vector<mb::future<std::size_t>> tasks;
    for (int i = 0; i < 5; ++i) tasks.push_back(mb::remote(waits)());
    for (std::size_t n : mb::get(tasks)) REQUIRE(n == 4);
    REQUIRE(rt.now().time_since_epoch() == 4500ms);
  }
}

TEST_CASE("waits from threads race with tasks that end and with timeouts", "[future]") {
  mb::runtime rt({.num_cpus = 2});
  std::vector<std::thread> threads;
  for (int t = 0; t < 3; ++t)
    threads.emplace_back([] {
      for (int i = 0; i < 100; ++i) {
        std::vector<mb::future<int>> futures;
        for (int k = 0; k < 8; ++k) futures.push_back(mb::remote(after)(k * 5us, k));
        std::size_t got = 0;
        while (!futures.empty()) {
          auto [ready, pending] =
              mb::wait(futures, {.num_returns = std::min<std::size_t>(2, futures.size()), .timeout = 10us});
          got += ready.size();
          futures = std::move(pending);
        }
        if (got != 8) std::terminate();
      }
    });
  for (auto& t : threads) t.join();
  SUCCEED();
}

TEST_CASE("waits in tasks race with tasks that end and with timeouts", "[future]") {
  mb::runtime rt({.num_cpus = 4});
  auto const drain = [] {
    std::vector<mb::future<int>> futures;
    for (int k = 0; k < 8; ++k) futures.push_back(mb::remote(after)(k * 5us, k));
    std::size_t got = 0;
    while (!futures.empty()) {
      auto [ready, pending] = mb::wait(futures, {.timeout = 10us});
      got += ready.size();
      futures = std::move(pending);
    }
    return got;
  };
  std::vector<mb::future<std::size_t>> tasks;
  for (int i = 0; i < 300; ++i) tasks.push_back(mb::remote(drain)());
  bool all = true;
  for (std::size_t n : mb::get(tasks)) all &= n == 8;
  CHECK(all);
}
