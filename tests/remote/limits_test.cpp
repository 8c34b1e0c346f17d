#include "support/catch.hpp"
#include "support/resources.hpp"

#include <mobula/mobula.hpp>

#include <algorithm>
#include <chrono>
#include <stdexcept>
#include <vector>

namespace mb = mobula;
using mobula::test::explored;
using namespace std::chrono_literals;

TEST_CASE("of a function with a limit so many calls run at once; those that wait do not count") {
  explored(
      [](mb::manual_runtime&) {
        int running = 0;
        auto const f = mb::remote([&]() -> mb::task<> {
                         CHECK(++running == 1);
                         mb::this_task::check();
                         --running;
                         co_await mb::yield();
                         CHECK(++running == 1);
                         --running;
                       }).options({.max_running = 1});
        auto const g = f;  // the same limit
        std::vector<mb::future<void>> all;
        for (int i = 0; i < 4; ++i) all.push_back(i % 2 == 0 ? f() : g());
        mb::get(all);
      },
      {});
}

TEST_CASE("of a function with a limit so many calls are in flight at once, those that wait included") {
  explored(
      [](mb::manual_runtime& rt) {
        int in_flight = 0, most = 0;
        auto const begins = [&] { most = std::max(most, ++in_flight); };
        auto const coroutine = mb::remote([&](int n) -> mb::task<int> {
                                 begins();
                                 co_await mb::sleep_for(1s);
                                 co_await mb::yield();
                                 --in_flight;
                                 co_return n == 7 ? throw std::runtime_error("7") : n;
                               }).options({.max_in_flight = 3});
        auto const plain = mb::remote([&](int n) {
                             begins();
                             mb::get(mb::sleep_for(1s));
                             --in_flight;
                             return n;
                           }).options({.max_in_flight = 3, .max_retries = 1});
        auto const all_of = [&](auto const& f) {
          auto const begin = rt.now();
          std::vector<mb::future<int>> all;
          for (int i = 0; i < 12; ++i) all.push_back(f(i));
          static_cast<void>(mb::get_outcomes(all));
          CHECK(most == 3);
          CHECK(in_flight == 0);
          CHECK(rt.now() - begin == 4s);
          most = 0;
        };
        all_of(coroutine);
        all_of(plain);
      },
      {});
}

TEST_CASE("a cancelled call gives its place in flight to the next, begun or not") {
  mb::manual_runtime rt;
  auto const f = mb::remote([](std::chrono::seconds d) -> mb::task<> {
                   co_await mb::sleep_for(d);
                 }).options({.max_in_flight = 1, .cancellable = true});
  auto begun = f(1000s), waits = f(1000s), last = f(1s);
  rt.run_until_idle();
  mb::cancel(waits);
  mb::cancel(begun);
  mb::get(last);
  CHECK(rt.pending().unfinished == 0);
  CHECK_THROWS_AS(mb::get(waits), mb::cancelled);
}

TEST_CASE("of a runtime with a limit so many tasks are in flight, and what each starts is part of it") {
  explored(
      [](mb::manual_runtime&) {
        int in_flight = 0, most = 0;
        auto const leaf = []() -> mb::task<int> {
          co_await mb::sleep_for(1s);
          co_return 1;
        };
        auto const task = mb::remote([&]() -> mb::task<int> {
          most = std::max(most, ++in_flight);
          auto f = mb::remote(leaf)();
          auto g = mb::remote(leaf).options({.max_retries = 2})();
          auto h = mb::remote([&] { return mb::get(mb::remote(leaf)()); })();
          int const sum = co_await f + co_await g + co_await h;
          --in_flight;
          co_return sum;
        });
        std::vector<mb::future<int>> all;
        for (int i = 0; i < 10; ++i) all.push_back(task());
        CHECK(mb::get(all) == std::vector<int>(10, 3));
        CHECK(most == 2);
      },
      {.max_in_flight = 2});
}

TEST_CASE("a submission beyond the limit of pending calls waits, and has a time limit as an operation") {
  mb::manual_runtime rt({.resources = {{"seat", 1}}});
  auto const f = mb::remote([](int n) -> mb::task<int> {
                   co_await mb::sleep_for(1s);
                   co_return n;
                 }).options({.resources = {{"seat", 1}}, .max_pending = 2});
  auto a = f(1), b = f(2);
  auto const begin = rt.now();
  auto c = f(3);  // from outside, the thread waits until the first has begun
  CHECK(rt.now() == begin);
  CHECK_THROWS_AS(mb::get(f.async_call(4), 500ms), mb::timeout_error);
  auto d = f(5);
  CHECK(rt.now() - begin == 1s);
  auto later = mb::remote([&]() -> mb::task<int> {
    mb::future<int> e = co_await f.async_call(6);
    co_return co_await e;
  })();
  auto plain = mb::remote([&] { return mb::get(f(7)); })();
  CHECK(mb::get(std::vector{a, b, c, d}) == std::vector{1, 2, 3, 5});
  CHECK(mb::get(later) == 6);
  CHECK(mb::get(plain) == 7);
}

TEST_CASE("a runtime's own limits hold for all its tasks") {
  explored(
      [](mb::manual_runtime&) {
        int running = 0;
        auto const leaf = [&](int n) -> mb::task<int> {
          CHECK(++running == 1);
          --running;
          co_await mb::yield();
          CHECK(++running == 1);
          --running;
          co_return n;
        };
        auto const parent = mb::remote([&] {
          int sum = 0;
          std::vector<mb::future<int>> children;
          for (int i = 0; i < 5; ++i) children.push_back(mb::remote(leaf)(i));
          for (int const n : mb::get(children)) sum += n;
          return sum;
        });
        auto a = parent(), b = parent();
        CHECK(mb::get(a) + mb::get(b) == 20);
      },
      {.max_running = 1, .max_pending = 2});
}

TEST_CASE("tasks that wait for resources are dropped with their runtime") {
  mb::future<void> held, waits;
  {
    mb::manual_runtime rt({.num_gpus = 1});
    held = mb::remote([]() -> mb::task<> { co_await mb::sleep_for(1h); }).options({.num_gpus = 1})();
    rt.run_until_idle();
    waits = mb::remote([] {}).options({.num_gpus = 1})();
    rt.run_until_idle();
    rt.shutdown(mb::on_shutdown::drop);
  }
  CHECK_THROWS_AS(mb::get(waits), mb::cancelled);
  CHECK_THROWS_AS(mb::get(held), mb::cancelled);
}
