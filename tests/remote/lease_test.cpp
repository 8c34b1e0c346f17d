#include "support/catch.hpp"
#include "support/resources.hpp"

#include <mobula/mobula.hpp>

#include <algorithm>
#include <chrono>
#include <vector>

namespace mb = mobula;
using mobula::test::explored;
using mobula::test::free_of;
using namespace std::chrono_literals;

TEST_CASE("CPUs are given back while a task is blocked in get, and had again after; GPUs are kept") {
  explored(
      [](mb::manual_runtime&) {
        int running = 0, most = 0;
        auto const child = mb::remote([&] {
                             most = std::max(most, ++running);
                             CHECK(free_of("CPU") == 0);
                             CHECK(free_of("GPU") < 1);
                             --running;
                           }).options({.num_cpus = 1});
        auto const parent = [&] {
          most = std::max(most, ++running);
          --running;
          mb::get(child());
          most = std::max(most, ++running);
          mb::get(std::vector{child(), child()});
          CHECK(free_of("CPU") == 0);
          --running;
        };
        auto const leaf = mb::remote(parent).options({.num_cpus = 1, .num_gpus = 0.5});
        auto a = leaf(), b = leaf();
        mb::get(std::vector{a, b});
        CHECK(mb::available_resources() == mb::cluster_resources());
      },
      {.num_cpus = 1, .num_gpus = 1});
}

TEST_CASE("the CPUs of a coroutine are free while it is suspended, and it has them again before it goes on") {
  explored(
      [](mb::manual_runtime& rt) {
        int running = 0;
        auto const work = [&](int n) -> mb::task<> {
          for (int i = 0; i < n; ++i) {
            CHECK(++running == 1);
            CHECK(free_of("CPU") == 0);
            --running;
            co_await mb::yield();
            co_await mb::sleep_for(1s);
          }
        };
        std::vector<mb::future<void>> all;
        for (int i = 1; i < 6; ++i) all.push_back(mb::remote(work).options({.num_cpus = 2})(i));
        rt.run_until_idle();
        CHECK(free_of("CPU") == 2);  // all sleep
        mb::get(all);
        CHECK(free_of("CPU") == 2);
      },
      {.num_cpus = 2});
}

TEST_CASE("the CPUs of a task are free when all that it forked waits, not before") {
  explored(
      [](mb::manual_runtime& rt) {
        auto const leaf = [](int n) -> mb::task<int> {
          CHECK(free_of("CPU") == 0);
          if (n > 0) co_await mb::sleep_for(std::chrono::seconds(n));
          CHECK(free_of("CPU") == 0);
          co_return n;
        };
        auto const all = [leaf]() -> mb::task<int> {
          auto [a, b, c] = co_await mb::when_all(leaf(1), leaf(0), leaf(2));
          CHECK(free_of("CPU") == 0);
          co_return a + b + c;
        };
        auto f = mb::remote(all).options({.num_cpus = 2})();
        rt.run_until_idle();
        CHECK(free_of("CPU") == 2);
        CHECK(mb::get(f) == 3);
        CHECK(free_of("CPU") == 2);
      },
      {.num_cpus = 2});
}

TEST_CASE("what a task starts that keeps something is not held up by who waits for that") {
  explored(
      [](mb::manual_runtime& rt) {
        auto const child = mb::remote([] { return 1; }).options({.num_cpus = 1});
        auto const parent = mb::remote([child] {
          mb::get(mb::sleep_for(std::chrono::seconds(1)));
          return mb::get(mb::remote([child] { return mb::get(child()); })());
        });
        auto a = parent.options({.num_gpus = 1})();
        rt.run_until_idle();
        auto b = mb::remote([] { return 2; }).options({.num_cpus = 1, .num_gpus = 1})();  // it reserves the CPU
        CHECK(mb::get(a) == 1);
        CHECK(mb::get(b) == 2);
      },
      {.num_cpus = 1, .num_gpus = 1});
}
