#include "mobula/task/group.hpp"

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <stdexcept>
#include <vector>

#include "mobula/mobula.hpp"
#include "support/catch.hpp"

namespace mb = mobula;
using namespace std::chrono_literals;

namespace {

mb::task<> note_after(mb::detail::duration d, std::vector<int>& log, int x) {
  co_await mb::sleep_for(d);
  log.push_back(x);
}

mb::task<> fail_after(mb::detail::duration d, int x) {
  co_await mb::sleep_for(d);
  throw x;
}

long fib(int n) {
  if (n < 2) return n;
  long a = 0, b = 0;
  mb::task_group g;
  g.run([&] { a = fib(n - 1); });
  b = fib(n - 2);
  mb::get(g.join());
  return a + b;
}

// Runs a function as a task under a hundred orders.
template <class F>
void under_many_seeds(F f) {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    mb::manual_runtime rt({.seed = seed});
    mb::get(mb::remote(f)());
  }
}

void expect(bool condition) {
  if (!condition) throw std::logic_error("not as expected");
}

}  // namespace

TEST_CASE("join waits for all children, plain ones and coroutines", "[task]") {
  under_many_seeds([]() -> mb::task<> {
    std::vector<int> log;
    mb::task_group g;
    for (int i = 0; i < 5; ++i) g.run(note_after, i * 1s, std::ref(log), i);
    g.run([&] { log.push_back(5); });
    g.run(note_after(1s, log, 6));
    co_await g.join();
    expect(log.size() == 7);
  });
}

TEST_CASE("a plain task and a thread outside join by get", "[task]") {
  for (std::uint64_t seed = 0; seed < 30; ++seed) {
    mb::manual_runtime rt({.seed = seed});
    REQUIRE(fib(8) == 21);
    REQUIRE(mb::get(mb::remote(fib)(8)) == 21);
  }
  for (unsigned workers : {1U, 2U, 4U}) {
    mb::runtime rt({.num_cpus = workers});
    CHECK(fib(8) == 21);
    CHECK(mb::get(mb::remote(fib)(18)) == 2584);
  }
}

TEST_CASE("the destructor of a group waits for its children, also when an exception unwinds", "[task]") {
  under_many_seeds([] {
    int over = 0;
    try {
      mb::task_group g;
      for (int i = 0; i < 3; ++i)
        g.run([&, i]() -> mb::task<> {
          co_await mb::sleep_for(i * 1s);
          ++over;
        });
      throw std::domain_error("out");
    } catch (std::domain_error const&) {}
    expect(over == 3);
  });
}

TEST_CASE("children may start further children of their group, also while it is joined", "[task]") {
  under_many_seeds([]() -> mb::task<> {
    int nodes = 0;
    mb::task_group g;
    std::function<mb::task<>(int)> const grow = [&](int depth) -> mb::task<> {
      ++nodes;
      co_await mb::sleep_for(1s);
      for (int i = 0; depth > 0 && i < 2; ++i) g.run(std::ref(grow), depth - 1);
    };
    g.run(std::ref(grow), 4);
    co_await g.join();
    expect(nodes == 31);
  });
}

TEST_CASE("join throws what the first failed child in order of start threw, after all are over", "[task]") {
  std::atomic<int> unread{0};
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    mb::manual_runtime rt({.seed = seed, .on_unread_failure = [&](mb::failure const&) { ++unread; }});
    int const caught = mb::get(mb::remote([]() -> mb::task<int> {
      std::vector<int> log;
      mb::task_group g;
      g.run(note_after, 5s, std::ref(log), 0);
      g.run(fail_after, 3s, 1);
      g.run(fail_after, 1s, 2);
      g.run([] { throw 3; });
      try {
        co_await g.join();
      } catch (int which) { co_return log.size() == 1 ? which : -1; }
      co_return -2;
    })());
    REQUIRE(caught == 1);
  }
  CHECK(unread == 200);  // none is lost
}

TEST_CASE("a group may be used again after join, also after a failure", "[task]") {
  under_many_seeds([]() -> mb::task<> {
    mb::task_group g;
    for (int i = 0; i < 3; ++i) {
      int over = 0, caught = 0;
      g.run([&] { ++over; });
      if (i == 1) g.run([] { throw std::domain_error("once"); });
      try {
        co_await g.join();
      } catch (std::domain_error const&) { ++caught; }
      expect(over == 1 && caught == (i == 1 ? 1 : 0));
    }
  });
}

TEST_CASE("a join that is given up leaves the children at work, and can be made again", "[task]") {
  under_many_seeds([]() -> mb::task<> {
    std::vector<int> log;
    mb::task_group g;
    g.run(note_after, 10s, std::ref(log), 1);
    bool late = false;
    try {
      co_await mb::timeout(g.join(), 1s);
    } catch (mb::timeout_error const&) { late = true; }
    expect(late && log.empty());
    g.run(note_after, 1s, std::ref(log), 2);
    co_await g.join();
    expect(log == std::vector{2, 1});
  });
}

TEST_CASE("a join whose limit ends with the last child is complete or late, and nothing is lost", "[task]") {
  under_many_seeds([]() -> mb::task<> {
    for (int i = 0; i < 10; ++i) {
      std::vector<int> log;
      mb::task_group g;
      g.run(note_after, 1s, std::ref(log), 1);
      try {
        co_await mb::timeout(g.join(), 1s);
      } catch (mb::timeout_error const&) {}
      g.run(note_after, 1s, std::ref(log), 2);
      co_await g.join();
      expect(log == std::vector{1, 2});
    }
  });
}

TEST_CASE("with_group joins on every way out of its body", "[task]") {
  under_many_seeds([]() -> mb::task<> {
    std::vector<int> log;
    auto const succeeds = [&](mb::task_group& g) -> mb::task<int> {
      g.run(note_after, 2s, std::ref(log), 1);
      co_await mb::sleep_for(1s);
      co_return 7;
    };
    expect(co_await mb::with_group(succeeds) == 7 && log.size() == 1);
    auto const fails = [&](mb::task_group& g) -> mb::task<> {
      g.run(note_after, 2s, std::ref(log), 2);
      co_await mb::sleep_for(1s);
      throw std::domain_error("body");
    };
    bool caught = false;
    try {
      co_await mb::with_group(fails);
    } catch (std::domain_error const&) { caught = true; }
    expect(caught && log.size() == 2);
    auto const child_fails = [&](mb::task_group& g) -> mb::task<> {
      g.run(fail_after, 1s, 5);
      co_return;
    };
    int which = 0;
    try {
      co_await mb::with_group(child_fails);
    } catch (int w) { which = w; }
    expect(which == 5);
  });
}

TEST_CASE("a child keeps what it was given until it is over, and no longer than the join", "[task]") {
  under_many_seeds([]() -> mb::task<> {
    auto const captured = std::make_shared<int>(1);
    auto owned = std::make_unique<int>(2);
    int seen = 0;
    mb::task_group g;
    g.run(
        [captured, &seen](std::unique_ptr<int> p) -> mb::task<> {
          co_await mb::sleep_for(1s);
          seen = *p + *captured;
        },
        std::move(owned));
    expect(captured.use_count() == 2);
    co_await g.join();
    expect(seen == 3 && captured.use_count() == 1);
  });
}

TEST_CASE("children that wait in every way, on any number of workers", "[task]") {
  for (unsigned workers : {1U, 2U, 4U}) {
    mb::runtime rt({.num_cpus = workers});
    std::atomic<int> over{0};
    mb::task_group g;
    for (int i = 0; i < 200; ++i) {
      switch (i % 4) {
        case 0: g.run([&] { ++over; }); break;
        case 1: g.run([&] { over += mb::get(mb::remote([] { return 1; })()); }); break;
        case 2:
          g.run([&]() -> mb::task<> {
            co_await mb::sleep_for(10us);
            ++over;
          });
          break;
        default:
          g.run([&] {
            mb::task_group inner;
            inner.run([&] { ++over; });
          });
      }
    }
    mb::get(g.join());
    CHECK(over == 200);
  }
}
