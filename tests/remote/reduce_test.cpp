#include "mobula/remote/reduce.hpp"

#include <atomic>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <functional>
#include <list>
#include <memory>
#include <numeric>
#include <string>
#include <thread>
#include <vector>

#include "mobula/mobula.hpp"
#include "support/catch.hpp"

namespace mb = mobula;
using namespace std::chrono_literals;

namespace {

std::vector<int> numbers(std::size_t n) {
  std::vector<int> xs(n);
  std::iota(xs.begin(), xs.end(), 0);
  return xs;
}

void spin(std::chrono::nanoseconds d) {
  auto const until = std::chrono::steady_clock::now() + d;
  while (std::chrono::steady_clock::now() < until) {}
}

// Shows in which order things were joined.
std::string bracket(std::string const& a, std::string const& b) { return "(" + a + b + ")"; }

std::string shape(std::size_t n) {
  std::vector<std::string> letters;
  for (std::size_t i = 0; i < n; ++i) letters.emplace_back(1, static_cast<char>('a' + i % 26));
  return mb::reduce(letters, std::string("-"), bracket);
}

}  // namespace

TEST_CASE("reduce joins in the order that its documentation says", "[remote]") {
  mb::manual_runtime rt;
  CHECK(shape(0) == "-");
  CHECK(shape(1) == "(-a)");
  CHECK(shape(2) == "(-(ab))");
  CHECK(shape(3) == "(-((ab)c))");
  CHECK(shape(5) == "(-(((ab)(cd))e))");
  CHECK(shape(7) == "(-(((ab)(cd))((ef)g)))");
  CHECK(shape(11) == "(-((((ab)(cd))((ef)(gh)))((ij)k)))");
}

TEST_CASE("a reduction has the same shape on any number of workers, whoever helps", "[remote]") {
  for (std::size_t n : {3U, 65U, 127U, 128U, 300U}) {
    std::vector<std::string> letters(n, "x");
    auto const slow = [](std::string const& a, std::string const& b) {
      spin(5us);
      return bracket(a, b);
    };
    std::string expected;
    {
      mb::manual_runtime rt;
      expected = mb::reduce(letters, std::string("-"), bracket);
    }
    for (unsigned workers : {1U, 2U, 8U}) {
      mb::runtime rt({.num_cpus = workers});
      CHECK(mb::reduce(letters, std::string("-"), slow) == expected);
      CHECK(mb::get(mb::remote([&] { return mb::reduce(letters, std::string("-"), slow); })()) == expected);
    }
  }
}

TEST_CASE("a floating-point sum is bit for bit the same on 1, 2 and 8 workers", "[remote]") {
  for (std::size_t n : {0U, 1U, 100U, 5000U, 200'000U}) {
    std::vector<double> xs(n);
    for (std::size_t i = 0; i < n; ++i) xs[i] = std::sin(static_cast<double>(i)) * 1e10;
    auto const slow_square = [](double x) {
      for (int volatile i = 0; i < 100;) i = i + 1;
      return x * x;
    };
    double sum = 0, squares = 0;
    {
      mb::manual_runtime rt;
      sum = mb::reduce(xs, 0.5);
      squares = mb::transform_reduce(slow_square, xs, 0.0, std::plus<>());
    }
    for (unsigned workers : {1U, 2U, 8U}) {
      mb::runtime rt({.num_cpus = workers});
      for (int round = 0; round < 5; ++round) {
        CHECK(mb::reduce(xs, 0.5) == sum);
        CHECK(mb::transform_reduce(slow_square, xs, 0.0, std::plus<>()) == squares);
      }
    }
  }
}

TEST_CASE("an expensive operation is shared too, not only the elements", "[remote]") {
  mb::runtime rt({.num_cpus = 8});
  std::atomic<int> inside{0}, most{0};
  auto const blocks = [&](int a, int b) {
    int const now = ++inside;
    for (int seen = most; seen < now && !most.compare_exchange_weak(seen, now);) {}
    std::this_thread::sleep_for(2ms);  // the work itself
    --inside;
    return a + b;
  };
  CHECK(mb::reduce(numbers(64), 0, blocks) == 2016);
  CHECK(most > 2);
}

TEST_CASE("elements are converted to the type of init, and may come from any range", "[remote]") {
  mb::manual_runtime rt;
  CHECK(mb::reduce(std::vector<float>{0.5F, 0.25F}, 1.0) == 1.75);
  CHECK(mb::reduce(std::vector<int>(100, 2'000'000'000), 0L) == 200'000'000'000L);
  CHECK(mb::reduce(std::list<int>{1, 2, 3}, 0) == 6);
  CHECK(mb::reduce(std::vector<bool>{true, false, true}, 0) == 2);
  CHECK(mb::reduce(std::views::iota(0, 1000), 0) == 499'500);
  CHECK(mb::reduce(std::vector<std::string>{"a", "b", "c"}, std::string(">")) == ">abc");
  CHECK(mb::transform_reduce(&std::string::size, std::vector<std::string>{"a", "bb"}, std::size_t{0}, std::plus<>()) ==
        3);
}

TEST_CASE("values may be move-only and without a default, from plain functions and coroutines", "[remote]") {
  mb::manual_runtime rt;
  using boxed = std::unique_ptr<int>;
  auto const box = [](int x) { return std::make_unique<int>(x); };
  auto const box_later = [](int x) -> mb::task<boxed> {
    co_await mb::sleep_for(1s);
    co_return std::make_unique<int>(x);
  };
  auto const add = [](boxed a, boxed b) { return std::make_unique<int>(*a + *b); };
  CHECK(*mb::transform_reduce(box, numbers(300), box(0), add) == 44'850);
  CHECK(*mb::transform_reduce(box_later, numbers(300), box(0), add) == 44'850);
  struct fixed {
    explicit fixed(int v) : value(v) {}
    int value;
  };
  auto const join = [](fixed a, fixed b) { return fixed(a.value + b.value); };
  CHECK(mb::transform_reduce([](int x) { return fixed(x); }, numbers(300), fixed(1), join).value == 44'851);
}

TEST_CASE("of several errors in a reduction, the one is thrown that a loop would meet first", "[remote]") {
  // An operation fails where the left part ends before 150, the function at element 151.
  auto const f = [](int x) {
    spin(2us);
    return x == 151 ? throw x : x;
  };
  auto const op = [](int a, int b) {
    if (b == 149) throw -b;
    return std::max(a, b);
  };
  for (unsigned workers : {1U, 2U, 8U}) {
    mb::runtime rt({.num_cpus = workers});
    for (int round = 0; round < 20; ++round) {
      try {
        static_cast<void>(mb::transform_reduce(f, numbers(300), 0, op));
        FAIL("nothing was thrown");
      } catch (int which) { REQUIRE(which == -149); }
    }
  }
}

TEST_CASE("in a coroutine, a reduction is awaited", "[remote]") {
  auto const sums = [](std::vector<int> const& xs) -> mb::task<int> {
    int const sum = co_await mb::async_reduce(xs, 0);
    auto const square = [](int x) { return x * x; };
    auto const square_later = [](int x) -> mb::task<int> {
      co_await mb::sleep_for(1ms);
      co_return x* x;
    };
    auto squares = mb::async_transform_reduce(square, numbers(10), 0, std::plus<>());  // keeps the list
    int const later = co_await mb::async_transform_reduce(square_later, xs, 0, std::plus<>());
    co_return sum + co_await std::move(squares) + later;
  };
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    mb::manual_runtime rt({.seed = seed});
    REQUIRE(mb::get(mb::remote(sums)(numbers(10))) == 45 + 2 * 285);
  }
  for (unsigned workers : {1U, 2U, 8U}) {
    mb::runtime rt({.num_cpus = workers});
    CHECK(mb::get(mb::remote(sums)(numbers(10))) == 45 + 2 * 285);
  }
}
