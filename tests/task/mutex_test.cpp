#include "mobula/task/mutex.hpp"

#include <coroutine>
#include <optional>
#include <stdexcept>
#include <thread>
#include <vector>

#include "mobula/mobula.hpp"
#include "support/catch.hpp"

namespace mb = mobula;
using namespace std::chrono_literals;

namespace {

// Counts who is inside at once.
struct inside {
  explicit inside(int& n) : count(n) {
    if (++count != 1) throw std::logic_error("two hold the lock");
  }
  ~inside() { --count; }
  int& count;
};

// A coroutine that starts at once and ends with its handle, wherever it waits.
struct scope {
  struct promise_type {
    scope get_return_object() { return {std::coroutine_handle<promise_type>::from_promise(*this)}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_always final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() { std::terminate(); }
  };
  std::coroutine_handle<promise_type> handle;
};

}  // namespace

TEST_CASE("one holds a mutex at a time: coroutines, plain tasks and main", "[task]") {
  mb::explore([](mb::manual_options const& seeded) {
    mb::mutex m;
    int here = 0, done = 0;
    mb::manual_runtime rt(seeded);
    std::vector<mb::future<void>> tasks;
    for (int i = 0; i < 4; ++i) {
      tasks.push_back(mb::remote([&]() -> mb::task<> {
        auto const guard = co_await m.lock();
        inside const me(here);
        co_await mb::yield();
        ++done;
      })());
      tasks.push_back(mb::remote([&] {
        auto const guard = mb::get(m.lock());
        inside const me(here);
        mb::get(mb::sleep_for(1ms));
        ++done;
      })());
    }
    {
      auto const guard = mb::get(m.lock());
      inside const me(here);
      rt.run_until_idle();
      ++done;
    }
    mb::get(tasks);
    if (done != 9) throw std::logic_error("somebody was not let in");
    REQUIRE(m.try_lock().owns_lock());
  });
}

TEST_CASE("a mutex goes to those who wait in the order in which they came, whoever they are", "[task]") {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    mb::mutex m;
    std::vector<int> order;
    mb::manual_runtime rt({.seed = seed});
    auto held = mb::get(m.lock());
    std::vector<mb::future<void>> tasks;
    for (int i = 0; i < 10; ++i) {
      if (i % 2 == 0)
        tasks.push_back(mb::remote([&, i]() -> mb::task<> {
          auto const guard = co_await m.lock();
          order.push_back(i);
          co_await mb::yield();
        })());
      else
        tasks.push_back(mb::remote([&, i] {
          auto const guard = mb::get(m.lock());
          order.push_back(i);
        })());
      rt.run_until_idle();
    }
    held.unlock();
    mb::get(tasks);
    REQUIRE(order == std::vector{0, 1, 2, 3, 4, 5, 6, 7, 8, 9});
  }
}

TEST_CASE("who is handed a mutex owns it before it runs: try_lock does not get ahead of it", "[task]") {
  mb::mutex m;
  mb::manual_runtime rt;
  auto held = mb::get(m.lock());
  CHECK_FALSE(m.try_lock());
  auto const f = mb::remote([&]() -> mb::task<> { auto const guard = co_await m.lock(); })();
  rt.run_until_idle();
  held.unlock();
  CHECK_FALSE(held);
  CHECK_FALSE(m.try_lock());
  mb::get(f);
  CHECK(m.try_lock());
  CHECK(m.try_lock());  // that one was given back at once
}

TEST_CASE("a guard that is moved unlocks once, and one that is assigned to unlocks first", "[task]") {
  mb::mutex a, b;
  auto first = a.try_lock();
  auto second = std::move(first);
  CHECK_FALSE(first);
  CHECK(second);
  CHECK_FALSE(a.try_lock());
  second = b.try_lock();
  CHECK(a.try_lock());
  CHECK_FALSE(b.try_lock());
  second = {};
  CHECK(b.try_lock());
}

TEST_CASE("a lock that times out owns nothing, and those behind it are not held up", "[task]") {
  mb::explore([](mb::manual_options const& seeded) {
    mb::mutex m;
    mb::manual_runtime rt(seeded);
    auto const hold = [&](std::chrono::milliseconds d) -> mb::task<> {
      auto const guard = co_await m.lock();
      co_await mb::sleep_for(d);
    };
    auto const impatient = [&](std::chrono::milliseconds d) -> mb::task<bool> {
      try {
        auto const guard = co_await mb::timeout(m.lock(), d);
        co_return true;
      } catch (mb::timeout_error const&) { co_return false; }
    };
    auto const impatient_plain = [&](std::chrono::milliseconds d) {
      try {
        auto const guard = mb::get(m.lock(), d);
        return true;
      } catch (mb::timeout_error const&) { return false; }
    };
    auto const holder = mb::remote(hold)(10ms);
    rt.run_until_idle();
    auto const a = mb::remote(impatient)(5ms), b = mb::remote(impatient_plain)(5ms);
    auto const c = mb::remote(impatient)(20ms), d = mb::remote(impatient_plain)(20ms);
    auto const e = mb::remote(impatient)(10ms), f = mb::remote(impatient_plain)(10ms);  // just when it comes free
    CHECK_THROWS_AS(mb::get(m.lock(), 2ms), mb::timeout_error);
    mb::get(holder, a, b, c, d, e, f);
    if (mb::get(a) || mb::get(b) || !mb::get(c) || !mb::get(d)) throw std::logic_error("the wrong ones were in time");
    REQUIRE(m.try_lock());
    REQUIRE(rt.pending().unfinished == 0);
  });
}

TEST_CASE("a select owns one of the locks it asks for, and the others are free", "[task]") {
  mb::explore(
      [](mb::manual_options const& seeded) {
        mb::mutex a, b;
        mb::manual_runtime rt(seeded);
        int inside_a = 0, inside_b = 0;
        auto const hold = [](mb::mutex& m, int& n, int times) -> mb::task<> {
          for (int i = 0; i < times; ++i) {
            {
              auto const guard = co_await m.lock();
              inside const me(n);
              co_await mb::yield();
            }
            co_await mb::yield();
          }
        };
        auto const either = [&]() -> mb::task<> {
          for (int i = 0; i < 3; ++i) {
            auto one = co_await mb::select(a.lock(), b.lock(), a.lock());
            inside const me(one.index() == 1 ? inside_b : inside_a);
            co_await mb::yield();
          }
        };
        auto const either_plain = [&] {
          for (int i = 0; i < 3; ++i) {
            auto one = mb::get(mb::select(b.lock(), mb::timeout(a.lock(), 1s)));
            inside const me(one.index() == 0 ? inside_b : inside_a);
            mb::get(mb::yield());
          }
        };
        auto h1 = mb::remote([&] { return hold(a, inside_a, 5); })(),
             h2 = mb::remote([&] { return hold(b, inside_b, 5); })();
        auto e1 = mb::remote(either)(), e2 = mb::remote(either)();
        auto p1 = mb::remote(either_plain)(), p2 = mb::remote(either_plain)();
        mb::get(h1, h2, e1, e2, p1, p2);
        REQUIRE(a.try_lock());
        REQUIRE(b.try_lock());
      },
      {.seeds = 500});
}

TEST_CASE("an operation on a mutex that ends before it is awaited, or before its result is taken, leaves it free",
          "[task]") {
  mb::mutex m;
  { auto const never_awaited = m.lock(); }
  CHECK(m.try_lock());
  {
    auto op = m.lock();
    CHECK(op.ready());
    CHECK_FALSE(m.try_lock());
    auto moved = std::move(op);
    CHECK_FALSE(m.try_lock());
  }
  CHECK(m.try_lock());
}

TEST_CASE("a coroutine that ends while it waits for a mutex leaves the line", "[task]") {
  mb::mutex m;
  mb::manual_runtime rt;
  auto held = mb::get(m.lock());
  bool first = false, second = false;
  auto const wait = [&](bool& got) -> scope {
    auto const guard = co_await m.lock();
    got = true;
  };
  std::optional<scope> a, b;
  mb::get(mb::remote([&] {
    a = wait(first);
    b = wait(second);
  })());
  a->handle.destroy();
  held.unlock();
  rt.run_until_idle();
  CHECK_FALSE(first);
  CHECK(second);
  CHECK(m.try_lock());
  b->handle.destroy();
}

TEST_CASE("a mutex may be locked in one task and unlocked in another", "[task]") {
  mb::mutex m;
  mb::manual_runtime rt;
  auto guard = mb::get(mb::remote([&]() -> mb::task<mb::mutex::guard> { co_return co_await m.lock(); })());
  CHECK_FALSE(m.try_lock());
  mb::get(mb::remote([g = std::move(guard)]() mutable { g.unlock(); })());
  CHECK(m.try_lock());
}

TEST_CASE("threads use a mutex without any runtime", "[task]") {
  mb::mutex m;
  long n = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 3; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < 1000; ++i) {
        auto const guard = mb::get(m.lock());
        ++n;
      }
    });
  for (auto& t : threads) t.join();
  CHECK(n == 3000);
  auto held = m.try_lock();
  CHECK_THROWS_AS(mb::get(m.lock(), 1ms), mb::timeout_error);
}

TEST_CASE("main that can never get a mutex is told so, and leaves the line", "[task]") {
  mb::mutex m;
  mb::manual_runtime rt;
  auto held = m.try_lock();
  CHECK_THROWS_AS(mb::get(m.lock()), mb::deadlock_error);
  held.unlock();
  CHECK(m.try_lock());
}

namespace {

// Awaited by a coroutine that will wait for ever: keeps it where a search for leaks finds it.
struct keep_this {
  bool await_ready() const noexcept { return false; }
  bool await_suspend(std::coroutine_handle<> h) const noexcept { return kept = h.address(), false; }
  void await_resume() const noexcept {}
  static inline void* volatile kept = nullptr;  // volatile, or it would not be written: nobody reads it
};

}  // namespace

TEST_CASE("a mutex that ends while an exception unwinds lets go of those who wait", "[task]") {
  auto const lock_twice = [] {
    mb::mutex m;
    mb::manual_runtime rt;
    mb::get(mb::remote([&]() -> mb::task<> {
      co_await keep_this();
      auto const once = co_await m.lock();
      auto const twice = co_await m.lock();
    })());
  };
  CHECK_THROWS_AS(lock_twice(), mb::deadlock_error);
}
