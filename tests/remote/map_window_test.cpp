#include "mobula/remote/map_window.hpp"

#include <algorithm>
#include <concepts>
#include <cstdint>
#include <iterator>
#include <memory>
#include <optional>
#include <ranges>
#include <source_location>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "mobula/mobula.hpp"
#include "support/catch.hpp"

namespace mb = mobula;
using namespace std::chrono_literals;

namespace {

static_assert(std::ranges::input_range<mb::ordered_results<int>>);
static_assert(std::movable<mb::ordered_results<std::unique_ptr<int>>>);
static_assert(mb::detail::multi_pass<std::vector<bool>::iterator>);
static_assert(!mb::detail::multi_pass<std::istream_iterator<int>>);
static_assert(!mb::detail::multi_pass<std::ranges::iterator_t<mb::generator<int>>>);

int twice(int x) { return 2 * x; }

// The smaller the number within each three, the later.
mb::task<int> late(int x) {
  co_await mb::sleep_for((3 - x % 3) * 1s);
  co_return 2 * x;
}

std::vector<int> doubled(int n) {
  std::vector<int> ys;
  for (int i = 0; i < n; ++i) ys.push_back(2 * i);
  return ys;
}

struct named {
  int operator()(int x) const { throw x; }
};

mb::generator<int> naturals(int& made) {
  for (;;) {
    int const n = made++;
    co_yield n;
  }
}

}  // namespace

TEST_CASE("map_window gives results in order: to main, to a plain task and to a coroutine", "[remote]") {
  for (std::uint64_t seed = 0; seed < 30; ++seed)
    for (std::size_t window : {0U, 1U, 2U, 7U, 100U}) {
      mb::manual_runtime rt({.seed = seed});
      auto const plain = [window](auto f) {
        std::vector<int> ys;
        for (int const y : mb::map_window(f, std::views::iota(0, 20), {.in_flight = window})) ys.push_back(y);
        return ys;
      };
      auto const coroutine = [window](auto f) -> mb::task<std::vector<int>> {
        std::vector<int> ys;
        auto results = mb::map_window(f, std::views::iota(0, 20), {.in_flight = window});
        while (auto const y = co_await results.next()) ys.push_back(*y);
        co_return ys;
      };
      REQUIRE(plain(twice) == doubled(20));
      REQUIRE(plain(late) == doubled(20));
      REQUIRE(mb::get(mb::remote(plain)(late)) == doubled(20));
      REQUIRE(mb::get(mb::remote(coroutine)(twice)) == doubled(20));
      REQUIRE(mb::get(mb::remote(coroutine)(late)) == doubled(20));
    }
}

TEST_CASE("nothing is started before a result is asked for, and then never more than the window", "[remote]") {
  for (std::uint64_t seed = 0; seed < 30; ++seed) {
    int made = 0, begun = 0;
    mb::manual_runtime rt({.seed = seed});
    auto const f = [&begun](int x) { return ++begun, x; };
    auto numbers = naturals(made);
    auto ys = mb::map_window(f, numbers, {.in_flight = 3});
    rt.run_until_idle();
    REQUIRE((made == 0 && begun == 0));
    for (int taken = 0; taken < 10; ++taken) {
      REQUIRE(mb::get(ys.next()) == taken);
      rt.run_until_idle();
      REQUIRE((made == taken + 3 && begun == taken + 3));
    }
  }
}

TEST_CASE("an endless range is broken off at any time, and what was started runs to its end", "[remote]") {
  for (std::uint64_t seed = 0; seed < 30; ++seed) {
    std::vector<int> ended;
    mb::manual_runtime rt({.seed = seed});
    auto const counted = [&ended, own = std::make_shared<int>(7)](int x) -> mb::task<int> {
      co_await mb::sleep_for((1 + x % 4) * 1s);
      ended.push_back(x);
      co_return x** own;
    };
    int sum = 0;
    for (int const y : mb::map_window(counted, std::views::iota(0), {.in_flight = 8})) {
      sum += y;
      if (y == 21) break;
    }
    REQUIRE(sum == 7 * (0 + 1 + 2 + 3));
    rt.advance(1h);
    std::ranges::sort(ended);
    REQUIRE(ended == std::vector<int>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10});
    for (int const y : mb::map_window(counted, std::views::iota(0))) {
      CHECK(y == 0);
      break;
    }
  }
}

TEST_CASE("an item's failure comes out once, in its place, and those after it still come", "[remote]") {
  for (std::uint64_t seed = 0; seed < 30; ++seed) {
    mb::manual_runtime rt({.seed = seed});
    auto const picky = [](int x) -> mb::task<int> {
      co_await mb::sleep_for((3 - x % 3) * 1s);
      if (x == 4) throw std::domain_error("four");
      co_return x;
    };
    auto ys = mb::map_window(picky, std::views::iota(0, 8), {.in_flight = 3});
    for (int i = 0; i < 4; ++i) REQUIRE(mb::get(ys.next()) == i);
    REQUIRE_THROWS_AS(mb::get(ys.next()), std::domain_error);
    for (int i = 5; i < 8; ++i) REQUIRE(mb::get(ys.next()) == i);
    REQUIRE(mb::get(ys.next()) == std::nullopt);
    REQUIRE(mb::get(ys.next()) == std::nullopt);
  }
}

TEST_CASE("of the failures of abandoned items nobody is told", "[remote]") {
  for (std::uint64_t seed = 0; seed < 30; ++seed) {
    int told = 0;
    mb::manual_runtime rt({.seed = seed, .on_unread_failure = [&told](mb::failure const&) { ++told; }});
    auto const fails = [](int x) -> mb::task<int> {
      if (x == 0) co_return 0;
      co_await mb::sleep_for((x % 3) * 1s);
      throw std::domain_error("no");
    };
    {
      auto ys = mb::map_window(fails, std::views::iota(0), {.in_flight = 5});
      REQUIRE(mb::get(ys.next()) == 0);
    }
    {
      auto ys = mb::map_window(fails, std::views::iota(0), {.in_flight = 5});
      REQUIRE(mb::get(ys.next()) == 0);
      rt.advance(1h);
    }
    rt.advance(1h);
    REQUIRE(told == 0);
  }
}

TEST_CASE("a task that fails as an item did names the item as the cause", "[remote]") {
  mb::manual_runtime rt;
  auto const outer = mb::remote([] {
    for (int const y : mb::map_window(named{}, std::views::iota(0), {.in_flight = 2})) return y;
    return 0;
  })();
  rt.run_until_idle();
  REQUIRE(outer.failure()->cause());
  CHECK(std::string(outer.failure()->cause()->task()).find("named") != std::string::npos);
}

TEST_CASE("an item's task has the name of the function and the place of the call", "[remote]") {
  mb::manual_runtime rt;
  auto const where = std::source_location::current();
  auto const items = mb::detail::make_item_source(named{}, std::views::iota(0, 1), where);
  auto const f = items->start_next();
  rt.run_until_idle();
  CHECK(std::string(f.failure()->task()).find("named") != std::string::npos);
  CHECK(f.failure()->submitted().line() == where.line());
  CHECK_FALSE(items->start_next().valid());
}

TEST_CASE("what the range throws comes out at once and ends it, and what was started still comes", "[remote]") {
  mb::manual_runtime rt;
  auto const bad = std::views::iota(0) | std::views::transform([](int x) {
                     if (x == 2) throw std::range_error("two");
                     return x;
                   });
  auto ys = mb::map_window(late, bad, {.in_flight = 5});
  REQUIRE_THROWS_AS(ys.next(), std::range_error);
  REQUIRE(mb::get(ys.next()) == 0);
  REQUIRE(mb::get(ys.next()) == 2);
  REQUIRE(mb::get(ys.next()) == std::nullopt);
}

TEST_CASE("a result that comes after a time limit is given next; none is lost in a select", "[remote]") {
  for (std::uint64_t seed = 0; seed < 30; ++seed) {
    mb::manual_runtime rt({.seed = seed});
    auto const all = [](auto results) -> mb::task<std::vector<int>> {
      std::vector<int> ys;
      for (int i = 0;; ++i) {
        if (i % 2 == 0) {
          auto const first = co_await mb::select(results.next(), mb::sleep_for(300ms));
          if (first.index() == 1) continue;
          if (!std::get<0>(first)) co_return ys;
          ys.push_back(*std::get<0>(first));
        } else {
          try {
            auto const y = co_await mb::timeout(results.next(), 300ms);
            if (!y) co_return ys;
            ys.push_back(*y);
          } catch (mb::timeout_error const&) {}
        }
      }
    };
    REQUIRE(mb::get(all(mb::map_window(late, std::views::iota(0, 12), {.in_flight = 4}))) == doubled(12));
    auto ys = mb::map_window(late, std::views::iota(0, 12), {.in_flight = 4});
    REQUIRE_THROWS_AS(mb::get(ys.next(), 1s), mb::timeout_error);
    auto first = ys.next();
    REQUIRE_THROWS_AS(mb::get(first, 1s), mb::timeout_error);
    REQUIRE(mb::get(first) == 0);
    REQUIRE(mb::get(ys.next(), 1h) == 2);
  }
}

TEST_CASE("results and elements may be movable only, void, and references, which are copied", "[remote]") {
  int calls = 0;
  mb::manual_runtime rt;
  auto const boxed = std::views::iota(0, 3) | std::views::transform([](int x) { return std::make_unique<int>(x); });
  auto const same = [](std::unique_ptr<int> p) { return p; };
  int next = 0;
  for (auto p : mb::map_window(same, boxed)) CHECK(*p == next++);
  CHECK(next == 3);

  for (std::monostate const done : mb::map_window([&calls](int) { ++calls; }, std::vector<int>(5))) CHECK(done == done);
  CHECK(calls == 5);

  auto const identity = [](std::string const& s) -> std::string const& { return s; };
  auto const later = [](std::string const& s) -> mb::task<std::string const&> { co_return s; };
  std::vector<std::string> const words(4, std::string(40, 'x'));
  for (std::string const& s : mb::map_window(identity, words)) CHECK(s == words[0]);
  for (std::string const& s : mb::map_window(later, words)) CHECK(s == words[0]);
  auto nothing = mb::map_window(twice, std::vector<int>());
  CHECK(mb::get(nothing.next()) == std::nullopt);
}

TEST_CASE("a range that is kept lives until the last task that was started, as elements may refer to it", "[remote]") {
  for (std::uint64_t seed = 0; seed < 30; ++seed) {
    int right = 0;
    mb::manual_runtime rt({.seed = seed});
    struct owner {
      std::vector<std::string> words = std::vector<std::string>(10, std::string(40, 'y'));
      std::vector<std::string_view> views{words.begin(), words.end()};
      owner() = default;
      owner(owner&&) = default;
      [[nodiscard]] auto begin() const { return views.begin(); }
      [[nodiscard]] auto end() const { return views.end(); }
    };
    auto const look = [&right](std::string_view s) -> mb::task<> {
      co_await mb::sleep_for(1s);
      right += s == std::string(40, 'y') ? 1 : 0;
    };
    {
      auto window = mb::map_window(look, owner(), {.in_flight = 6});
      static_cast<void>(window.next());
    }
    rt.advance(1h);
    REQUIRE(right == 6);
  }
}

TEST_CASE("a range that can be read only once is read as far as it is wanted", "[remote]") {
  mb::manual_runtime rt;
  std::istringstream in("1 2 3 4 5 6 7 8");
  auto const numbers = [&in] { return std::views::istream<int>(in); };
  {
    auto ys = mb::map_window(twice, numbers(), {.in_flight = 2});
    CHECK(mb::get(ys.next()) == 2);
    CHECK(mb::get(ys.next()) == 4);
  }
  int rest = 0;
  in >> rest;
  CHECK(rest == 4);
}

TEST_CASE("futures among the elements are dependencies", "[remote]") {
  mb::manual_runtime rt;
  std::vector<mb::future<int>> xs;
  for (int i = 0; i < 5; ++i) xs.push_back(mb::remote(late)(i));
  std::vector<int> ys;
  for (int const y : mb::map_window(twice, xs, {.in_flight = 2})) ys.push_back(y);
  CHECK(ys == std::vector<int>{0, 4, 8, 12, 16});
}

TEST_CASE("without a runtime map_window throws", "[remote]") {
  CHECK_THROWS_AS(mb::map_window(twice, std::views::iota(0)), mb::no_runtime);
}
