#include "support/catch.hpp"
#include "support/watchdog.hpp"

#include <mobula/mobula.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <numeric>
#include <thread>
#include <vector>

namespace mb = mobula;
using namespace std::chrono_literals;

TEST_CASE("map throws what the first in order that failed threw, whichever failed first", "[remote]") {
  mobula::test::watchdog const guard("items that fail in a given order");
  mb::runtime rt({.num_cpus = 2});
  std::vector<int> xs(64);
  std::iota(xs.begin(), xs.end(), 0);
  auto const thrown_by = [&](auto f, mb::map_options const& options) {
    try {
      static_cast<void>(mb::map(f, xs, options));
    } catch (int which) { return which; }
    return -1;
  };
  auto const until = [](std::atomic<bool> const& flag) {
    while (!flag) std::this_thread::yield();
  };
  for (int round = 0; round < 50; ++round) {
    for (mb::map_options const& options : {mb::map_options{}, mb::map_options{.chunk = 1}}) {
      // The second item holds its thread until one far behind has failed, on the other; then one between fails, which had
      // not begun.
      std::atomic<bool> late_failed{false};
      auto const late_first = [&](int x) {
        if (x == 0) std::this_thread::sleep_for(1ms);  // so another thread is worth asking
        if (x == 1 || x == 5) until(late_failed);
        if (x == 5) throw x;
        if (x < 40) return x;
        late_failed = true;
        throw x;
      };
      CHECK(thrown_by(late_first, options) == 5);
      // One far behind has begun, and fails after an early one.
      std::atomic<bool> early_fails{false}, late_has_begun{false};
      auto const early_first = [&](int x) {
        if (x == 0) std::this_thread::sleep_for(1ms);
        if (x == 1 || x == 2) until(late_has_begun);
        if (x == 2) {
          early_fails = true;
          throw x;
        }
        if (x < 40) return x;
        late_has_begun = true;
        until(early_fails);
        std::this_thread::sleep_for(100us);
        throw x;
      };
      CHECK(thrown_by(early_first, options) == 2);
    }
  }
}

TEST_CASE("map does what a loop does up to the first failure, on any number of workers", "[remote]") {
  for (unsigned const workers : {1U, 2U, 8U}) {
    mb::runtime rt({.num_cpus = workers});
    for (unsigned round = 0; round < 300; ++round) {
      std::vector<std::atomic<int>> done(500);
      std::size_t const first = round * 7 % 480;
      auto const f = [&](std::atomic<int>& item) {
        auto const i = static_cast<std::size_t>(&item - done.data());
        for (int volatile spin = 0; spin < 200;) spin = spin + 1;
        ++item;
        if (i >= first && (i - first) % 9 == 0) throw i;
      };
      std::size_t failed = done.size();
      try {
        mb::for_each(f, done, {.chunk = round % 3});
      } catch (std::size_t i) { failed = i; }
      REQUIRE(failed == first);
      for (std::size_t i = 0; i <= first; ++i) REQUIRE(done[i] == 1);
    }
  }
}
