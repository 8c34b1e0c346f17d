#include <atomic>
#include <chrono>
#include <memory>
#include <numeric>
#include <thread>
#include <vector>

#include "mobula/mobula.hpp"
#include "support/catch.hpp"

namespace mb = mobula;
using namespace std::chrono_literals;

namespace {

std::vector<int> numbers(int n) {
  std::vector<int> xs(static_cast<std::size_t>(n));
  std::iota(xs.begin(), xs.end(), 0);
  return xs;
}

mb::task<int> twice_later(int x) {
  co_await mb::sleep_for((10 - x) * 1ms);
  co_return 2 * x;
}

int slow_twice(int x) {
  for (int volatile spin = 0; spin < 5000;) spin = spin + 1;
  return 2 * x;
}

}  // namespace

TEST_CASE("in a coroutine, map is awaited, for plain functions and coroutines", "[remote]") {
  auto const both = []() -> mb::task<bool> {
    auto const xs = numbers(10);
    auto const ys = co_await mb::async_map(slow_twice, xs);
    auto const zs = co_await mb::async_map(twice_later, xs);
    mb::map_options const three = {.in_flight = 3};
    auto const lanes = co_await mb::async_map(twice_later, xs, three);
    int sum = 0;
    co_await mb::async_for_each([&sum](int x) { sum += x; }, std::views::single(3));
    co_return ys == zs&& ys == lanes&& ys[9] == 18 && sum == 3;
  };
  for (std::uint64_t seed = 0; seed < 30; ++seed) {
    mb::manual_runtime rt({.seed = seed});
    REQUIRE(mb::get(mb::remote(both)()));
  }
  for (unsigned workers : {1U, 2U, 8U}) {
    mb::runtime rt({.num_cpus = workers});
    CHECK(mb::get(mb::remote(both)()));
    auto const many = [](int n) -> mb::task<bool> {
      auto const ys = co_await mb::async_map(slow_twice, numbers(n));
      bool right = ys.size() == static_cast<std::size_t>(n);
      for (int i = 0; right && i < n; ++i) right = ys[static_cast<std::size_t>(i)] == 2 * i;
      co_return right;
    };
    for (int n : {0, 1, 2, 100, 1000}) CHECK(mb::get(mb::remote(many)(n)));
  }
}

TEST_CASE("a task that can be stopped awaits a map that others help with, to its end or to a stop") {
  mb::runtime rt({.num_cpus = 2, .cancellable = true});
  std::vector<int> const xs(64, 1);
  std::atomic<int> begun{0};
  auto const slow = [&](int x) {
    ++begun;
    std::this_thread::sleep_for(1ms);  // the work itself, which the other worker takes a part of
    return x;
  };
  auto const sum = mb::remote([&]() -> mb::task<int> {
    auto const ys = co_await mb::async_map(slow, xs);
    co_return std::accumulate(ys.begin(), ys.end(), 0);
  });
  for (int i = 0; i < 5; ++i) CHECK(mb::get(sum()) == 64);
  begun = 0;
  auto const stopped = sum();
  while (begun == 0) std::this_thread::yield();
  mb::cancel(stopped);
  CHECK_THROWS_AS(mb::get(stopped), mb::cancelled);
}

TEST_CASE("a map that will be awaited keeps what was given by value", "[remote]") {
  mb::manual_runtime rt;
  auto const f = []() -> mb::task<int> {
    auto weight = std::make_shared<int>(7);
    auto later = mb::async_map([weight](int x) { return *weight * x; }, numbers(3));
    weight.reset();
    auto const ys = co_await std::move(later);
    co_return ys[2];
  };
  CHECK(mb::get(mb::remote(f)()) == 14);
}

TEST_CASE("an awaited map throws what the first element in order that failed threw", "[remote]") {
  auto const fails = [](int x) { return x < 3 ? x : throw x; };
  auto const fails_later = [](int x) -> mb::task<int> {
    co_await mb::sleep_for((10 - x) * 1ms);
    co_return x < 3 ? x : throw x;
  };
  auto const which = [&]() -> mb::task<int> {
    int sum = 0;
    try {
      static_cast<void>(co_await mb::async_map(fails, numbers(10)));
    } catch (int x) { sum += x; }
    try {
      static_cast<void>(co_await mb::async_map(fails_later, numbers(10)));
    } catch (int x) { sum += 10 * x; }
    co_return sum;
  };
  for (unsigned workers : {1U, 2U, 8U}) {
    mb::runtime rt({.num_cpus = workers});
    CHECK(mb::get(mb::remote(which)()) == 33);
  }
}

TEST_CASE(
    "an async_map whose task is cancelled waits for its items, which are asked to stop, and gives what they give") {
  mb::manual_runtime rt;
  auto const unimpressed = [](int n) -> mb::task<int> {
    try {
      co_await mb::sleep_for(1h);
    } catch (mb::cancelled const&) {}
    co_return n;
  };
  std::vector<int> const xs{1, 2, 3};
  std::vector<int> ys;
  auto const f = mb::remote([&]() -> mb::task<> {
                   ys = co_await mb::async_map(unimpressed, xs);
                 }).options({.cancellable = true})();
  rt.run_until_idle();
  mb::cancel(f);
  rt.run_until_idle();
  CHECK(ys == xs);
  CHECK_THROWS_AS(mb::get(f), mb::cancelled);
}
