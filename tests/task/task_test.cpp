#include "mobula/task/task.hpp"

#include <array>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>

#include "mobula/mobula.hpp"
#include "support/catch.hpp"

namespace mb = mobula;
using namespace std::chrono_literals;

namespace {

mb::task<int> value(int x) { co_return x; }

mb::task<int> note_start(bool& started) {
  started = true;
  co_return 1;
}

mb::task<long> depth(int n) {
  if (n == 0) co_return 0;
  co_return 1 + co_await depth(n - 1);
}

mb::task<> fail_below(int n) {
  if (n == 0) throw std::domain_error("deep down");
  co_await fail_below(n - 1);
}

}  // namespace

TEST_CASE("a task doesn't start until it is awaited", "[task]") {
  mb::manual_runtime rt;
  bool started = false;
  mb::get(mb::remote([&]() -> mb::task<> {
    auto t = note_start(started);
    if (started) throw std::logic_error("started too early");
    static_cast<void>(co_await std::move(t));
    if (!started) throw std::logic_error("not started");
  })());
}

TEST_CASE("a task that is never awaited never starts, and lets its arguments go", "[task]") {
  auto const alive = std::make_shared<int>();
  bool started = false;
  {
    auto const t = [](std::shared_ptr<int>, bool& flag) -> mb::task<> {
      flag = true;
      co_return;
    }(alive, started);
    CHECK(alive.use_count() == 2);
  }
  CHECK_FALSE(started);
  CHECK(alive.use_count() == 1);
}

TEST_CASE("a task runs in its awaiter, without a turn of the scheduler", "[task]") {
  mb::manual_runtime rt;
  auto const f = mb::remote([]() -> mb::task<int> {
    int sum = 0;
    for (int i = 0; i < 10; ++i) sum += co_await value(i);
    co_return sum;
  })();
  CHECK(rt.run_until_idle() == 1);
  CHECK(mb::get(f) == 45);
}

TEST_CASE("the result of a task comes out by value, also if it can only be moved", "[task]") {
  mb::manual_runtime rt;
  auto const make = [](int x) -> mb::task<std::unique_ptr<int>> { co_return std::make_unique<int>(x); };
  CHECK(*mb::get(mb::remote([&]() -> mb::task<std::unique_ptr<int>> {
    auto p = co_await make(5);
    ++*p;
    co_return p;
  })()) == 6);
}

TEST_CASE("a task may give a reference, to the very object", "[task]") {
  mb::manual_runtime rt;
  int object = 1;
  auto const refer = [&]() -> mb::task<int&> { co_return object; };
  CHECK(mb::get(mb::remote([&]() -> mb::task<bool> {
    int& r = co_await refer();
    co_return &r == &object;
  })()));
}

TEST_CASE("a task may return from braces and by conversion", "[task]") {
  mb::manual_runtime rt;
  auto const braces = []() -> mb::task<std::pair<int, std::string>> { co_return {1, "one"}; };
  auto const converted = []() -> mb::task<std::string> { co_return "text"; };
  CHECK(mb::get(mb::remote(braces)()) == std::pair<int, std::string>(1, "one"));
  CHECK(mb::get(mb::remote(converted)()) == "text");
}

TEST_CASE("an error goes through all tasks that await, with its own type", "[task]") {
  mb::manual_runtime rt;
  CHECK_THROWS_AS(mb::get(mb::remote(fail_below)(100)), std::domain_error);
  CHECK_THROWS_WITH(mb::get(mb::remote(fail_below)(3)), "deep down");
}

TEST_CASE("an error in an awaited task can be caught, and the coroutine goes on", "[task]") {
  mb::manual_runtime rt;
  CHECK(mb::get(mb::remote([]() -> mb::task<int> {
          int caught = 0;
          for (int i = 0; i < 5; ++i) {
            try {
              co_await fail_below(i);
            } catch (std::domain_error const&) { ++caught; }
          }
          co_return caught;
        })()) == 5);
}

TEST_CASE("a million awaits of ready tasks don't overflow the stack, however the compiler optimises", "[task]") {
  mb::manual_runtime rt;
  auto const loop = [](int n) -> mb::task<long> {
    long sum = 0;
    for (int i = 0; i < n; ++i) sum += co_await value(1);
    co_return sum;
  };
  CHECK(mb::get(mb::remote(loop)(1'000'000)) == 1'000'000);
}

TEST_CASE("a million awaits of ready futures don't overflow the stack", "[task]") {
  mb::manual_runtime rt;
  CHECK(mb::get(mb::remote([]() -> mb::task<long> {
          auto const one = mb::put(1);
          long sum = 0;
          for (int i = 0; i < 1'000'000; ++i) sum += co_await one;
          co_return sum;
        })()) == 1'000'000);
}

TEST_CASE("a million awaits in nested loops, of forks and of yields don't overflow the stack", "[task]") {
  auto const inner = []() -> mb::task<long> {
    long sum = 0;
    for (int i = 0; i < 1000; ++i) sum += co_await value(1);
    co_return sum;
  };
  auto const outer = [&]() -> mb::task<long> {
    long sum = 0;
    for (int i = 0; i < 1000; ++i) sum += co_await inner();
    co_return sum;
  };
  auto const forks = []() -> mb::task<long> {
    long sum = 0;
    for (int i = 0; i < 500'000; ++i) {
      auto [a, b] = co_await mb::when_all(value(1), value(1));
      sum += a + b;
    }
    co_return sum;
  };
  auto const yields = []() -> mb::task<long> {
    long sum = 0;
    for (int i = 0; i < 1'000'000; ++i) {
      co_await mb::yield();
      ++sum;
    }
    co_return sum;
  };
  auto const check = [&] {
    CHECK(mb::get(mb::remote(outer)()) == 1'000'000);
    CHECK(mb::get(mb::remote(forks)()) == 1'000'000);
    CHECK(mb::get(mb::remote(yields)()) == 1'000'000);
  };
  {
    mb::manual_runtime rt;
    check();
  }
  mb::runtime rt({.num_cpus = 1});
  check();
}

TEST_CASE("recursion of a hundred thousand tasks does not overflow the stack", "[task]") {
  {
    mb::manual_runtime rt;
    CHECK(mb::get(mb::remote(depth)(100'000)) == 100'000);
  }
  mb::runtime rt({.num_cpus = 1});
  CHECK(mb::get(mb::remote(depth)(100'000)) == 100'000);
}

TEST_CASE("a chain of a hundred thousand futures, each awaiting the one before, does not overflow the stack",
          "[task]") {
  mb::manual_runtime rt;
  auto const link = [](mb::future<long> before) -> mb::task<long> { co_return 1 + co_await before; };
  mb::future<long> last = mb::remote([]() -> mb::task<long> {
    co_await mb::sleep_for(1s);
    co_return 0;
  })();
  for (int i = 0; i < 100'000; ++i) last = mb::remote(link)(std::move(last));
  CHECK(mb::get(last) == 100'000);
}

TEST_CASE("locals of a task are destroyed before its awaiter goes on", "[task]") {
  mb::manual_runtime rt;
  auto const alive = std::make_shared<int>();
  mb::get(mb::remote([&]() -> mb::task<> {
    auto const uses = [](std::shared_ptr<int> p) -> mb::task<int> {
      auto const local = p;
      co_await mb::sleep_for(1s);
      co_return static_cast<int>(local.use_count());
    };
    int const meanwhile = co_await uses(alive);
    if (meanwhile != 3 || alive.use_count() != 1) throw std::logic_error("wrong lifetime");
  })());
}

TEST_CASE("remote keeps a coroutine lambda's captures and arguments until the task is over", "[task]") {
  mb::manual_runtime rt;
  auto const captured = std::make_shared<int>(1);
  auto const argument = std::make_shared<int>(2);
  auto const f = mb::remote([captured](std::shared_ptr<int> const& p) -> mb::task<int> {
    co_await mb::sleep_for(1s);
    co_return *captured + *p;
  })(argument);
  rt.run_until_idle();
  CHECK(captured.use_count() == 2);
  CHECK(argument.use_count() == 2);
  rt.advance(1s);
  CHECK(captured.use_count() == 1);
  CHECK(argument.use_count() == 1);
  CHECK(mb::get(f) == 3);
}

TEST_CASE("get runs a task and waits for it, where there is no co_await", "[task]") {
  mb::manual_runtime rt;
  CHECK(mb::get(value(5)) == 5);
  CHECK_THROWS_AS(mb::get(fail_below(2)), std::domain_error);
  CHECK(mb::get(mb::remote([] { return mb::get(value(6)); })()) == 6);
}

TEST_CASE("a coroutine may block in get and await in turn", "[task]") {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    mb::manual_runtime rt({.seed = seed});
    auto const both = [](int x) -> mb::task<int> {
      int const a = mb::get(mb::remote(value)(x));
      co_await mb::sleep_for(1s);
      int const b = mb::get(mb::remote(value)(x + 1));
      co_return a + b + co_await mb::remote(value)(1);
    };
    std::vector<mb::future<int>> tasks;
    for (int i = 0; i < 5; ++i) tasks.push_back(mb::remote(both)(i));
    REQUIRE(mb::get(tasks) == std::vector{2, 4, 6, 8, 10});
  }
}

TEST_CASE("tasks go on in whichever thread is free", "[task]") {
  mb::runtime rt({.num_cpus = 4});
  auto const hop = [](int n) -> mb::task<int> {
    int sum = 0;
    for (int i = 0; i < n; ++i) {
      sum += co_await mb::remote(value)(1);
      if (i % 10 == 0) co_await mb::sleep_for(1us);
    }
    co_return sum;
  };
  std::vector<mb::future<int>> tasks;
  for (int i = 0; i < 20; ++i) tasks.push_back(mb::remote(hop)(100));
  for (int n : mb::get(tasks)) REQUIRE(n == 100);
}

TEST_CASE("awaiting a task that was moved from, or once more, throws an error that says so", "[task]") {
  mb::manual_runtime rt;
  auto const one = []() -> mb::task<int> { co_return 1; };
  auto const twice = [](mb::task<int> t) -> mb::task<int> {
    int const n = co_await std::move(t);
    co_return n + co_await std::move(t);  // NOLINT: what is tested
  };
  CHECK_THROWS_AS(mb::get(mb::remote(twice)(one())), mb::error);
  auto const together = [](mb::task<int> t) -> mb::task<int> {
    auto moved = std::move(t);
    auto const [a, b] = co_await mb::when_all(std::move(moved), std::move(t));  // NOLINT: what is tested
    co_return a + b;
  };
  CHECK_THROWS_WITH(mb::get(mb::remote(together)(one())), Catch::Contains("moved from"));
  auto const gives_nothing = []() -> mb::task<int> {
    auto t = []() -> mb::task<int> { co_return 1; }();
    auto const moved = std::move(t);
    return t;  // NOLINT: what is tested
  };
  CHECK_THROWS_AS(mb::get(mb::remote(gives_nothing)()), mb::error);
}
