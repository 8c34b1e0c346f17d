#include "mobula/remote/arguments.hpp"

#include <algorithm>
#include <array>
#include <functional>
#include <map>
#include <memory>
#include <span>
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

int add(int a, int b) { return a + b; }
int sum3(int a, int b, int c) { return a * 100 + b * 10 + c; }

mb::task<int> after(mb::detail::duration d, int x) {
  co_await mb::sleep_for(d);
  co_return x;
}

int sum(std::vector<int> const& xs) {
  int total = 0;
  for (int x : xs) total += x;
  return total;
}

int fail_with(int x) { throw x; }

// Counts its copies.
struct copied {
  explicit copied(int& n) : count(&n) {}
  copied(copied const& other) : count(other.count) { ++*count; }
  copied(copied&&) = default;
  int* count;
};

}  // namespace

TEST_CASE("a future goes wherever its value goes, in every position", "[remote]") {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    mb::manual_runtime rt({.seed = seed});
    auto const one = mb::remote(after)(3s, 1), two = mb::remote(after)(2s, 2), three = mb::remote(after)(1s, 3);
    REQUIRE(mb::get(mb::remote(sum3)(one, 2, 3)) == 123);
    REQUIRE(mb::get(mb::remote(sum3)(1, two, 3)) == 123);
    REQUIRE(mb::get(mb::remote(sum3)(1, 2, three)) == 123);
    REQUIRE(mb::get(mb::remote(sum3)(two, two, two)) == 222);
    REQUIRE(mb::get(mb::remote(sum3)(mb::remote(add)(one, 0), mb::remote(add)(two, 0), three)) == 123);
  }
}

TEST_CASE("a task starts when its dependencies are there, and not before", "[remote]") {
  mb::manual_runtime rt;
  bool started = false;
  auto const f = mb::remote([&](int a, int b) {
    started = true;
    return a + b;
  })(mb::remote(after)(2s, 1), mb::remote(after)(5s, 2));
  rt.advance(5s - 1ns);
  CHECK_FALSE(started);
  rt.advance(1ns);
  CHECK(mb::get(f) == 3);
}

TEST_CASE("a diamond of dependencies runs each task once, in any order", "[remote]") {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    mb::manual_runtime rt({.seed = seed});
    int calls = 0;
    auto const count = [&](int x, int y) {
      ++calls;
      return x + y;
    };
    auto const top = mb::remote(count)(1, 0);
    auto const left = mb::remote(count)(top, 10), right = mb::remote(count)(top, 100);
    REQUIRE(mb::get(mb::remote(count)(left, right)) == 112);
    REQUIRE(calls == 4);
  }
}

TEST_CASE("lists, arrays and tuples of futures go where lists, arrays and tuples of values go", "[remote]") {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    mb::manual_runtime rt({.seed = seed});
    std::vector<mb::future<int>> list;
    for (int i = 0; i < 10; ++i) list.push_back(mb::remote(after)((10 - i) * 1s, i));
    REQUIRE(mb::get(mb::remote(sum)(list)) == 45);
    REQUIRE(mb::get(mb::remote([](std::vector<int> xs) { return xs[3]; })(list)) == 3);
    REQUIRE(mb::get(mb::remote([](std::span<int const> xs) { return xs[4]; })(list)) == 4);
    auto const of_array = [](std::array<int, 2> xs, int y) { return xs[0] * 10 + xs[1] + y; };
    REQUIRE(mb::get(mb::remote(of_array)(std::array{list[1], list[2]}, list[3])) == 15);
    auto const of_tuple = [](std::tuple<int, std::string> const& t) { return std::get<1>(t).size(); };
    REQUIRE(mb::get(mb::remote(of_tuple)(std::tuple{list[1], mb::put(std::string("abc"))})) == 3);
    REQUIRE(mb::get(mb::remote(sum)(std::vector<mb::future<int>>())) == 0);
  }
}

TEST_CASE("coroutines take dependencies like plain functions", "[remote]") {
  mb::manual_runtime rt;
  CHECK(mb::get(mb::remote(after)(1s, mb::remote(after)(1s, 7))) == 7);
  CHECK(rt.now().time_since_epoch() == 2s);
}

TEST_CASE("a coroutine's reference to a dependency's value is good until the coroutine ends", "[remote]") {
  mb::manual_runtime rt;
  auto const reads_late = [](std::string const& s) -> mb::task<std::string> {
    co_await mb::sleep_for(1s);
    co_return s;
  };
  CHECK(mb::get(mb::remote(reads_late)(mb::remote([] { return std::string(100, 'x'); })())) == std::string(100, 'x'));
}

TEST_CASE("a parameter that is a future gets the handle as it is, ready or not", "[remote]") {
  mb::manual_runtime rt;
  auto const f = mb::remote(after)(1h, 1);
  auto const takes_handle = [](mb::future<int> g) { return g.ready(); };
  CHECK_FALSE(mb::get(mb::remote(takes_handle)(f)));
  auto const takes_list = [](std::vector<mb::future<int>> const& list) { return list.size(); };
  CHECK(mb::get(mb::remote(takes_list)(std::vector{f, f})) == 2);
  CHECK_FALSE(f.ready());
  auto const mixed = [](mb::future<int> const& g, int x) { return g.ready() ? -1 : x; };
  CHECK(mb::get(mb::remote(mixed)(f, mb::put(5))) == 5);
}

TEST_CASE("a generic parameter gets the handle, too", "[remote]") {
  mb::manual_runtime rt;
  auto const is_handle = [](auto x) { return mb::any_future<decltype(x)>; };
  CHECK(mb::get(mb::remote(is_handle)(mb::put(1))));
  CHECK_FALSE(mb::get(mb::remote(is_handle)(1)));
}

TEST_CASE("a future of nothing is waited for, and gives no argument", "[remote]") {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    mb::manual_runtime rt({.seed = seed});
    bool first = false, second = false;
    auto const sets = [](bool& b) -> mb::task<> {
      co_await mb::sleep_for(1s);
      b = true;
    };
    auto const a = mb::remote(sets)(std::ref(first)), b = mb::remote(sets)(std::ref(second));
    auto const both = [&](int x) { return first && second ? x : -1; };
    REQUIRE(mb::get(mb::remote(both)(a, 5, b)) == 5);
    REQUIRE(mb::get(mb::remote(both)(std::vector{a, b}, mb::put(6))) == 6);
    auto const failed = mb::remote([] { throw std::domain_error("no"); })();
    REQUIRE_THROWS_AS(mb::get(mb::remote(both)(7, failed)), std::domain_error);
  }
}

TEST_CASE("maps, pairs and lists of lists of futures go where those of values go", "[remote]") {
  mb::manual_runtime rt;
  std::map<std::string, mb::future<int>> map;
  map["a"] = mb::remote(after)(1s, 1);
  CHECK(mb::get(mb::remote([](std::map<std::string, int> const& m) { return m.at("a"); })(map)) == 1);
  auto const of_pair = [](std::pair<int, std::vector<int>> const& p) { return p.first + p.second.at(0); };
  CHECK(mb::get(mb::remote(of_pair)(std::pair(mb::put(1), std::vector{mb::put(2)}))) == 3);
}

TEST_CASE("a parameter that is an outcome gets the failure of a dependency, others do not", "[remote]") {
  mb::manual_runtime rt;
  auto const failed = mb::remote(fail_with)(1);
  auto const looks = [](mb::outcome<int> const& o, int x) { return o.has_failure() ? x : o.get(); };
  CHECK(mb::get(mb::remote(looks)(failed, mb::put(5))) == 5);
  CHECK(mb::get(mb::remote(looks)(mb::put(3), 5)) == 3);
  CHECK_THROWS_AS(mb::get(mb::remote(looks)(mb::put(3), failed)), int);
  auto const counts = [](std::vector<mb::outcome<int>> const& os) {
    return std::ranges::count_if(os, [](auto const& o) { return o.has_value(); });
  };
  CHECK(mb::get(mb::remote(counts)(std::vector{mb::put(1), failed, mb::put(2)})) == 2);
}

TEST_CASE("a member function is called on the value of a future", "[remote]") {
  mb::manual_runtime rt;
  auto const text = mb::remote([] { return std::string("four"); })();
  CHECK(mb::get(mb::remote(&std::string::size)(text)) == 4);
}

TEST_CASE("a task whose dependency failed does not run, and fails with the same error", "[remote]") {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    mb::manual_runtime rt({.seed = seed});
    bool ran = false;
    auto const never = [&](int, int) {
      ran = true;
      return 0;
    };
    auto const failed = mb::remote([]() -> int { throw std::domain_error("first cause"); })();
    auto const dependent = mb::remote(never)(failed, mb::remote(after)(1s, 1));
    auto const further = mb::remote(add)(1, mb::remote(add)(dependent, 1));
    REQUIRE_THROWS_AS(mb::get(further), std::domain_error);
    REQUIRE_THROWS_WITH(mb::get(dependent), "first cause");
    auto const in_list = mb::remote(sum)(std::vector{mb::put(1), failed});
    REQUIRE_THROWS_AS(mb::get(in_list), std::domain_error);
    auto const coroutine = mb::remote(after)(1s, failed);
    REQUIRE_THROWS_AS(mb::get(coroutine), std::domain_error);
    REQUIRE_FALSE(ran);
  }
}

TEST_CASE("of several failed dependencies the first in order gives the error", "[remote]") {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    mb::manual_runtime rt({.seed = seed});
    auto const f = mb::remote(sum3)(mb::remote(fail_with)(1), mb::remote(fail_with)(2), mb::remote(fail_with)(3));
    try {
      static_cast<void>(mb::get(f));
      FAIL("nothing was thrown");
    } catch (int which) { REQUIRE(which == 1); }
  }
}

TEST_CASE("a value is not copied for a function that takes a reference", "[remote]") {
  mb::manual_runtime rt;
  int copies = 0;
  auto const f = mb::put(copied(copies));
  auto const looks = [](copied const& c) { return *c.count; };
  CHECK(mb::get(mb::remote(looks)(f)) == 0);
  CHECK(copies == 0);
}

TEST_CASE("a dependency of which the task has the last handle is moved into the function", "[remote]") {
  mb::manual_runtime rt;
  int copies = 0;
  auto const takes = [](copied&& c) { return *c.count; };
  CHECK(mb::get(mb::remote(takes)(mb::put(copied(copies)))) == 0);
  CHECK(mb::get(mb::remote([](std::unique_ptr<int> p) { return *p; })(mb::put(std::make_unique<int>(5)))) == 5);
  auto const list = [](std::vector<std::unique_ptr<int>> ps) { return *ps[0]; };
  std::vector<mb::future<std::unique_ptr<int>>> futures;
  futures.push_back(mb::put(std::make_unique<int>(6)));
  CHECK(mb::get(mb::remote(list)(std::move(futures))) == 6);
}

TEST_CASE("a dependency's value goes when the task is over, if nobody else holds it", "[remote]") {
  mb::manual_runtime rt;
  auto const alive = std::make_shared<int>();
  auto const f = mb::remote([](std::shared_ptr<int> const& p) { return p.use_count(); })(mb::put(alive));
  CHECK(alive.use_count() == 2);
  CHECK(mb::get(f) == 2);
  CHECK(alive.use_count() == 1);
}

TEST_CASE("a task that depends on a handle to nothing is refused with an error that says so", "[remote]") {
  mb::manual_runtime rt;
  CHECK_THROWS_AS(mb::remote(add)(1, mb::future<int>()), mb::error);
  CHECK_THROWS_WITH(mb::remote(add)(1, mb::future<int>()), Catch::Contains("handle to nothing"));
  rt.shutdown();  // the refused tasks are not waited for
}

TEST_CASE("a thousand dependencies of one task are waited for", "[remote]") {
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    mb::manual_runtime rt({.seed = seed});
    std::vector<mb::future<int>> list;
    for (int i = 0; i < 1000; ++i) list.push_back(mb::remote(after)((i * 37 % 1000) * 1ms, 1));
    REQUIRE(mb::get(mb::remote(sum)(list)) == 1000);
  }
}
