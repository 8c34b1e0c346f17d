#include "mobula/remote/map.hpp"

#include <atomic>
#include <cstdio>
#include <latch>
#include <list>
#include <memory>
#include <numeric>
#include <optional>
#include <ranges>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "mobula/mobula.hpp"
#include "support/catch.hpp"

namespace mb = mobula;
using namespace std::chrono_literals;

namespace {

int twice(int x) { return 2 * x; }

mb::task<int> twice_later(int x) {
  co_await mb::sleep_for((10 - x) * 1s);
  co_return 2 * x;
}

std::vector<int> const numbers = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9};
std::vector<int> const doubled = {0, 2, 4, 6, 8, 10, 12, 14, 16, 18};

}  // namespace

TEST_CASE("map gives the results in order", "[remote]") {
  mb::manual_runtime rt;
  CHECK(mb::map(twice, numbers) == doubled);
  CHECK(mb::map([](int x) { return std::to_string(x); }, numbers)[7] == "7");
  for (unsigned workers : {1U, 2U, 8U}) {
    mb::runtime threads({.num_cpus = workers});
    std::vector<int> many(100'000);
    for (std::size_t i = 0; i < many.size(); ++i) many[i] = static_cast<int>(i);
    auto const results = threads.remote([&] { return mb::map(twice, many); })();
    threads.shutdown();
    bool right = mb::get(results).size() == many.size();
    for (std::size_t i = 0; right && i < many.size(); ++i) right = mb::get(results)[i] == 2 * many[i];
    CHECK(right);
  }
}

TEST_CASE("a coroutine map has all its tasks in flight at once, and gives the results in order", "[remote]") {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    mb::manual_runtime rt({.seed = seed});
    REQUIRE(mb::map(twice_later, numbers) == doubled);
    REQUIRE(rt.now().time_since_epoch() == 10s);
    REQUIRE(mb::get(mb::remote([] { return mb::map(twice_later, numbers); })()) == doubled);
    REQUIRE(rt.now().time_since_epoch() == 20s);
  }
}

TEST_CASE("map on threads runs each item once, whoever helps", "[remote]") {
  for (unsigned workers : {1U, 2U, 8U}) {
    mb::runtime rt({.num_cpus = workers});
    for (std::size_t n : {0U, 1U, 2U, 31U, 33U, 500U, 5000U}) {
      std::vector<std::atomic<int>> calls(n);
      auto const indices = std::views::iota(std::size_t{0}, n);
      auto const call = [&](std::size_t i) {
        for (int volatile spin = 0; spin < 200;) spin = spin + 1;
        ++calls[i];
        return i;
      };
      auto const results = mb::map(call, indices);
      bool right = results.size() == n;
      for (std::size_t i = 0; right && i < n; ++i) right = calls[i] == 1 && results[i] == i;
      CHECK(right);
      CHECK(mb::get(mb::remote([&] { return mb::map(call, indices).size(); })()) == n);
    }
  }
}

TEST_CASE("items that wait for each other run at once, in as many workers as there are", "[remote]") {
  mb::runtime rt({.num_cpus = 4});
  std::latch all(4);
  std::vector<int> const four = {1, 2, 3, 4};
  auto const results = mb::get(mb::remote([&] {
    return mb::map(
        [&](int x) -> mb::task<int> {
          all.count_down();
          while (!all.try_wait()) co_await mb::sleep_for(1us);
          co_return x;
        },
        four);
  })());
  CHECK(results == four);
}

TEST_CASE("map takes lists, arrays, views and what makes its elements on the fly", "[remote]") {
  mb::manual_runtime rt;
  std::list<int> const list(numbers.begin(), numbers.end());
  int const array[] = {1, 2, 3};
  CHECK(mb::map(twice, list) == doubled);
  CHECK(mb::map(twice, array) == std::vector{2, 4, 6});
  CHECK(mb::map(twice, std::views::iota(0, 10)) == doubled);
  auto odd = numbers | std::views::filter([](int x) { return x % 2 == 1; });
  CHECK(mb::map(twice, odd) == std::vector{2, 6, 10, 14, 18});
  auto const strings =
      numbers | std::views::transform([](int x) { return std::string(30, static_cast<char>('a' + x)); });
  CHECK(mb::map([](std::string const& s) { return s[29]; }, strings)[2] == 'c');
  CHECK(mb::map(twice_later, std::views::iota(0, 10)) == doubled);
  CHECK(mb::map(twice_later, list) == doubled);
  CHECK(mb::map([](bool b) { return !b; }, std::vector<bool>{true, false}) == std::vector<bool>{false, true});
}

TEST_CASE("an element made on the fly lives as long as its coroutine", "[remote]") {
  mb::manual_runtime rt;
  auto const strings =
      numbers | std::views::transform([](int x) { return std::string(30, static_cast<char>('a' + x)); });
  auto const late = [](std::string const& s) -> mb::task<char> {
    co_await mb::sleep_for(1s);
    co_return s[29];
  };
  CHECK(mb::map(late, strings)[2] == 'c');
}

TEST_CASE("elements are passed as the range gives them, so f may change them", "[remote]") {
  mb::manual_runtime rt;
  std::vector<int> xs = {1, 2, 3};
  mb::map([](int& x) { x *= 10; }, xs);
  CHECK(xs == std::vector{10, 20, 30});
  std::vector<std::unique_ptr<int>> pointers;
  pointers.push_back(std::make_unique<int>(4));
  CHECK(mb::map([](std::unique_ptr<int> const& p) { return *p; }, pointers) == std::vector{4});
}

TEST_CASE("results may be bool, move-only or without a default, from plain functions and coroutines", "[remote]") {
  mb::manual_runtime rt;
  struct fixed {
    explicit fixed(int v) : value(v) {}
    int value;
  };
  CHECK(mb::map([](int x) { return x > 8; }, numbers) == std::vector<bool>{0, 0, 0, 0, 0, 0, 0, 0, 0, 1});
  CHECK(mb::map([](int x) { return fixed(x); }, numbers)[3].value == 3);
  CHECK(*mb::map([](int x) { return std::make_unique<int>(x); }, numbers)[4] == 4);
  CHECK(mb::map([](int x) -> mb::task<bool> { co_return x > 8; }, numbers)[9]);
  CHECK(mb::map([](int x) -> mb::task<fixed> { co_return fixed(x); }, numbers)[3].value == 3);
  CHECK(*mb::map([](int x) -> mb::task<std::unique_ptr<int>> { co_return std::make_unique<int>(x); }, numbers)[4] == 4);
}

TEST_CASE("results may have no assignment", "[remote]") {
  mb::manual_runtime rt;
  struct constant {
    int const value;
  };
  CHECK(mb::map([](int x) { return constant{x}; }, numbers)[3].value == 3);
  CHECK(mb::map([](int x) -> mb::task<constant> { co_return constant{x}; }, numbers)[3].value == 3);
}

TEST_CASE("a function that returns nothing or a reference is mapped too", "[remote]") {
  mb::manual_runtime rt;
  int sum = 0;
  mb::map([&](int x) { sum += x; }, numbers);
  CHECK(sum == 45);
  mb::map(
      [&](int x) -> mb::task<> {
        co_await mb::sleep_for(1s);
        sum += x;
      },
      numbers);
  CHECK(sum == 90);
  std::vector<int> const copies = mb::map([](int const& x) -> int const& { return x; }, numbers);
  CHECK(copies == numbers);
}

TEST_CASE("an empty range gives no results and no calls", "[remote]") {
  mb::manual_runtime rt;
  std::vector<int> const none;
  CHECK(mb::map(twice, none).empty());
  CHECK(mb::map(twice_later, none).empty());
  mb::map([](int) { throw std::logic_error("called"); }, none);
}

TEST_CASE("member functions and member objects can be mapped", "[remote]") {
  mb::manual_runtime rt;
  std::vector<std::string> const words = {"a", "bb", "ccc"};
  CHECK(mb::map(&std::string::size, words) == std::vector<std::size_t>{1, 2, 3});
}

TEST_CASE("the first element in order that failed gives the error", "[remote]") {
  mb::manual_runtime rt;
  auto const fails = [](int x) -> int { return x < 3 ? x : throw x; };
  auto const fails_later = [](int x) -> mb::task<int> {
    co_await mb::sleep_for((10 - x) * 1s);
    if (x >= 3) throw x;
    co_return x;
  };
  for (int coroutine = 0; coroutine < 2; ++coroutine) {
    try {
      static_cast<void>(coroutine == 1 ? mb::map(fails_later, numbers) : mb::map(fails, numbers));
      FAIL("nothing was thrown");
    } catch (int which) { CHECK(which == 3); }
  }
}

TEST_CASE("a coroutine function that throws without making a coroutine is no different", "[remote]") {
  mb::manual_runtime rt;
  auto const f = [](int x) -> mb::task<int> {
    if (x == 5) throw x;
    return twice_later(x);
  };
  CHECK_THROWS_AS(mb::map(f, numbers), int);
  auto const earlier_fails_later = [](int x) -> mb::task<int> {
    if (x == 5) throw x;
    return [](int y) -> mb::task<int> {
      co_await mb::sleep_for(1s);
      if (y == 2) throw y;
      co_return y;
    }(x);
  };
  try {
    static_cast<void>(mb::map(earlier_fails_later, numbers));
    FAIL("nothing was thrown");
  } catch (int which) { CHECK(which == 2); }
}

TEST_CASE("after an error the rest is not begun, and map returns when what had begun is over", "[remote]") {
  mb::runtime rt({.num_cpus = 4});
  for (int round = 0; round < 20; ++round) {
    std::atomic<int> begun{0}, ended{0};
    std::vector<int> xs(10'000);
    auto const f = [&](int const& x) {
      ++begun;
      for (int volatile spin = 0; spin < 500;) spin = spin + 1;
      if (&x == &xs[100]) {
        ++ended;
        throw std::domain_error("item 100");
      }
      ++ended;
      return x;
    };
    CHECK_THROWS_AS(mb::map(f, xs), std::domain_error);
    CHECK(begun == ended);
    CHECK(begun >= 101);
  }
}

TEST_CASE("maps nest, and tasks in them may block", "[remote]") {
  auto const inner = [](int x) { return mb::get(mb::remote(twice)(x)); };
  auto const outer = [&](int x) {
    int sum = 0;
    for (int y : mb::map(inner, std::vector{x, x + 1})) sum += y;
    return sum;
  };
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    mb::manual_runtime rt({.seed = seed});
    REQUIRE(mb::map(outer, std::vector{1, 10, 100}) == std::vector{6, 42, 402});
    REQUIRE(mb::get(mb::remote([&] { return mb::map(outer, std::vector{1, 10, 100}); })()) == std::vector{6, 42, 402});
  }
  for (unsigned workers : {1U, 2U, 4U}) {
    mb::runtime rt({.num_cpus = workers});
    CHECK(mb::map(outer, numbers)[9] == 38);
    CHECK(mb::get(mb::remote([&] { return mb::map(outer, numbers)[9]; })()) == 38);
  }
}

TEST_CASE("coroutines on threads are all in flight at once", "[remote]") {
  mb::runtime rt({.num_cpus = 2});
  auto const start = rt.now();
  std::vector<int> const many(500);
  auto const naps = [](int x) -> mb::task<int> {
    co_await mb::sleep_for(10ms);
    co_return x;
  };
  CHECK(mb::map(naps, many) == many);
  CHECK(rt.now() - start < 2s);  // one after the other it would be five
}

TEST_CASE("plain items that block in the kernel run on all workers", "[remote]") {
  mb::runtime rt({.num_cpus = 10});
  std::atomic<int> inside{0}, most{0};
  std::vector<int> const many(40);
  static_cast<void>(mb::map(
      [&](int x) {
        int const now = ++inside;
        for (int seen = most; seen < now && !most.compare_exchange_weak(seen, now);) {}
        std::this_thread::sleep_for(2ms);  // the work itself
        --inside;
        return x;
      },
      many));
  CHECK(most > 3);
}

TEST_CASE("of a failure the handler learns which element it was", "[remote]") {
  auto const plain = [](int x) { return x % 100 == 42 ? throw std::domain_error(std::to_string(x)) : x; };
  auto const slow = [](int x) -> mb::task<int> {
    co_await mb::yield();
    co_return x % 100 == 42 ? throw std::domain_error(std::to_string(x)) : x;
  };
  std::vector<int> xs(300);
  std::iota(xs.begin(), xs.end(), 1);
  auto const item_of = [](auto const& run) {
    try {
      run();
    } catch (std::domain_error const&) {
      auto const why = mb::current_failure();
      return why ? why->item() : std::nullopt;
    }
    return std::optional<std::size_t>();
  };
  for (unsigned const workers : {1U, 2U}) {
    mb::runtime rt({.num_cpus = workers});
    CHECK(item_of([&] { static_cast<void>(mb::map(plain, xs)); }) == 41);
    CHECK(item_of([&] { static_cast<void>(mb::map(plain, xs, {.chunk = 3, .in_flight = 2})); }) == 41);
    CHECK(item_of([&] { static_cast<void>(mb::map(slow, xs)); }) == 41);
    CHECK(item_of([&] { mb::for_each(plain, xs); }) == 41);
    CHECK(item_of([&] {
            static_cast<void>(mb::reduce(xs, 0, [](int, int) -> int { throw std::domain_error("no"); }));
          }) == std::nullopt);
    auto const whole = mb::remote([&] { return mb::map(plain, xs); })();
    CHECK_THROWS_AS(mb::get(whole), std::domain_error);
    REQUIRE(whole.failure()->cause());
    auto const item = whole.failure()->cause()->item();
    REQUIRE(item);
    CHECK(*item == 41);
    CHECK(whole.failure()->report().find("because item " + std::to_string(*item) + " failed") != std::string::npos);
  }
  CHECK_FALSE(mb::current_failure());
}

TEST_CASE("ten million items take no memory but that of their results", "[remote]") {
  mb::runtime rt({.num_cpus = 2});
  auto const resident = [] {
    long pages = 0, total = 0;
    std::FILE* const f = std::fopen("/proc/self/statm", "r");
    REQUIRE(f != nullptr);
    CHECK(std::fscanf(f, "%ld %ld", &total, &pages) == 2);
    std::fclose(f);
    return pages * 4 / 1024;  // MB
  };
  auto const ten_million = std::views::iota(0, 10'000'000);
  mb::for_each([](int) {}, std::views::iota(0, 1000));
  long const before = resident();
  std::atomic<int> done{0};
  mb::for_each([&](int x) { done += x % 1000 == 0 ? 1 : 0; }, ten_million);
  CHECK(done == 10'000);
  CHECK(resident() - before < 8);
  long results = 0;  // what so many take by themselves, and what a sanitizer keeps about them
  {
    std::vector<char> const alone(10'000'000, 'x');
    results = resident() - before;
    CHECK(alone.back() == 'x');
  }
  long const after = resident();
  std::vector<char> const ys = mb::map([](int x) { return static_cast<char>(x & 1); }, ten_million);
  CHECK(ys.size() == 10'000'000);
  CHECK(resident() - after < results + 8);
}
