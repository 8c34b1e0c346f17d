#include "mobula/remote/map_unordered.hpp"

#include <algorithm>
#include <concepts>
#include <cstdint>
#include <memory>
#include <optional>
#include <ranges>
#include <stdexcept>
#include <utility>
#include <variant>
#include <vector>

#include "mobula/mobula.hpp"
#include "support/catch.hpp"

namespace mb = mobula;
using namespace std::chrono_literals;

namespace {

static_assert(std::ranges::input_range<mb::unordered_results<int>>);
static_assert(std::movable<mb::unordered_results<std::unique_ptr<int>>>);

// The smaller the number, the later.
mb::task<int> late(int x) {
  co_await mb::sleep_for((20 - x) * 1s);
  co_return 2 * x;
}

using indices = std::vector<std::size_t>;

indices sorted(indices is) {
  std::ranges::sort(is);
  return is;
}

indices first(std::size_t n) {
  indices is(n);
  for (std::size_t i = 0; i < n; ++i) is[i] = i;
  return is;
}

}  // namespace

TEST_CASE("map_unordered gives each result as soon as it is there: to main, to tasks, to coroutines", "[remote]") {
  for (std::uint64_t seed = 0; seed < 30; ++seed) {
    mb::manual_runtime rt({.seed = seed});
    auto const plain = [] {
      indices is;
      for (auto const [i, y] : mb::map_unordered(late, std::views::iota(0, 9), {.in_flight = 3}))
        is.push_back(y == 2 * static_cast<int>(i) ? i : 1000);
      return is;
    };
    auto const coroutine = []() -> mb::task<indices> {
      indices is;
      auto ys = mb::map_unordered(late, std::views::iota(0, 9), {.in_flight = 3});
      while (auto const y = co_await ys.next())
        is.push_back(y->value == 2 * static_cast<int>(y->index) ? y->index : 1000);
      co_return is;
    };
    // At 18 s 2 is over and 3 starts, at 19 s 1, at 20 s 0; then 3 at 35 s, 4 at 35 s, 5 at 35 s, and so on.
    indices const began = {2, 1, 0};
    for (auto const& is : {plain(), mb::get(mb::remote(plain)()), mb::get(mb::remote(coroutine)())}) {
      REQUIRE(sorted(is) == first(9));
      REQUIRE(std::equal(began.begin(), began.end(), is.begin()));
    }
  }
}

TEST_CASE("no more than the window is started and not taken, and all of it is used", "[remote]") {
  for (std::uint64_t seed = 0; seed < 30; ++seed)
    for (std::size_t window : {1U, 3U, 8U}) {
      std::size_t begun = 0;
      mb::manual_runtime rt({.seed = seed});
      auto const f = [&begun](int x) { return ++begun, x; };
      auto ys = mb::map_unordered(f, std::views::iota(0), {.in_flight = window});
      rt.run_until_idle();
      REQUIRE(begun == 0);
      for (std::size_t taken = 0; taken < 10; ++taken) {
        REQUIRE(mb::get(ys.next()));
        rt.run_until_idle();
        REQUIRE(begun == taken + window);
      }
    }
}

TEST_CASE("a failure comes out once, with its index, and the others still come", "[remote]") {
  for (std::uint64_t seed = 0; seed < 30; ++seed) {
    mb::manual_runtime rt({.seed = seed});
    auto const picky = [](int x) -> mb::task<int> {
      co_await mb::sleep_for((3 - x % 3) * 1s);
      if (x % 4 == 1) throw x;
      co_return x;
    };
    auto ys = mb::map_unordered(picky, std::views::iota(0, 10), {.in_flight = 4});
    indices came, failed;
    for (;;) {
      try {
        auto const y = mb::get(ys.next());
        if (!y) break;
        REQUIRE(ys.index() == y->index);
        came.push_back(y->index);
      } catch (int x) {
        REQUIRE(ys.index() == static_cast<std::size_t>(x));
        failed.push_back(ys.index());
      }
    }
    REQUIRE(sorted(failed) == indices{1, 5, 9});
    came.insert(came.end(), failed.begin(), failed.end());
    REQUIRE(sorted(came) == first(10));
  }
}

TEST_CASE("with outcomes no failure ends the loop, nor goes unread", "[remote]") {
  for (std::uint64_t seed = 0; seed < 30; ++seed) {
    int unread = 0;
    {
      mb::manual_runtime rt({.seed = seed, .on_unread_failure = [&](mb::failure const&) { ++unread; }});
      auto const picky = [](int x) -> mb::task<int> {
        co_await mb::sleep_for((3 - x % 3) * 1s);
        if (x % 4 == 1) throw x;
        co_return x;
      };
      indices came, failed;
      for (auto const& [i, y] : mb::map_unordered_outcomes(picky, std::views::iota(0, 10), {.in_flight = 4})) {
        (y.has_value() ? came : failed).push_back(i);
        if (y.has_value()) REQUIRE(y.get() == static_cast<int>(i));
      }
      REQUIRE(sorted(failed) == indices{1, 5, 9});
      REQUIRE(sorted(came) == indices{0, 2, 3, 4, 6, 7, 8});
      auto ordered = mb::map_window_outcomes(picky, std::views::iota(0, 10), {.in_flight = 4});
      int n = 0;
      for (auto const& y : ordered) REQUIRE(y.has_value() == (n++ % 4 != 1));
      REQUIRE(n == 10);
      auto const nothing = [](int x) { return x == 1 ? throw x : static_cast<void>(x); };
      auto of_void = mb::map_unordered_outcomes(nothing, std::vector{0, 1});
      REQUIRE(mb::get(of_void.next())->value.has_value() != mb::get(of_void.next())->value.has_value());
      REQUIRE_FALSE(mb::get(of_void.next()));
      auto owned = mb::map_window_outcomes([](int x) { return std::make_unique<int>(x); }, std::vector{7});
      REQUIRE(*mb::get(owned.next())->take() == 7);
    }
    REQUIRE(unread == 0);
  }
}

TEST_CASE("broken off, what was started runs to its end, and nobody is told of its failures", "[remote]") {
  for (std::uint64_t seed = 0; seed < 30; ++seed) {
    int told = 0, ended = 0;
    mb::manual_runtime rt({.seed = seed, .on_unread_failure = [&told](mb::failure const&) { ++told; }});
    auto const f = [&ended](int x) -> mb::task<int> {
      if (x % 2 == 1) co_await mb::sleep_for((x % 3) * 1s);
      ++ended;
      if (x != 0) throw std::domain_error("no");
      co_return x;
    };
    {
      auto ys = mb::map_unordered(f, std::views::iota(0), {.in_flight = 6});
      static_cast<void>(ys.next());
      if (seed % 2 == 0) rt.advance(1h);
    }
    rt.advance(1h);
    REQUIRE((told == 0 && ended == 6));
  }
}

TEST_CASE("what the range throws comes out at once and ends it, and all that was started still comes", "[remote]") {
  mb::manual_runtime rt;
  auto const bad = std::views::iota(0) | std::views::transform([](int x) {
                     if (x == 2) throw std::range_error("two");
                     return x;
                   });
  auto ys = mb::map_unordered(late, bad, {.in_flight = 5});
  REQUIRE_THROWS_AS(ys.next(), std::range_error);
  REQUIRE(mb::get(ys.next())->index == 1);
  REQUIRE(mb::get(ys.next())->index == 0);
  REQUIRE_FALSE(mb::get(ys.next()));
}

TEST_CASE("a result that comes after a time limit is given next, and none is lost in a select", "[remote]") {
  for (std::uint64_t seed = 0; seed < 30; ++seed) {
    mb::manual_runtime rt({.seed = seed});
    auto const all = [](auto results) -> mb::task<indices> {
      indices is;
      for (;;) {
        auto const y = co_await mb::select(results.next(), mb::sleep_for(300ms));
        if (y.index() == 1) continue;
        if (!std::get<0>(y)) co_return is;
        is.push_back(std::get<0>(y)->index);
      }
    };
    REQUIRE(sorted(mb::get(all(mb::map_unordered(late, std::views::iota(0, 12), {.in_flight = 4})))) == first(12));
    auto ys = mb::map_unordered(late, std::views::iota(0, 12), {.in_flight = 4});
    REQUIRE_THROWS_AS(mb::get(ys.next(), 1s), mb::timeout_error);
    REQUIRE(mb::get(ys.next(), 1h)->index == 3);
  }
}

TEST_CASE("unordered results may be movable only, and void", "[remote]") {
  int sum = 0, calls = 0;
  mb::manual_runtime rt;
  for (auto [i, p] : mb::map_unordered([](int x) { return std::make_unique<int>(x); }, std::views::iota(0, 5)))
    sum += *std::unique_ptr<int>(std::move(p));
  CHECK(sum == 10);
  auto nothing = mb::map_unordered([&calls](int) { ++calls; }, std::vector<int>(5));
  static_assert(std::is_same_v<decltype(nothing)::value_type, mb::indexed_result<std::monostate>>);
  while (mb::get(nothing.next())) {}
  CHECK(calls == 5);
}
