#include "mobula/core/manual_runtime.hpp"

#include <array>
#include <memory>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include "mobula/mobula.hpp"
#include "support/catch.hpp"

namespace mb = mobula;
using namespace std::chrono_literals;

namespace {

int add(int a, int b) { return a + b; }

mb::task<int> slow_add(int a, int b) {
  co_await mb::sleep_for(2s);
  co_return a + b;
}

// The order in which ten tasks run under a seed.
std::vector<int> order_of(std::uint64_t seed) {
  mb::manual_runtime rt({.seed = seed});
  std::vector<int> order;
  for (int i = 0; i < 10; ++i) static_cast<void>(mb::remote([&order, i] { order.push_back(i); })());
  rt.run_until_idle();
  return order;
}

}  // namespace

TEST_CASE("nothing runs until it is told to", "[core]") {
  mb::manual_runtime rt;
  bool ran = false;
  auto const f = mb::remote([&] { ran = true; })();
  CHECK_FALSE(ran);
  CHECK_FALSE(f.ready());
  CHECK(rt.run_one());
  CHECK(ran);
  CHECK(f.ready());
  CHECK_FALSE(rt.run_one());
}

TEST_CASE("run_until_idle tells how many jobs it ran", "[core]") {
  mb::manual_runtime rt;
  CHECK(rt.run_until_idle() == 0);
  for (int i = 0; i < 7; ++i) static_cast<void>(mb::remote(add)(1, 2));
  CHECK(rt.run_until_idle() == 7);
  CHECK(rt.run_until_idle() == 0);
}

TEST_CASE("the same seed gives the same order, other seeds give others", "[core]") {
  std::set<std::vector<int>> orders;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    auto const order = order_of(seed);
    CHECK(order == order_of(seed));
    CHECK(order.size() == 10);
    orders.insert(order);
  }
  CHECK(orders.size() > 15);
}

TEST_CASE("time stands still until it is advanced, and then what is due runs with all that follows from it", "[core]") {
  mb::manual_runtime rt;
  auto const start = rt.now();
  auto const f = mb::remote(slow_add)(1, 2);
  auto const g = mb::remote(slow_add)(f, 3);
  rt.run_until_idle();
  CHECK(rt.now() == start);
  rt.advance(2s - 1ns);
  CHECK_FALSE(f.ready());
  rt.advance(1ns);
  CHECK(f.ready());
  CHECK_FALSE(g.ready());
  CHECK(rt.now() == start + 2s);
  rt.advance(1h);
  CHECK(g.ready());
  CHECK(rt.now() == start + 1h + 2s);
}

TEST_CASE("what is due within an advance sees its own time, not the end of the advance", "[core]") {
  mb::manual_runtime rt;
  auto const start = rt.now();
  std::vector<mb::detail::duration> woken;
  static_cast<void>(mb::remote([&]() -> mb::task<> {
    for (int i = 0; i < 3; ++i) {
      co_await mb::sleep_for(1s);
      woken.push_back(rt.now() - start);
    }
  })());
  rt.advance(10s);
  CHECK(woken == std::vector<mb::detail::duration>{1s, 2s, 3s});
}

TEST_CASE("get lets time pass no further than it must", "[core]") {
  mb::manual_runtime rt;
  auto const start = rt.now();
  auto const longer = mb::remote([]() -> mb::task<> { co_await mb::sleep_for(1h); })();
  CHECK(mb::get(mb::remote(slow_add)(1, 2)) == 3);
  CHECK(rt.now() == start + 2s);
  CHECK_FALSE(longer.ready());
}

TEST_CASE("num_cpus of a manual runtime is one", "[core]") { CHECK(mb::manual_runtime().num_cpus() == 1); }

// The tasks also wait for a key, which lies in another runtime: so that they can be let go in the end.
TEST_CASE("get throws deadlock_error when two tasks wait for each other, and says so", "[core]") {
  mb::manual_runtime elsewhere;
  auto const key = elsewhere.remote(add)(0, 0);
  mb::manual_runtime rt;
  std::vector<mb::future<int>> both(2);
  both[0] = mb::remote([&] { return static_cast<int>(mb::wait(std::array{both[1], key}).ready.size()); })();
  both[1] = mb::remote([&] { return static_cast<int>(mb::wait(std::array{both[0], key}).ready.size()); })();
  CHECK_THROWS_AS(mb::get(both[0]), mb::deadlock_error);
  CHECK_THROWS_WITH(mb::get(both[1]), Catch::Contains("deadlock") && Catch::Contains("nothing is left"));
  CHECK_FALSE(both[0].ready());
  elsewhere.run_until_idle();
  CHECK(mb::get(both) == std::vector{1, 1});
}

TEST_CASE("an error of deadlock leaves the runtime usable", "[core]") {
  mb::manual_runtime elsewhere;
  auto const key = elsewhere.remote(add)(2, 2);
  mb::manual_runtime rt;
  auto const stuck = mb::remote([key]() -> mb::task<int> { co_return co_await key; })();
  CHECK_THROWS_AS(mb::get(stuck), mb::deadlock_error);
  CHECK(mb::get(mb::remote(add)(2, 3)) == 5);
  elsewhere.run_until_idle();
  CHECK(mb::get(stuck) == 4);
}

TEST_CASE("a task's children run on the runtime of the task", "[core]") {
  mb::manual_runtime first;
  mb::manual_runtime second;
  mb::future<int> child;
  auto const f = first.remote([&] { child = mb::remote(add)(1, 2); })();
  CHECK(second.run_until_idle() == 0);
  CHECK(first.run_one());
  CHECK(f.ready());
  CHECK(second.run_until_idle() == 0);
  CHECK(first.run_one());
  CHECK(child.ready());
}

TEST_CASE("the manual runtime made last is the current one, and the one before when it is gone", "[core]") {
  mb::manual_runtime first;
  {
    mb::manual_runtime second;
    auto const f = mb::remote(add)(1, 2);
    CHECK(first.run_until_idle() == 0);
    CHECK(second.run_until_idle() == 1);
    CHECK(f.ready());
  }
  auto const f = mb::remote(add)(1, 2);
  CHECK(first.run_until_idle() == 1);
  CHECK(f.ready());
  CHECK(mb::get(mb::remote(add)(1, 3)) == 4);
}

TEST_CASE("the end of a runtime made earlier does not change which one is current", "[core]") {
  auto first = std::make_unique<mb::manual_runtime>();
  mb::manual_runtime second;
  first.reset();
  CHECK(mb::get(mb::remote(add)(1, 2)) == 3);
  CHECK(mb::get(mb::remote(slow_add)(1, 2)) == 3);
}

TEST_CASE("the end of a manual runtime drains, sleeps included", "[core]") {
  mb::future<int> f;
  {
    mb::manual_runtime rt;
    f = mb::remote(slow_add)(mb::remote(slow_add)(1, 2), 3);
  }
  REQUIRE(f.ready());
  CHECK(mb::get(f) == 6);
}

TEST_CASE("dropping ends tasks that have not started, and sleeps, with cancelled", "[core]") {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    mb::manual_runtime rt({.seed = seed});
    auto const asleep = mb::remote(slow_add)(1, 2);
    rt.run_until_idle();
    bool ran = false;
    auto const queued = mb::remote([&] { ran = true; })();
    auto const dependent = mb::remote(add)(asleep, 1);
    rt.shutdown(mb::on_shutdown::drop);
    CHECK_FALSE(ran);
    CHECK_THROWS_AS(mb::get(asleep), mb::cancelled);
    CHECK_THROWS_AS(mb::get(queued), mb::cancelled);
    CHECK_THROWS_AS(mb::get(dependent), mb::cancelled);
  }
}

TEST_CASE("a task that is blocked when its runtime drops goes on and may end well", "[core]") {
  mb::manual_runtime rt;
  auto const f = mb::remote([] {
    auto const asleep = mb::remote(slow_add)(1, 2);
    try {
      return mb::get(asleep);
    } catch (mb::cancelled const&) { return -1; }
  })();
  rt.run_until_idle();
  CHECK_FALSE(f.ready());
  rt.shutdown(mb::on_shutdown::drop);
  REQUIRE(f.ready());
  CHECK(mb::get(f) == -1);
}

TEST_CASE("a manual runtime refuses work after shutdown and says why", "[core]") {
  mb::manual_runtime rt;
  rt.shutdown();
  rt.shutdown(mb::on_shutdown::drop);
  CHECK_THROWS_AS(rt.remote(add)(1, 2), mb::no_runtime);
  CHECK_THROWS_WITH(rt.remote(add)(1, 2), Catch::Contains("shut down"));
}

TEST_CASE("a thousand tasks can be blocked at once", "[core]") {
  mb::manual_runtime rt({.stack_size = 16 * 1024});
  std::vector<mb::future<int>> all;
  all.push_back(mb::remote(slow_add)(0, 0));
  for (int i = 0; i < 1000; ++i) all.push_back(mb::remote([before = all.back()] { return mb::get(before) + 1; })());
  rt.run_until_idle();
  CHECK_FALSE(all.back().ready());
  CHECK(mb::get(all.back()) == 1000);
}

TEST_CASE("time can be advanced to whatever comes next, however far that is", "[core]") {
  mb::manual_runtime rt;
  auto const start = rt.now();
  CHECK_FALSE(rt.advance_to_next());
  auto const f = mb::remote(slow_add)(mb::remote(slow_add)(1, 2), 3);
  CHECK(rt.advance_to_next());
  CHECK(rt.now() == start + 2s);
  CHECK_FALSE(f.ready());
  CHECK(rt.advance_to_next());
  CHECK(f.ready());
  CHECK(rt.now() == start + 4s);
  CHECK_FALSE(rt.advance_to_next());
}

TEST_CASE("pending tells what is left, and of which kind", "[core]") {
  mb::manual_runtime rt;
  auto const is = [&](std::size_t ready, std::size_t timers, std::size_t blocked, std::size_t unfinished) {
    auto const p = rt.pending();
    return p.ready == ready && p.timers == timers && p.blocked == blocked && p.unfinished == unfinished;
  };
  CHECK(is(0, 0, 0, 0));
  auto const asleep = mb::remote(slow_add)(1, 2);
  auto const reader = mb::remote([asleep] { return mb::get(asleep); })();
  auto const dependent = mb::remote(add)(asleep, 1);
  CHECK(is(2, 0, 0, 3));
  rt.run_until_idle();
  CHECK(is(0, 1, 1, 3));
  CHECK(to_string(rt.pending()) == "3 tasks are not over: 0 jobs ready, 1 blocked, 1 timers");
  rt.advance(2s);
  CHECK(is(0, 0, 0, 0));
}

TEST_CASE("an error of deadlock tells how much is left", "[core]") {
  mb::manual_runtime elsewhere;
  auto const key = elsewhere.remote(add)(2, 2);
  mb::manual_runtime rt;
  auto const stuck = mb::remote([key] { return mb::get(key); })();
  CHECK_THROWS_WITH(mb::get(stuck), Catch::Contains("1 tasks are not over: 0 jobs ready, 1 blocked, 0 timers"));
  elsewhere.run_until_idle();
  CHECK(mb::get(stuck) == 4);
}
