#include "mobula/remote/map_options.hpp"

#include <atomic>
#include <cstddef>
#include <memory>
#include <numeric>
#include <stdexcept>
#include <thread>
#include <utility>
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

void spin(std::chrono::nanoseconds d) {
  auto const until = std::chrono::steady_clock::now() + d;
  while (std::chrono::steady_clock::now() < until) {}
}

// How many are inside at once, and the most that ever were.
struct crowd {
  std::atomic<int> inside{0}, most{0};
  void enter() {
    int const now = ++inside;
    for (int seen = most; seen < now && !most.compare_exchange_weak(seen, now);) {}
  }
  void leave() { --inside; }
};

}  // namespace

TEST_CASE("in_flight bounds how many coroutine items have begun and are not over, and uses all of it", "[remote]") {
  for (std::uint64_t seed = 0; seed < 30; ++seed)
    for (std::size_t limit : {1U, 3U, 19U, 20U, 50U}) {
      mb::manual_runtime rt({.seed = seed});
      crowd c;
      auto const f = [&c](int x) -> mb::task<int> {
        c.enter();
        co_await mb::sleep_for((1 + x % 3) * 1s);
        c.leave();
        co_return 2 * x;
      };
      auto const doubled = mb::map([](int x) { return 2 * x; }, numbers(20));
      REQUIRE(mb::map(f, numbers(20), {.in_flight = limit}) == doubled);
      REQUIRE(c.most == std::min(20, static_cast<int>(limit)));
      auto const in_a_task = [&] { return mb::map(f, numbers(20), {.in_flight = limit}); };
      REQUIRE(mb::get(mb::remote(in_a_task)()) == doubled);
    }
}

TEST_CASE("with in_flight too, the first failed item in order gives the error, and the rest is not begun", "[remote]") {
  for (std::uint64_t seed = 0; seed < 30; ++seed) {
    mb::manual_runtime rt({.seed = seed});
    int begun = 0, ended = 0;
    auto const f = [&](int x) -> mb::task<int> {
      ++begun;
      co_await mb::sleep_for((100 - x) * 1s);
      ++ended;
      if (x == 2 || x == 3) throw x;
      co_return x;
    };
    try {
      static_cast<void>(mb::map(f, numbers(100), {.in_flight = 4}));
      FAIL("nothing was thrown");
    } catch (int which) { REQUIRE(which == 2); }
    REQUIRE(begun == ended);
    REQUIRE(begun < 10);
  }
}

TEST_CASE("with in_flight too, an element made on the fly lives as long as its coroutine", "[remote]") {
  mb::manual_runtime rt;
  auto const strings = std::views::iota(0, 10) |
                       std::views::transform([](int x) { return std::string(30, static_cast<char>('a' + x)); });
  auto const late = [](std::string const& s) -> mb::task<char> {
    co_await mb::sleep_for(1s);
    co_return s[29];
  };
  CHECK(mb::map(late, strings, {.in_flight = 3})[7] == 'h');
}

TEST_CASE("with in_flight too, results may be void, bool, move-only, references or without a default", "[remote]") {
  mb::manual_runtime rt;
  struct fixed {
    explicit fixed(int v) : value(v) {}
    int value;
  };
  mb::map_options const three = {.in_flight = 3};
  auto const xs = numbers(10);
  int sum = 0;
  mb::map([&sum](int x) -> mb::task<> { co_return void(sum += x); }, xs, three);
  CHECK(sum == 45);
  CHECK(mb::map([](int x) -> mb::task<bool> { co_return x > 8; }, xs, three)[9]);
  CHECK(mb::map([](int x) -> mb::task<fixed> { co_return fixed(x); }, xs, three)[3].value == 3);
  CHECK(*mb::map([](int x) -> mb::task<std::unique_ptr<int>> { co_return std::make_unique<int>(x); }, xs, three)[4] ==
        4);
  std::vector<int> const copies = mb::map([](int const& x) -> mb::task<int const&> { co_return x; }, xs, three);
  CHECK(copies == xs);
  CHECK(mb::map([](int const& x) -> mb::task<int const&> { co_return x; }, xs) == xs);
}

TEST_CASE("in_flight bounds how many threads work on plain items", "[remote]") {
  mb::runtime rt({.num_cpus = 4});
  for (std::size_t limit : {1U, 2U, 3U}) {
    crowd c;
    mb::map(
        [&c](int) {
          c.enter();
          spin(20us);
          c.leave();
        },
        numbers(200), {.in_flight = limit});
    CHECK(c.most <= static_cast<int>(limit));
  }
}

TEST_CASE("with a chunk, as without, each item is done once and gives its result", "[remote]") {
  for (unsigned workers : {1U, 2U, 8U}) {
    mb::runtime rt({.num_cpus = workers});
    for (std::size_t chunk : {1U, 3U, 16U, 1000U}) {
      std::vector<std::atomic<int>> calls(500);
      auto const f = [&](int x) {
        spin(1us);
        ++calls[static_cast<std::size_t>(x)];
        return x;
      };
      CHECK(mb::map(f, numbers(500), {.chunk = chunk}) == numbers(500));
      CHECK(std::all_of(calls.begin(), calls.end(), [](auto& n) { return n == 1; }));
    }
    auto const later = [](int x) -> mb::task<int> {
      co_await mb::sleep_for(10us);
      co_return x;
    };
    CHECK(mb::map(later, numbers(100), {.chunk = 7}) == numbers(100));
  }
}

TEST_CASE("progress grows, is told by one thread at a time, and ends with all", "[remote]") {
  for (unsigned workers : {1U, 2U, 8U}) {
    mb::runtime rt({.num_cpus = workers});
    for (int kind = 0; kind < 3; ++kind) {
      std::vector<std::size_t> seen;
      std::atomic<int> inside{0};
      bool alone = true;
      auto const progress = [&](std::size_t done, std::size_t total) {
        alone = alone && ++inside == 1 && total == 100;
        seen.push_back(done);
        std::this_thread::sleep_for(1ms);
        --inside;
      };
      if (kind == 0)
        mb::map([](int) { std::this_thread::sleep_for(1ms); }, numbers(100), {.progress = progress});
      else
        mb::map([](int x) -> mb::task<> { co_await mb::sleep_for(x * 1ms); }, numbers(100),
                {.in_flight = kind == 1 ? 0U : 50U, .progress = progress});
      CHECK(alone);
      CHECK(std::is_sorted(seen.begin(), seen.end()));
      CHECK(seen.back() == 100);
      CHECK(std::count(seen.begin(), seen.end(), 100U) == 1);
      if (workers == 1) CHECK(seen.size() > 1);  // it takes 100 ms at least
    }
  }
}

TEST_CASE("progress over nothing is told once", "[remote]") {
  mb::manual_runtime rt;
  std::vector<std::pair<std::size_t, std::size_t>> seen;
  mb::map_options const options = {
      .progress = [&](std::size_t done, std::size_t total) { seen.emplace_back(done, total); }};
  mb::map([](int) {}, numbers(0), options);
  mb::map([](int) -> mb::task<> { co_return; }, numbers(0), options);
  CHECK(seen == std::vector<std::pair<std::size_t, std::size_t>>{{0, 0}, {0, 0}});
}

TEST_CASE("what progress throws comes out when all items are over, and it isn't called again", "[remote]") {
  mb::runtime rt({.num_cpus = 2});
  for (bool coroutine : {false, true}) {
    std::atomic<int> over{0}, calls{0};
    mb::map_options const options = {.progress = [&](std::size_t, std::size_t) {
      ++calls;
      throw std::runtime_error("progress");
    }};
    auto const plain = [&](int) {
      std::this_thread::sleep_for(1ms);
      ++over;
    };
    auto const later = [&](int x) -> mb::task<> {
      co_await mb::sleep_for(x * 1ms);
      ++over;
    };
    if (coroutine)
      CHECK_THROWS_AS(mb::map(later, numbers(60), options), std::runtime_error);
    else
      CHECK_THROWS_AS(mb::map(plain, numbers(60), options), std::runtime_error);
    CHECK(over == 60);
    CHECK(calls == 1);
  }
}
