#include "mobula/future/get.hpp"

#include <array>
#include <list>
#include <memory>
#include <ranges>
#include <stdexcept>
#include <string>
#include <tuple>
#include <variant>
#include <vector>

#include "mobula/mobula.hpp"
#include "support/catch.hpp"

namespace mb = mobula;
using namespace std::chrono_literals;

namespace {

int identity(int x) { return x; }

mb::task<int> after(mb::detail::duration d, int x) {
  co_await mb::sleep_for(d);
  co_return x;
}

int fail_with(int x) { throw x; }

}  // namespace

TEST_CASE("a list is read in order, whatever the order in which its tasks end", "[future]") {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    mb::manual_runtime rt({.seed = seed});
    std::vector<mb::future<int>> futures;
    for (int i = 0; i < 20; ++i) futures.push_back(mb::remote(after)((i * 7 % 20) * 1ms, i));
    std::vector<int> const values = mb::get(futures);
    for (int i = 0; i < 20; ++i) REQUIRE(values[static_cast<std::size_t>(i)] == i);
    REQUIRE(futures[3].valid());
  }
}

TEST_CASE("an empty list gives an empty list", "[future]") {
  CHECK(mb::get(std::vector<mb::future<int>>()).empty());
  mb::get(std::vector<mb::future<void>>());
}

TEST_CASE("an array gives an array, other ranges a vector", "[future]") {
  mb::manual_runtime rt;
  std::array const futures{mb::remote(identity)(1), mb::remote(identity)(2)};
  std::array<int, 2> const values = mb::get(futures);
  CHECK(values == std::array{1, 2});
  std::list<mb::future<int>> const list{mb::put(1), mb::put(2), mb::put(3)};
  CHECK(mb::get(list) == std::vector{1, 2, 3});
  CHECK(mb::get(list | std::views::drop(1)) == std::vector{2, 3});
  CHECK(mb::get(list | std::views::reverse) == std::vector{3, 2, 1});
}

TEST_CASE("a range that makes its futures on the fly is not one of futures: each would be made twice", "[future]") {
  auto const made = std::views::iota(0, 4) | std::views::transform([](int i) { return mb::put(i); });
  CHECK_FALSE(mb::future_range<decltype(made)>);
}

TEST_CASE("a list of futures of nothing is waited for", "[future]") {
  mb::manual_runtime rt;
  int ran = 0;
  std::vector<mb::future<void>> futures;
  for (int i = 0; i < 5; ++i) futures.push_back(mb::remote([&] { ++ran; })());
  mb::get(futures);
  CHECK(ran == 5);
}

TEST_CASE("a list of futures of bool gives bools", "[future]") {
  mb::manual_runtime rt;
  std::vector<mb::future<bool>> const futures{mb::put(true), mb::put(false)};
  CHECK(mb::get(futures) == std::vector<bool>{true, false});
}

TEST_CASE("an rvalue list of last handles moves the values out, so move-only ones can be read", "[future]") {
  mb::manual_runtime rt;
  auto const make = [](int x) { return std::make_unique<int>(x); };
  std::vector<mb::future<std::unique_ptr<int>>> futures;
  for (int i = 0; i < 3; ++i) futures.push_back(mb::remote(make)(i));
  auto const values = mb::get(std::move(futures));
  REQUIRE(values.size() == 3);
  CHECK(*values[2] == 2);
  auto const array = mb::get(std::array{mb::remote(make)(7)});
  CHECK(*array[0] == 7);
}

TEST_CASE("tuples of mixed types give a tuple, std::monostate for void", "[future]") {
  mb::manual_runtime rt;
  auto const futures = std::tuple{mb::remote(identity)(1), mb::put(std::string("two")), mb::remote([] {})()};
  std::tuple<int, std::string, std::monostate> const values = mb::get(futures);
  CHECK(std::get<0>(values) == 1);
  CHECK(std::get<1>(values) == "two");
  auto const [p, n] = mb::get(std::tuple{mb::put(std::make_unique<int>(3)), mb::put(4)});
  CHECK(*p == 3);
  CHECK(n == 4);
}

TEST_CASE("futures of mixed types can be given one by one", "[future]") {
  mb::manual_runtime rt;
  auto const a = mb::remote(identity)(1);
  auto const [x, y, z] = mb::get(a, mb::put(std::string("two")), mb::put(std::make_unique<int>(3)));
  CHECK(x == 1);
  CHECK(y == "two");
  CHECK(*z == 3);
  CHECK(a.valid());
}

TEST_CASE("of several errors the first in order is thrown, after all tasks are over", "[future]") {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    mb::manual_runtime rt({.seed = seed});
    bool last_ran = false;
    std::vector<mb::future<int>> futures;
    futures.push_back(mb::remote(after)(1s, 0));
    futures.push_back(mb::remote(fail_with)(1));
    futures.push_back(mb::remote(fail_with)(2));
    futures.push_back(mb::remote([&]() -> mb::task<int> {
      co_await mb::sleep_for(5s);
      last_ran = true;
      co_return 3;
    })());
    try {
      static_cast<void>(mb::get(futures));
      FAIL("nothing was thrown");
    } catch (int which) { REQUIRE(which == 1); }
    REQUIRE(last_ran);
  }
}

TEST_CASE("of several errors in a tuple the first in order is thrown", "[future]") {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    mb::manual_runtime rt({.seed = seed});
    auto const failed = [](int x) -> std::string { throw x; };
    try {
      static_cast<void>(mb::get(mb::remote(identity)(0), mb::remote(failed)(1), mb::remote(fail_with)(2)));
      FAIL("nothing was thrown");
    } catch (int which) { REQUIRE(which == 1); }
  }
}

TEST_CASE("a reference that get gives is good as long as the future", "[future]") {
  auto const f = mb::put(std::vector{1, 2, 3});
  std::vector<int> const& v = mb::get(f);
  CHECK(&v == &mb::get(f));
  STATIC_REQUIRE(std::is_same_v<decltype(mb::get(f)), std::vector<int> const&>);
  STATIC_REQUIRE(std::is_same_v<decltype(mb::get(mb::put(1))), int>);
}

TEST_CASE("get in a plain task waits for its children in any order", "[future]") {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    mb::manual_runtime rt({.seed = seed});
    REQUIRE(mb::get(mb::remote([] {
              std::vector<mb::future<int>> children;
              for (int i = 0; i < 5; ++i) children.push_back(mb::remote(after)((5 - i) * 1s, i));
              int sum = 0;
              for (int x : mb::get(children)) sum = 10 * sum + x;
              return sum;
            })()) == 1234);
  }
}
