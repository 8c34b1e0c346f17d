#include "mobula/task/when_all.hpp"

#include <array>
#include <functional>
#include <memory>
#include <ranges>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "mobula/mobula.hpp"
#include "support/catch.hpp"

namespace mb = mobula;
using namespace std::chrono_literals;

namespace {

mb::task<int> value(int x) { co_return x; }

mb::task<int> after(mb::detail::duration d, int x) {
  co_await mb::sleep_for(d);
  co_return x;
}

mb::task<int> fail_after(mb::detail::duration d, int x) {
  co_await mb::sleep_for(d);
  throw x;
}

mb::task<> note(std::vector<int>& log, int x) {
  log.push_back(x);
  co_return;
}

mb::task<int> fib(int n) {
  if (n < 2) co_return n;
  auto [a, b] = co_await mb::when_all(fib(n - 1), fib(n - 2));
  co_return a + b;
}

// The same, where some children wait: for a future, a sleep, a blocking get.
mb::task<int> restless_fib(int n) {
  if (n < 2) co_return co_await mb::remote([n] { return n; })();
  if (n == 2) co_await mb::sleep_for(1us);
  auto [a, b] = co_await mb::when_all(restless_fib(n - 1), restless_fib(n - 2));
  co_return mb::get(mb::remote([a = a, b = b] { return a + b; })());
}

// Runs a coroutine to its end under a hundred orders.
template <class F>
void under_many_seeds(F coroutine) {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    mb::manual_runtime rt({.seed = seed});
    mb::get(mb::remote(coroutine)());
  }
}

void expect(bool condition) {
  if (!condition) throw std::logic_error("not as expected");
}

}  // namespace

TEST_CASE("tasks of mixed types give a tuple of their results, std::monostate for void", "[task]") {
  under_many_seeds([]() -> mb::task<> {
    std::vector<int> log;
    auto const text = [](char const* s) -> mb::task<std::string> { co_return s; };
    auto [a, b, c] = co_await mb::when_all(value(1), text("two"), note(log, 3));
    static_assert(std::is_same_v<decltype(c), std::monostate>);
    expect(a == 1 && b == "two" && log == std::vector{3});
  });
}

TEST_CASE("a vector of tasks gives a vector, an array an array, of void nothing", "[task]") {
  under_many_seeds([]() -> mb::task<> {
    std::vector<mb::task<int>> list;
    for (int i = 0; i < 50; ++i) list.push_back(after((i * 7 % 50) * 1s, i));
    auto const values = co_await mb::when_all(std::move(list));
    for (int i = 0; i < 50; ++i) expect(values[static_cast<std::size_t>(i)] == i);

    auto const make_array = [] { return std::array<mb::task<int>, 2>{value(1), after(1s, 2)}; };
    std::array<int, 2> const array = co_await mb::when_all(make_array());
    expect(array[0] == 1 && array[1] == 2);

    std::vector<int> log;
    std::vector<mb::task<>> nothings;
    for (int i = 0; i < 10; ++i) nothings.push_back(note(log, i));
    co_await mb::when_all(std::move(nothings));
    expect(log.size() == 10);
  });
}

TEST_CASE("a view that makes tasks, and a view of a part of a list, give a vector", "[task]") {
  under_many_seeds([]() -> mb::task<> {
    auto const numbers = std::views::iota(0, 20);
    auto const values = co_await mb::when_all(numbers | std::views::transform(value));
    for (int i = 0; i < 20; ++i) expect(values[static_cast<std::size_t>(i)] == i);
    std::vector<mb::task<int>> list;
    for (int i = 0; i < 10; ++i) list.push_back(after(1s, i));
    auto const part = co_await mb::when_all(std::span(list).first(3));
    expect(part == std::vector{0, 1, 2});
    static_assert(!mb::detail::takeable_task_range<std::vector<mb::task<int>>&>);
  });
}

TEST_CASE("an empty vector of tasks is over at once, one task alone is awaited", "[task]") {
  under_many_seeds([]() -> mb::task<> {
    expect((co_await mb::when_all(std::vector<mb::task<int>>())).empty());
    auto [a] = co_await mb::when_all(after(1s, 5));
    expect(a == 5);
    std::vector<mb::task<int>> one;
    one.push_back(value(6));
    expect((co_await mb::when_all(std::move(one)))[0] == 6);
  });
}

TEST_CASE("children sleep at the same time", "[task]") {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    mb::manual_runtime rt({.seed = seed});
    auto const f = mb::remote([]() -> mb::task<int> {
      auto [a, b, c] = co_await mb::when_all(after(3s, 1), after(2s, 2), value(3));
      co_return a * 100 + b * 10 + c;
    })();
    REQUIRE(mb::get(f) == 123);
    REQUIRE(rt.now().time_since_epoch() == 3s);
  }
}

TEST_CASE("children don't start before they are awaited; the first starts first", "[task]") {
  under_many_seeds([]() -> mb::task<> {
    std::vector<int> log;
    auto all = mb::when_all(note(log, 1), note(log, 2), note(log, 3));
    expect(log.empty());
    co_await std::move(all);
    expect(log.size() == 3 && log[0] == 1);
  });
}

TEST_CASE("children that are never awaited never start, and let their arguments go", "[task]") {
  auto const alive = std::make_shared<int>();
  auto const hold = [](std::shared_ptr<int>) -> mb::task<> { co_return; };
  {
    auto const all = mb::when_all(hold(alive), hold(alive));
    CHECK(alive.use_count() == 3);
  }
  CHECK(alive.use_count() == 1);
}

TEST_CASE("of several errors of children the first in order is thrown, after all are over", "[task]") {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    mb::manual_runtime rt({.seed = seed});
    int const caught = mb::get(mb::remote([]() -> mb::task<int> {
      bool over = false;
      auto const slow = [](bool& flag) -> mb::task<int> {
        co_await mb::sleep_for(10s);
        flag = true;
        co_return 0;
      };
      try {
        static_cast<void>(co_await mb::when_all(value(0), fail_after(2s, 1), fail_after(1s, 2), slow(over)));
      } catch (int which) { co_return over ? which : -1; }
      co_return -2;
    })());
    REQUIRE(caught == 1);
    int const in_list = mb::get(mb::remote([]() -> mb::task<int> {
      std::vector<mb::task<int>> list;
      for (int i = 0; i < 10; ++i) list.push_back(i < 3 ? value(i) : fail_after((20 - i) * 1s, i));
      try {
        static_cast<void>(co_await mb::when_all(std::move(list)));
      } catch (int which) { co_return which; }
      co_return -2;
    })());
    REQUIRE(in_list == 3);
  }
}

TEST_CASE("children can give what can only be moved", "[task]") {
  under_many_seeds([]() -> mb::task<> {
    auto const make = [](int x) -> mb::task<std::unique_ptr<int>> { co_return std::make_unique<int>(x); };
    auto [p, q] = co_await mb::when_all(make(1), make(2));
    std::vector<mb::task<std::unique_ptr<int>>> list;
    list.push_back(make(3));
    auto const r = co_await mb::when_all(std::move(list));
    expect(*p == 1 && *q == 2 && *r[0] == 3);
  });
}

TEST_CASE("fork-join gives the same in every order", "[task]") {
  for (std::uint64_t seed = 0; seed < 30; ++seed) {
    mb::manual_runtime rt({.seed = seed});
    REQUIRE(mb::get(mb::remote(fib)(12)) == 144);
    REQUIRE(mb::get(mb::remote(restless_fib)(8)) == 21);
  }
}

TEST_CASE("ten thousand children in one list take no stack", "[task]") {
  mb::manual_runtime rt;
  auto const all = []() -> mb::task<long> {
    std::vector<mb::task<int>> list;
    for (int i = 0; i < 10'000; ++i) list.push_back(value(i));
    long sum = 0;
    for (int x : co_await mb::when_all(std::move(list))) sum += x;
    co_return sum;
  };
  CHECK(mb::get(mb::remote(all)()) == 49'995'000);
}
