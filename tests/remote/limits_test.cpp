#include "support/catch.hpp"
#include "support/resources.hpp"

#include <mobula/mobula.hpp>

#include <chrono>
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
