#include "mobula/task/condition_variable.hpp"

#include <deque>
#include <stdexcept>
#include <thread>
#include <vector>

#include "mobula/mobula.hpp"
#include "support/catch.hpp"

namespace mb = mobula;
using namespace std::chrono_literals;

TEST_CASE("what one pushes another pops, by condition variables: coroutines, plain tasks and main", "[task]") {
  mb::explore([](mb::manual_options const& seeded) {
    mb::mutex m;
    mb::condition_variable filled, emptied;
    std::deque<int> queue;
    int sum = 0;
    auto const has_some = [&] { return !queue.empty(); };
    auto const has_room = [&] { return queue.size() < 2; };
    mb::manual_runtime rt(seeded);
    std::vector<mb::future<void>> tasks;
    for (int i = 0; i < 2; ++i) {
      tasks.push_back(mb::remote([&]() -> mb::task<> {
        for (int k = 1; k <= 5; ++k) {
          auto guard = co_await m.lock();
          co_await emptied.wait(guard, has_room);
          queue.push_back(k);
          filled.notify_one();
        }
      })());
      tasks.push_back(mb::remote([&] {
        for (int k = 1; k <= 5; ++k) {
          auto guard = mb::get(m.lock());
          mb::get(emptied.wait(guard, has_room));
          queue.push_back(k);
          guard.unlock();
          filled.notify_one();
        }
      })());
      tasks.push_back(mb::remote([&]() -> mb::task<> {
        for (int k = 0; k < 5; ++k) {
          auto guard = co_await m.lock();
          while (queue.empty()) co_await filled.wait(guard);
          sum += queue.front();
          queue.pop_front();
          emptied.notify_one();
        }
      })());
    }
    for (int k = 0; k < 10; ++k) {
      auto guard = mb::get(m.lock());
      mb::get(filled.wait(guard, has_some));
      sum += queue.front();
      queue.pop_front();
      emptied.notify_all();
    }
    mb::get(tasks);
    REQUIRE(sum == 60);
    REQUIRE(m.try_lock());
  });
}

TEST_CASE("notify_one wakes the first that waits, notify_all the others in their order", "[task]") {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    mb::mutex m;
    mb::condition_variable c;
    std::vector<int> order;
    mb::manual_runtime rt({.seed = seed});
    std::vector<mb::future<void>> tasks;
    for (int i = 0; i < 6; ++i) {
      tasks.push_back(mb::remote([&, i]() -> mb::task<> {
        auto guard = co_await m.lock();
        co_await c.wait(guard);
        order.push_back(i);
        co_await mb::yield();
      })());
      rt.run_until_idle();
    }
    c.notify_one();
    rt.run_until_idle();
    REQUIRE(order == std::vector{0});
    c.notify_all();
    c.notify_all();
    mb::get(tasks);
    REQUIRE(order == std::vector{0, 1, 2, 3, 4, 5});
  }
}

TEST_CASE("a guard holds nothing while it waits for a condition, and the mutex after that", "[task]") {
  mb::mutex m;
  mb::condition_variable c;
  mb::manual_runtime rt;
  mb::mutex::guard guard;
  auto const f = mb::remote([&]() -> mb::task<> {
    guard = co_await m.lock();
    co_await c.wait(guard);
  })();
  rt.run_until_idle();
  CHECK_FALSE(guard);
  auto other = m.try_lock();
  CHECK(other);
  c.notify_one();
  rt.run_until_idle();
  CHECK_FALSE(f.ready());  // it has been notified, and waits for the mutex
  other.unlock();
  mb::get(f);
  CHECK(guard);
  CHECK_FALSE(m.try_lock());
}

TEST_CASE("who gives up to wait for a condition has the mutex again before it goes on", "[task]") {
  for (int way = 0; way < 4; ++way)
    for (bool const held_by_other : {false, true}) {
      mb::mutex m;
      mb::condition_variable c;
      mb::manual_runtime rt;
      auto const start = rt.now();
      auto const coroutine = [&]() -> mb::task<bool> {
        auto guard = co_await m.lock();
        if (way == 0) {
          auto const one = co_await mb::select(c.wait(guard), mb::sleep_for(10ms));
          co_return one.index() == 1 && guard && !m.try_lock();
        }
        bool timed_out = false;
        try {
          co_await mb::timeout(c.wait(guard), 10ms);
        } catch (mb::timeout_error const&) { timed_out = true; }
        co_return timed_out&& guard && !m.try_lock();
      };
      auto const plain = [&] {
        auto guard = mb::get(m.lock());
        bool timed_out = false;
        try {
          mb::get(c.wait(guard), 10ms);
        } catch (mb::timeout_error const&) { timed_out = true; }
        return timed_out && guard && !m.try_lock();
      };
      auto const holder = [&]() -> mb::task<> {
        co_await mb::sleep_for(5ms);
        auto const guard = co_await m.lock();
        if (held_by_other) co_await mb::sleep_for(20ms);
      };
      auto const h = mb::remote(holder)();
      if (way < 2) CHECK(mb::get(mb::remote(coroutine)()));
      if (way == 2) CHECK(mb::get(mb::remote(plain)()));
      if (way == 3) CHECK(plain());
      CHECK(rt.now() - start == (held_by_other ? 25ms : 10ms));
      mb::get(h);
      CHECK(m.try_lock());
      CHECK(rt.pending().unfinished == 0);
    }
}

TEST_CASE("a notification goes to somebody who is still there", "[task]") {
  mb::explore([](mb::manual_options const& seeded) {
    mb::mutex m;
    mb::condition_variable c;
    int tokens = 0, taken = 0, timeouts = 0;
    mb::manual_runtime rt(seeded);
    std::vector<mb::future<void>> tasks;
    for (int i = 0; i < 3; ++i) {
      tasks.push_back(mb::remote([&]() -> mb::task<> {
        auto guard = co_await m.lock();
        bool const mine = co_await c.wait_for(guard, 3ms, [&] { return tokens > 0; });
        if (!guard) throw std::logic_error("no mutex");
        mine ? (--tokens, ++taken) : ++timeouts;
      })());
      tasks.push_back(mb::remote([&] {
        auto guard = mb::get(m.lock());
        bool const mine = mb::get(c.wait_for(guard, 3ms, [&] { return tokens > 0; }));
        if (!guard) throw std::logic_error("no mutex");
        mine ? (--tokens, ++taken) : ++timeouts;
      })());
      tasks.push_back(mb::remote([&]() -> mb::task<> {
        co_await mb::sleep_for(3ms);
        auto guard = co_await m.lock();
        ++tokens;
        c.notify_one();
      })());
    }
    mb::get(tasks);
    REQUIRE(taken + timeouts == 6);
    REQUIRE(taken + tokens == 3);
    REQUIRE(m.try_lock());
  });
}

TEST_CASE("wait_for gives what the predicate says, at once or at the end of its time", "[task]") {
  mb::mutex m;
  mb::condition_variable c;
  mb::manual_runtime rt;
  auto guard = mb::get(m.lock());
  auto const start = rt.now();
  CHECK(mb::get(c.wait_for(guard, 1s, [] { return true; })));
  CHECK(rt.now() == start);
  CHECK_FALSE(mb::get(c.wait_for(guard, 1s, [] { return false; })));
  CHECK(rt.now() - start == 1s);
  CHECK(mb::get(c.wait_for(guard, 1s, [&] { return rt.now() - start >= 2s; })));
  CHECK_FALSE(mb::get(c.wait_for(guard, -1s, [] { return false; })));
  CHECK(guard);
}

TEST_CASE("what a predicate throws leaves the wait with the mutex held", "[task]") {
  mb::mutex m;
  mb::condition_variable c;
  mb::manual_runtime rt;
  auto const f = mb::remote([&]() -> mb::task<bool> {
    auto guard = co_await m.lock();
    int calls = 0;
    try {
      co_await c.wait(guard, [&]() -> bool {
        if (++calls == 2) throw std::domain_error("no");
        return false;
      });
    } catch (std::domain_error const&) { co_return guard.owns_lock() && !m.try_lock(); }
    co_return false;
  })();
  rt.run_until_idle();
  c.notify_one();
  CHECK(mb::get(f));
}

TEST_CASE("one may wait for either of two conditions with guards of two mutexes", "[task]") {
  mb::explore(
      [](mb::manual_options const& seeded) {
        mb::mutex a, b;
        mb::condition_variable filled_a, filled_b;
        mb::manual_runtime rt(seeded);
        auto const f = mb::remote([&]() -> mb::task<std::size_t> {
          auto ga = co_await a.lock();
          auto gb = co_await b.lock();
          auto const one = co_await mb::select(filled_a.wait(ga), filled_b.wait(gb));
          if (!ga || !gb || a.try_lock() || b.try_lock()) throw std::logic_error("not both are held");
          co_return one.index();
        })();
        auto const notify = [](mb::mutex& m, mb::condition_variable& c) -> mb::task<> {
          auto const guard = co_await m.lock();
          co_await mb::yield();
          c.notify_one();
        };
        rt.run_until_idle();
        auto const x = mb::remote([&] { return notify(a, filled_a); })(),
                   y = mb::remote([&] { return notify(b, filled_b); })();
        mb::get(x, y);
        REQUIRE(mb::get(f) < 2);
      },
      {.seeds = 300});
}

TEST_CASE("main that waits for a condition that never comes is told so, and holds nothing it does not have", "[task]") {
  mb::mutex m;
  mb::condition_variable c;
  mb::manual_runtime rt;
  {
    auto guard = mb::get(m.lock());
    CHECK_THROWS_AS(mb::get(c.wait(guard)), mb::deadlock_error);
    CHECK(guard.owns_lock() == !m.try_lock());
  }
  CHECK(m.try_lock());
}

TEST_CASE("threads use a condition variable without any runtime", "[task]") {
  mb::mutex m;
  mb::condition_variable c;
  int turn = 0;
  std::thread other([&] {
    for (int i = 0; i < 200; ++i) {
      auto guard = mb::get(m.lock());
      mb::get(c.wait(guard, [&] { return turn == 1; }));
      turn = 0;
      c.notify_one();
    }
  });
  for (int i = 0; i < 200; ++i) {
    auto guard = mb::get(m.lock());
    turn = 1;
    c.notify_one();
    while (!mb::get(c.wait_for(guard, 100us, [&] { return turn == 0; }))) {}
  }
  other.join();
  CHECK(m.try_lock());
}
