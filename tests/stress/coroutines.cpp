// Coroutine tasks: shared futures, dependencies, timers by the thousands, and memory that stays bounded.
#include <mobula/core/frame_memory.hpp>
#include <mobula/mobula.hpp>

#include "support/catch.hpp"
#include "support/watchdog.hpp"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <random>
#include <stdexcept>
#include <thread>
#include <vector>

namespace mb = mobula;
using mobula::test::repeats;
using mobula::test::watchdog;
using mobula::test::workers;
using namespace std::chrono_literals;

namespace {

mb::runtime_options options() { return {.num_cpus = static_cast<unsigned>(workers())}; }

mb::task<int> sum_of(std::vector<mb::future<int>> fs) {
  int sum = 0;
  for (int const n : co_await mb::when_all(fs)) sum += n;
  co_return sum;
}

mb::task<int> nested(int depth) {
  if (depth == 0) {
    co_await mb::remote([] {})();
    co_return 1;
  }
  co_return 1 + co_await nested(depth - 1);
}

}  // namespace

TEST_CASE("many coroutines await the same futures") {
  watchdog const dog("shared futures");
  mb::runtime const rt(options());
  for (int r = 0; r < 20 * repeats(); ++r) {
    std::vector<mb::future<int>> fs;
    for (int i = 0; i < 20; ++i)
      fs.push_back(mb::remote([](int n) -> mb::task<int> {
        if (n % 3 == 0) co_await mb::sleep_for(std::chrono::microseconds(n * 5));
        co_return n;
      })(i));
    std::vector<mb::future<int>> sums;
    for (int i = 0; i < 50; ++i) sums.push_back(mb::remote(sum_of)(fs));
    for (int const s : mb::get(sums)) REQUIRE(s == 190);
  }
}

TEST_CASE("a lattice of dependencies") {
  watchdog const dog("lattice");
  mb::runtime const rt(options());
  auto const add = [](long a, long b) { return (a + b) % 1'000'003; };
  auto const slow_add = [](long a, long b) -> mb::task<long> {
    if (a % 5 == 0) co_await mb::sleep_for(10us);
    co_return (a + b) % 1'000'003;
  };
  constexpr std::size_t width = 20;
  std::vector<long> expected(width, 1);
  std::vector<mb::future<long>> row;
  for (std::size_t i = 0; i < width; ++i) row.push_back(mb::put(1L));
  for (int level = 0; level < 100 * repeats(); ++level) {
    std::vector<mb::future<long>> next_row;
    std::vector<long> next_expected;
    for (std::size_t i = 0; i < width; ++i) {
      std::size_t const k = (i * 7 + 3) % width;
      next_expected.push_back(add(expected[i], expected[k]));
      next_row.push_back(i % 2 == 0 ? mb::remote(add)(row[i], row[k]) : mb::remote(slow_add)(row[i], row[k]));
    }
    row = std::move(next_row);
    expected = std::move(next_expected);
  }
  REQUIRE(mb::get(row) == expected);
}

TEST_CASE("timers by the thousands, in any order, none early") {
  watchdog const dog("thousands of timers");
  mb::runtime const rt(options());
  for (int r = 0; r < repeats(); ++r) {
    std::mt19937 random(static_cast<unsigned>(r));
    std::vector<mb::future<bool>> fs;
    for (int i = 0; i < 5000; ++i)
      fs.push_back(mb::remote([](int d) -> mb::task<bool> {
        auto const start = std::chrono::steady_clock::now();
        co_await mb::sleep_for(std::chrono::microseconds(d));
        co_await mb::sleep_for(std::chrono::microseconds(d / 2));
        co_return std::chrono::steady_clock::now() - start >= std::chrono::microseconds(d + d / 2);
      })(static_cast<int>(random() % 100'000)));
    for (bool const right : mb::get(fs)) REQUIRE(right);
  }
}

TEST_CASE("exceptions out of everything") {
  watchdog const dog("exceptions");
  mb::runtime const rt(options());
  for (int r = 0; r < 50 * repeats(); ++r) {
    auto bad = mb::remote([](int n) -> mb::task<int> {
      if (n % 2 == 0) co_await mb::sleep_for(20us);
      throw n;
      co_return 0;
    })(r);
    std::vector<mb::future<int>> fs;
    fs.push_back(mb::remote([](int x) { return x; })(bad));
    fs.push_back(mb::remote([bad]() -> mb::task<int> { co_return co_await bad; })());
    fs.push_back(mb::remote([bad] { return mb::get(bad); })());
    fs.push_back(mb::remote(sum_of)(std::vector<mb::future<int>>{mb::put(1), bad}));
    fs.push_back(mb::remote([](std::vector<int> xs) { return xs[0]; })(std::vector<mb::future<int>>{bad, bad}));
    for (auto& f : fs) {
      int caught = -1;
      try {
        static_cast<void>(mb::get(f));
      } catch (int n) { caught = n; }
      REQUIRE(caught == r);
    }
  }
}

TEST_CASE("coroutines hand over without piling up stack") {
  watchdog const dog("hand over");
  mb::runtime const rt(options());
  auto const loop = []() -> mb::task<int> {
    int n = 0;
    auto const one = []() -> mb::task<int> { co_return 1; };
    for (int i = 0; i < 200'000; ++i) n += co_await one();
    co_return n;
  };
  for (int r = 0; r < repeats(); ++r) {
    REQUIRE(mb::get(mb::remote(loop)()) == 200'000);
    REQUIRE(mb::get(mb::remote(nested)(20'000)) == 20'001);
  }
}

TEST_CASE("memory stays bounded when one thread makes and another drops") {
  watchdog const dog("producer and consumer");
  mb::runtime const rt(options());
  std::mutex mutex;
  std::condition_variable changed;
  std::deque<mb::future<int>> queue;
  bool over = false;
  std::size_t settled = 0;
  std::thread consumer([&] {
    std::unique_lock lock(mutex);
    for (;;) {
      changed.wait(lock, [&] { return over || !queue.empty(); });
      if (queue.empty()) return;
      auto f = std::move(queue.front());
      queue.pop_front();
      changed.notify_all();
      lock.unlock();
      static_cast<void>(mb::get(std::move(f)));
      lock.lock();
    }
  });
  int const many = 20'000 * repeats();
  for (int i = 0; i < many; ++i) {
    auto f = mb::remote([i] { return i; })();
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return queue.size() < 100; });
    queue.push_back(std::move(f));
    changed.notify_all();
    if (i == many / 2) settled = mb::detail::frame_memory_reserved();
  }
  {
    std::lock_guard const lock(mutex);
    over = true;
  }
  changed.notify_all();
  consumer.join();
  REQUIRE(mb::detail::frame_memory_reserved() <= settled + 256 * 1024);
}

TEST_CASE("memory stays bounded when short-lived threads drop what others made") {
  watchdog const dog("short-lived threads");
  mb::runtime const rt(options());
  std::size_t settled = 0;
  int const many = 1000 * repeats();
  for (int i = 0; i < many; ++i) {
    std::vector<mb::future<int>> fs;
    for (int k = 0; k < 30; ++k) fs.push_back(mb::remote([k] { return k; })());
    mb::get(fs);
    std::thread([mine = std::move(fs)]() mutable { mine.clear(); }).join();
    if (i == many / 2) settled = mb::detail::frame_memory_reserved();
  }
  REQUIRE(mb::detail::frame_memory_reserved() <= settled + 256 * 1024);
}
