#include "mobula/remote/submit_all.hpp"

#include <algorithm>
#include <chrono>
#include <forward_list>
#include <functional>
#include <memory>
#include <numeric>
#include <ranges>
#include <stdexcept>
#include <string>
#include <vector>

#include "mobula/mobula.hpp"
#include "support/catch.hpp"

namespace mb = mobula;
using namespace std::chrono_literals;

namespace {

int square(int x) { return x * x; }

mb::task<int> slow_square(int x) {
  co_await mb::sleep_for(std::chrono::seconds(x % 3));
  co_return x* x;
}

std::vector<int> numbers(int n) {
  std::vector<int> xs(static_cast<std::size_t>(n));
  std::iota(xs.begin(), xs.end(), 0);
  return xs;
}

// Its copies are counted while they live, and one of them fails.
struct counted {
  static inline int living = 0;
  static inline int until_failure = -1;
  explicit counted(int v = 0) : value(v) { ++living; }
  counted(counted const& o) : value(o.value) {
    if (until_failure >= 0 && until_failure-- == 0) throw std::length_error("no more copies");
    ++living;
  }
  ~counted() { --living; }
  int value;
};

}  // namespace

TEST_CASE("submit_all gives the future of each item's task, in order, whatever runs first", "[remote]") {
  mb::explore(
      [](mb::manual_options const& seeded) {
        mb::manual_runtime rt(seeded);
        auto const xs = numbers(30);
        auto const fs = mb::submit_all(square, xs);
        auto const slow = mb::submit_all(slow_square, xs);
        REQUIRE(fs.size() == 30);
        REQUIRE(mb::get(slow[29]) == 29 * 29);
        for (std::size_t i = 0; i < 30; ++i) {
          REQUIRE(mb::get(fs[i]) == square(xs[i]));
          REQUIRE(mb::get(slow[i]) == square(xs[i]));
        }
      },
      {.seeds = 100});
}

TEST_CASE("submit_all does the same in a task, of whatever range", "[remote]") {
  mb::manual_runtime rt;
  auto const in_task = mb::remote([] {
    int const array[] = {1, 2, 3};
    int sum = 0;
    for (int x : mb::get(mb::submit_all(square, array))) sum += x;
    for (int x : mb::get(mb::submit_all(&square, std::forward_list<int>{4, 5}))) sum += x;
    for (int x : mb::get(mb::submit_all(std::negate<>(), std::views::iota(1, 4)))) sum += x;
    for (bool x : mb::get(mb::submit_all(std::logical_not<>(), std::vector<bool>{true, false, false}))) sum += x;
    return sum;
  })();
  CHECK(mb::get(in_task) == 1 + 4 + 9 + 16 + 25 - 6 + 2);
}

TEST_CASE("submit_all of nothing is nothing, and needs no runtime", "[remote]") {
  CHECK(mb::submit_all(square, std::vector<int>()).empty());
}

TEST_CASE("submit_all without a runtime throws no_runtime, and keeps nothing", "[remote]") {
  std::vector<counted> const xs(3);
  auto const f = [](counted const& c) { return c.value; };
  CHECK_THROWS_AS(mb::submit_all(f, xs), mb::no_runtime);
  mb::manual_runtime rt;
  rt.shutdown();
  CHECK_THROWS_AS(mb::submit_all(f, xs), mb::no_runtime);
  CHECK(counted::living == 3);
}

TEST_CASE("if an item can't be copied, submit_all submits nothing and keeps nothing", "[remote]") {
  mb::manual_runtime rt;
  std::vector<counted> const xs(20);
  for (int n = 0; n < 20; ++n) {
    counted::until_failure = n;
    CHECK_THROWS_AS(mb::submit_all([](counted const& c) { return c.value; }, xs), std::length_error);
    CHECK(counted::living == 20);
    CHECK(rt.pending().unfinished == 0);
  }
  counted::until_failure = -1;
  CHECK(mb::get(mb::submit_all([](counted const& c) { return c.value; }, xs)).size() == 20);
  CHECK(counted::living == 20);
}

TEST_CASE("if the function can't be copied, submit_all submits nothing and keeps nothing", "[remote]") {
  mb::manual_runtime rt;
  {
    auto const f = [c = counted(1)](int x) { return c.value + x; };
    counted::until_failure = 5;
    CHECK_THROWS_AS(mb::submit_all(f, numbers(9)), std::length_error);
    CHECK(counted::living == 1);
    CHECK(rt.pending().unfinished == 0);
  }
  CHECK(counted::living == 0);
}

TEST_CASE("each task has its own copy of the function, which goes with the task; std::ref shares one", "[remote]") {
  mb::manual_runtime rt;
  auto count = [c = counted(), n = 0](int) mutable { return ++n; };
  auto const fs = mb::submit_all(count, numbers(5));
  CHECK(mb::get(fs) == std::vector{1, 1, 1, 1, 1});
  CHECK(counted::living == 1);
  auto sorted = mb::get(mb::submit_all(std::ref(count), numbers(3)));
  std::sort(sorted.begin(), sorted.end());
  CHECK(sorted == std::vector{1, 2, 3});
}

TEST_CASE("items and results may be such that can only be moved, if the container is given up", "[remote]") {
  mb::manual_runtime rt;
  std::vector<std::unique_ptr<int>> items;
  for (int i = 0; i < 5; ++i) items.push_back(std::make_unique<int>(i));
  auto fs = mb::submit_all([](std::unique_ptr<int> p) { return std::make_unique<int>(*p + 1); }, std::move(items));
  auto const results = mb::get(std::move(fs));
  for (int i = 0; i < 5; ++i) CHECK(*results[static_cast<std::size_t>(i)] == i + 1);
}

TEST_CASE("items are copied from a container that is kept, and from a view", "[remote]") {
  mb::manual_runtime rt;
  std::vector<std::string> words{"a word that is too long to be kept in place", "another of the kind, to be moved"};
  auto const length = [](std::string s) { return s.size(); };
  auto const lengths = std::vector{words[0].size(), words[1].size()};
  CHECK(mb::get(mb::submit_all(length, words)) == lengths);
  CHECK(mb::get(mb::submit_all(length, std::views::all(words))) == lengths);
  CHECK(words[1].size() == lengths[1]);
}

TEST_CASE("futures of submit_all outlive each other, their vector and the runtime", "[remote]") {
  mb::explore(
      [](mb::manual_options const& seeded) {
        mb::future<std::string> third;
        {
          mb::manual_runtime rt(seeded);
          auto const spell = [](int x) { return std::string(static_cast<std::size_t>(x), 'x'); };
          auto fs = mb::submit_all(spell, numbers(50));
          third = fs[3];
          if (seeded.seed % 2 == 0) mb::get(fs[40]);
          fs.resize(seeded.seed % 50);
          static_cast<void>(mb::submit_all(spell, numbers(3)));  // nobody wants these
        }
        REQUIRE(mb::get(third) == "xxx");
      },
      {.seeds = 100});
}

TEST_CASE("an item that is a future is passed as one, and is no dependency", "[remote]") {
  mb::manual_runtime rt;
  auto const later = mb::submit_all(slow_square, std::vector{1, 2, 4});
  auto const states = mb::submit_all([](mb::future<int> const& f) { return f.ready(); }, later);
  CHECK(mb::get(states) == std::vector{false, false, false});
  CHECK(mb::get(mb::submit_all([](mb::future<int> const& f) -> mb::task<int> { co_return co_await f; }, later)) ==
        std::vector{1, 4, 16});
}

TEST_CASE("what a function returns as a future is flattened by submit_all too", "[remote]") {
  mb::manual_runtime rt;
  std::vector<mb::future<int>> const fs =
      mb::submit_all([](int x) { return mb::remote(slow_square)(x); }, std::vector{1, 2});
  CHECK(mb::get(fs) == std::vector{1, 4});
}

TEST_CASE("what a task of submit_all throws comes out of its future, and failure() says where it was submitted",
          "[remote]") {
  mb::manual_runtime rt;
  auto const odd_only = [](int x) {
    if (x % 2 == 0) throw std::domain_error(std::to_string(x));
    return x;
  };
  auto const odd_only_later = [odd_only](int x) -> mb::task<int> {
    co_await mb::sleep_for(1s);
    co_return odd_only(x);
  };
  auto const line = __LINE__ + 1;
  for (auto const& fs : {mb::submit_all(odd_only, numbers(4)), mb::submit_all(odd_only_later, numbers(4))}) {
    CHECK(mb::get(fs[1]) == 1);
    CHECK_THROWS_WITH(mb::get(fs), "0");
    CHECK_THROWS_WITH(mb::get(fs[2]), "2");
    auto const why = fs[2].failure();
    REQUIRE(why);
    CHECK(why->submitted().line() == static_cast<unsigned>(line));
    CHECK(std::string(why->submitted().file_name()).find("submit_all_test") != std::string::npos);
    CHECK_FALSE(fs[3].failure());
  }
}

TEST_CASE("tasks of submit_all that have not started when the runtime drops end with cancelled", "[remote]") {
  std::vector<mb::future<int>> fs;
  int ran = 0;
  {
    mb::manual_runtime rt;
    fs = mb::submit_all([c = counted(), &ran](int x) { return ++ran, x; }, numbers(20));
    rt.run_one();
    rt.shutdown(mb::on_shutdown::drop);
  }
  int cancelled = 0;
  for (auto const& f : fs) {
    try {
      static_cast<void>(mb::get(f));
    } catch (mb::cancelled const&) { ++cancelled; }
  }
  CHECK(ran == 1);
  CHECK(cancelled == 19);
  CHECK(counted::living == 0);
}
