#include "mobula/task/sleep.hpp"

#include <algorithm>
#include <functional>
#include <vector>

#include "mobula/mobula.hpp"
#include "support/catch.hpp"

namespace mb = mobula;
using namespace std::chrono_literals;

TEST_CASE("a sleep takes as much virtual time as asked for, and no real time", "[task]") {
  mb::manual_runtime rt;
  auto const start = rt.now();
  auto const real = std::chrono::steady_clock::now();
  mb::get(mb::remote([]() -> mb::task<> {
    co_await mb::sleep_for(24h);
    co_await mb::sleep_for(1ns);
    co_await mb::sleep_for(0.5s);
  })());
  CHECK(rt.now() - start == 24h + 500ms + 1ns);
  CHECK(std::chrono::steady_clock::now() - real < 60s);
}

TEST_CASE("those who sleep wake in the order of their times", "[task]") {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    mb::manual_runtime rt({.seed = seed});
    std::vector<int> woken;
    std::vector<mb::future<void>> tasks;
    for (int i = 0; i < 20; ++i)
      tasks.push_back(mb::remote([&woken](int n) -> mb::task<> {
        co_await mb::sleep_for(n * 1s);
        woken.push_back(n);
      })((i * 7) % 20));
    mb::get(tasks);
    REQUIRE(std::is_sorted(woken.begin(), woken.end()));
    REQUIRE(woken.size() == 20);
  }
}

TEST_CASE("no time, or less, is no sleep, but lets others run", "[task]") {
  mb::manual_runtime rt;
  auto const start = rt.now();
  auto const f = mb::remote([]() -> mb::task<> {
    co_await mb::sleep_for(0s);
    co_await mb::sleep_for(-1h);
  })();
  rt.run_until_idle();
  CHECK(f.ready());
  CHECK(rt.now() == start);
  mb::get(mb::sleep_for(-1h));
}

TEST_CASE("a sleep longer than the clock can count does not wake early", "[task]") {
  mb::manual_runtime rt;
  std::vector<mb::future<void>> tasks;
  auto const sleeps = [](auto d) -> mb::task<> { co_await mb::sleep_for(d); };
  tasks.push_back(mb::remote(sleeps)(std::chrono::hours::max()));
  tasks.push_back(mb::remote(sleeps)(std::chrono::nanoseconds::max()));
  tasks.push_back(mb::remote(sleeps)(std::chrono::duration<double>(1e300)));
  rt.advance(24h * 365 * 100);
  for (auto const& t : tasks) CHECK_FALSE(t.ready());
  rt.shutdown(mb::on_shutdown::drop);
  for (auto const& t : tasks) CHECK_THROWS_AS(mb::get(t), mb::cancelled);
}

TEST_CASE("a fraction of the clock's tick is rounded up", "[task]") {
  mb::manual_runtime rt;
  auto const start = rt.now();
  mb::get(mb::sleep_for(std::chrono::duration<double, std::nano>(0.3)));
  CHECK(rt.now() - start == 1ns);
}

TEST_CASE("get sleeps where there is no co_await: in a plain task, holding up nobody, and outside", "[task]") {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    mb::manual_runtime rt({.seed = seed});
    auto const start = rt.now();
    std::vector<mb::future<void>> tasks;
    for (int i = 0; i < 10; ++i) tasks.push_back(mb::remote([] { mb::get(mb::sleep_for(2s)); })());
    mb::get(tasks);
    REQUIRE(rt.now() - start == 2s);
    mb::get(mb::sleep_for(3s));
    REQUIRE(rt.now() - start == 5s);
  }
}

TEST_CASE("those who sleep while their runtime drops wake with cancelled", "[task]") {
  mb::manual_runtime rt;
  auto const coroutine = mb::remote([]() -> mb::task<> { co_await mb::sleep_for(1h); })();
  auto const plain = mb::remote([] { mb::get(mb::sleep_for(1h)); })();
  auto const sleeps_again = mb::remote([]() -> mb::task<int> {
    int cancelled = 0;
    for (int i = 0; i < 3; ++i) {
      try {
        co_await mb::sleep_for(1h);
      } catch (mb::cancelled const&) { ++cancelled; }
    }
    co_return cancelled;
  })();
  rt.run_until_idle();
  auto const start = rt.now();
  rt.shutdown(mb::on_shutdown::drop);
  CHECK_THROWS_AS(mb::get(coroutine), mb::cancelled);
  CHECK_THROWS_AS(mb::get(plain), mb::cancelled);
  CHECK(mb::get(sleeps_again) == 3);
  CHECK(rt.now() == start);
}

TEST_CASE("a sleep tells how long it is, and can be awaited again", "[task]") {
  mb::manual_runtime rt;
  auto const nap = mb::sleep_for(3s);
  CHECK(nap.length() == 3s);
  auto const start = rt.now();
  mb::get(mb::remote([&]() -> mb::task<> {
    co_await nap;
    co_await nap;
  })());
  CHECK(rt.now() - start == 6s);
}

TEST_CASE("a hundred sleeps on one worker pass at the same time", "[task]") {
  mb::runtime rt({.num_cpus = 1});
  auto const start = rt.now();
  std::vector<mb::future<void>> tasks;
  for (int i = 0; i < 100; ++i) {
    tasks.push_back(mb::remote([]() -> mb::task<> { co_await mb::sleep_for(20ms); })());
    tasks.push_back(mb::remote([] { mb::get(mb::sleep_for(20ms)); })());
  }
  mb::get(tasks);
  CHECK(rt.now() - start >= 20ms);
  CHECK(rt.now() - start < 2s);  // one after the other it would be four
}
