// What happens when memory runs out: each allocation on the way of a call fails in turn. A program of its own, as
// operator new is replaced.
#include <array>
#include <atomic>
#include <cstdlib>
#include <memory>
#include <new>
#include <utility>
#include <vector>

#include "mobula/mobula.hpp"
#include "support/catch.hpp"
#include "support/refused_memory.hpp"
#include "support/watchdog.hpp"

namespace mb = mobula;
using mobula::test::allocations;
using mobula::test::fail_each_in_turn;
using mobula::test::refusal;
using mobula::test::watchdog;

namespace {

// An object that allocates when it is copied, and whose living instances are counted.
struct counted {
  static inline std::atomic<int> living{0};
  counted() { ++living; }
  counted(counted const& o) : memory(std::make_unique<int>(*o.memory)) { ++living; }
  counted(counted&& o) noexcept : memory(std::move(o.memory)) { ++living; }
  ~counted() { --living; }
  std::unique_ptr<int> memory = std::make_unique<int>(1);
};

// Too large for the free lists of frame memory: a frame that holds one comes from operator new.
using large = std::array<char, 2000>;

// Runs a scenario in runtimes of its own, first to warm up what stays for good, then to look for what it leaves.
template <class Scenario>
void leaves_nothing(Scenario scenario) {
  long before = 0;
  for (int round = 0; round < 3; ++round) {
    {
      mb::runtime const rt({.num_cpus = 2});
      scenario();
    }
    REQUIRE(counted::living == 0);
    if (round == 1) before = mobula::test::living_blocks;
  }
  CHECK(mobula::test::living_blocks <= before);
}

// A fork at each level, whose second child waits in the worker's queue until the first is over.
mb::task<long> left_deep(int n) {
  if (n == 0) co_return 1;
  auto [a, b] = co_await mb::when_all(left_deep(n - 1), left_deep(0));
  co_return a + b;
}

struct greeter {
  explicit greeter(counted c) : mine(std::move(c)) {}
  int greet(counted const& c) { return *c.memory + *mine.memory; }
  counted mine;
  large space{};
};

// Its frame is large: what it reads after a wait, at a place known only then, can't lie elsewhere.
mb::task<int> twice(counted c, large space = {}) {
  large here = space;
  co_await mb::yield();
  co_return *c.memory * 2 + here[static_cast<std::size_t>(*c.memory)];
}

}  // namespace

TEST_CASE("a call that finds no memory throws bad_alloc, and leaves nothing behind", "[process]") {
  watchdog const dog("submission without memory");
  leaves_nothing([] {
    counted const argument;
    std::vector<mb::future<int>> made;
    made.reserve(100);
    int const failures = fail_each_in_turn([&] {
      made.push_back(
          mb::remote([argument, space = large()](counted const& c) { return *c.memory + space[0]; })(argument));
    });
    CHECK(failures >= 3);  // two copies of `counted`, and the task
    CHECK(made.size() == 1);
    CHECK(mb::get(made) == std::vector{1});
  });
}

TEST_CASE("the same inside of a task: nothing is submitted, and the task goes on", "[process]") {
  watchdog const dog("submission in a task without memory");
  leaves_nothing([] {
    CHECK(mb::get(mb::remote([] {
      counted const argument;
      std::vector<mb::future<int>> made;
      made.reserve(100);
      int const failures = fail_each_in_turn([&] {
        made.push_back(
            mb::remote([argument, space = large()](counted const& c) { return *c.memory + space[0]; })(argument));
      });
      return failures >= 3 && mb::get(made) == std::vector{1};
    })()));
  });
}

TEST_CASE("a coroutine that finds no memory for its frame fails with bad_alloc", "[process]") {
  watchdog const dog("coroutines without memory");
  leaves_nothing([] {
    CHECK(mb::get(mb::remote([]() -> mb::task<bool> {
      int failures = 0, value = 0;
      for (bool over = false; !over; ++failures) {
        refusal::in_this_thread = failures;
        try {
          value = co_await twice(counted());
          over = true;
        } catch (std::bad_alloc const&) {}
        refusal::in_this_thread = -1;
      }
      co_return value == 2 && failures >= 3;
    })()));
    // In a task of its own the frame is allocated by the worker, and the failure comes out of the future.
    auto const f = mb::remote([space = large()](counted c) -> mb::task<int> {
      refusal::in_this_thread = 0;
      struct reset {
        ~reset() { refusal::in_this_thread = -1; }
      } const r;
      return twice(std::move(c), space);
    })(counted());
    CHECK_THROWS_AS(mb::get(f), std::bad_alloc);
  });
}

TEST_CASE("a worker whose queue can't grow puts jobs elsewhere: none is lost", "[process]") {
  watchdog const dog("a queue that can't grow");
  int failed = 0;
  for (int n = 0; n < 200; ++n) {
    std::atomic<int> ran{0};
    mb::runtime rt({.num_cpus = 1});
    int const submitted = mb::get(mb::remote([&] {
      int made = 0;
      refusal::in_this_thread = n;
      for (int i = 0; i < 3000; ++i) {
        try {
          static_cast<void>(mb::remote([&ran] { ++ran; })());
          ++made;
        } catch (std::bad_alloc const&) {}
      }
      failed += refusal::in_this_thread < 0 ? 1 : 0;
      refusal::in_this_thread = -1;
      return made;
    })());
    rt.shutdown();
    REQUIRE(ran == submitted);
    REQUIRE(submitted >= 2999);
    if (failed <= n) break;  // nothing was left to fail
  }
  CHECK(failed >= 2);  // the queue has to grow twice
}

TEST_CASE("a call with dependencies that finds no memory is not counted as a task that never ends", "[process]") {
  watchdog const dog("dependencies without memory");
  leaves_nothing([] {
    auto const slow = mb::remote([]() -> mb::task<int> {
      co_await mb::sleep_for(std::chrono::milliseconds(2));
      co_return 1;
    })();
    std::vector<mb::future<int>> const list(10, slow);
    counted const argument;
    mb::future<int> f;
    int const failures = fail_each_in_turn(
        [&] { f = mb::remote([argument](int x, std::vector<int> const& xs) { return x + xs.back(); })(slow, list); });
    CHECK(failures >= 3);
    CHECK(mb::get(f) == 2);
  });
}

TEST_CASE("children of a fork that find no memory fail with bad_alloc, others are right", "[process]") {
  watchdog const dog("forks without memory");
  int failures = 0;
  for (int n = 0; n < 200; ++n) {
    mb::runtime rt({.num_cpus = 1});
    auto const f = mb::remote([n]() -> mb::task<long> {
      refusal::in_this_thread = n;
      co_return co_await left_deep(3000);
    })();
    long result = 3001;
    try {
      result = mb::get(f);
    } catch (std::bad_alloc const&) {}
    CHECK(result == 3001);
    int const left = mb::get(mb::remote([] { return std::exchange(refusal::in_this_thread, -1); })());
    if (left >= 0) break;  // nothing was left to fail
    ++failures;
  }
  CHECK(failures >= 2);  // the queue has to grow twice
  CHECK(failures < 200);
}

TEST_CASE("an actor, or a call of it, that finds no memory is not made", "[process]") {
  watchdog const dog("actors without memory");
  leaves_nothing([] {
    counted const argument;
    mb::actor<greeter> a;
    CHECK(fail_each_in_turn([&] { a = mb::make_actor<greeter>(argument); }) >= 2);
    mb::future<int> f;
    CHECK(fail_each_in_turn([&] { f = a.call<&greeter::greet>(argument); }) >= 1);
    CHECK(mb::get(f) == 2);
  });
}

TEST_CASE("submit_all makes one allocation for all tasks, and one for the list of their futures", "[process]") {
  watchdog const dog("allocations of submit_all");
  leaves_nothing([] {
    for (std::size_t n : {1U, 20U, 1000U, 20000U}) {
      std::vector<int> const xs(n, 1);
      long const before = allocations;
      auto const fs = mb::submit_all([](int x) { return x; }, xs);
      CHECK(allocations - before <= 2);
      CHECK(mb::get(fs) == xs);
    }
  });
}

TEST_CASE("submit_all that finds no memory throws bad_alloc, submits nothing and leaves nothing behind", "[process]") {
  watchdog const dog("submit_all without memory");
  for (std::size_t const n : {30U, 200'000U}) {  // in one block, and in many
    leaves_nothing([n] {
      std::vector<counted> const items(n);
      std::atomic<int> ran{0};
      std::vector<mb::future<int>> fs;
      auto const submit = [&] { fs = mb::submit_all([&ran](counted const& c) { return ++ran, *c.memory; }, items); };
      for (int const failing : {0, 1, 2, 17, static_cast<int>(n)}) {
        refusal::in_this_thread = failing;
        CHECK_THROWS_AS(submit(), std::bad_alloc);
        refusal::in_this_thread = -1;
        CHECK(fs.empty());
      }
      submit();
      CHECK(mb::get(fs) == std::vector<int>(n, 1));
      CHECK(ran == static_cast<int>(n));
    });
  }
}

TEST_CASE("map that finds no memory throws bad_alloc, after all that it started is over", "[process]") {
  watchdog const dog("map without memory");
  leaves_nothing([] {
    std::vector<int> const xs(2000, 1);
    std::vector<int> ys;
    fail_each_in_turn([&] {
      ys = mb::map(
          [](int x) {
            for (int volatile i = 0; i < 300;) i = i + 1;
            return x;
          },
          xs);
    });
    CHECK(ys == xs);
  });
}
