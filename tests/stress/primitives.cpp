// Locks and their like between coroutines, plain tasks and threads, with timeouts that come at any moment.
#include <mobula/mobula.hpp>

#include "support/catch.hpp"
#include "support/watchdog.hpp"

#include <atomic>
#include <chrono>
#include <deque>
#include <memory>
#include <random>
#include <thread>
#include <vector>

namespace mb = mobula;
using mobula::test::repeats;
using mobula::test::watchdog;
using mobula::test::workers;
using namespace std::chrono_literals;

namespace {

mb::runtime_options options() { return {.num_cpus = static_cast<unsigned>(workers())}; }

using dice = std::minstd_rand;

std::chrono::microseconds moment(dice& d) { return std::chrono::microseconds(d() % 60); }

// What went wrong is counted, and asserted on one thread at the end.
std::atomic<int> wrong{0};
void expect(bool right) {
  if (!right) wrong.fetch_add(1, std::memory_order_relaxed);
}

// Runs `coroutine(seed)` and `plain(seed)` as tasks, and `plain(seed)` on threads, at once.
template <class Coroutine, class Plain>
void everywhere(Coroutine const& coroutine, Plain const& plain) {
  std::vector<mb::future<void>> tasks;
  std::vector<std::thread> threads;
  for (unsigned i = 0; i < 2; ++i) threads.emplace_back([&plain, i] { plain(1000 + i); });
  for (unsigned i = 0; i < 8; ++i) {
    tasks.push_back(mb::remote(coroutine)(2 * i + 1));
    tasks.push_back(mb::remote(plain)(2 * i + 2));
  }
  mb::get(tasks);
  for (auto& t : threads) t.join();
}

// Something that only who holds its lock may touch: not atomic, so that ThreadSanitizer sees it too.
struct guarded {
  long entries = 0;
  bool busy = false;
  void touch() {
    expect(!std::exchange(busy, true));
    ++entries;
    busy = false;
  }
};

}  // namespace

TEST_CASE("a mutex guards what is touched from everywhere, with timeouts and selects") {
  watchdog const dog("mutex");
  mb::runtime const rt(options());
  for (int r = 0; r < 15 * repeats(); ++r) {
    mb::mutex a, b;
    guarded in_a, in_b;
    std::atomic<long> entries{0};
    auto const touch = [&](guarded& g) {
      g.touch();
      entries.fetch_add(1, std::memory_order_relaxed);
    };
    auto const coroutine = [&](unsigned seed) -> mb::task<> {
      dice d(seed);
      for (int i = 0; i < 100; ++i) {
        switch (d() % 4) {
          case 0: {
            auto const guard = co_await a.lock();
            touch(in_a);
            if (i % 8 == 0) co_await mb::sleep_for(moment(d));
            break;
          }
          case 1: {
            auto const one = co_await mb::select(a.lock(), b.lock());
            touch(one.index() == 0 ? in_a : in_b);
            if (i % 8 == 0) co_await mb::yield();
            break;
          }
          case 2: {
            auto const one = co_await mb::select(b.lock(), mb::sleep_for(moment(d)), mb::timeout(a.lock(), 1h));
            if (one.index() != 1) touch(one.index() == 0 ? in_b : in_a);
            break;
          }
          default:
            try {
              auto const guard = co_await mb::timeout(b.lock(), moment(d));
              touch(in_b);
            } catch (mb::timeout_error const&) {}
        }
      }
    };
    auto const plain = [&](unsigned seed) {
      dice d(seed);
      for (int i = 0; i < 100; ++i) {
        if (d() % 2 == 0) {
          auto const guard = mb::get(a.lock());
          touch(in_a);
          if (i % 8 == 0) mb::get(mb::sleep_for(moment(d)));
        } else {
          try {
            auto const guard = mb::get(b.lock(), moment(d));
            touch(in_b);
          } catch (mb::timeout_error const&) {}
        }
      }
    };
    everywhere(coroutine, plain);
    REQUIRE(in_a.entries + in_b.entries == entries);
    REQUIRE((a.try_lock() && b.try_lock()));
    REQUIRE(wrong == 0);
  }
}

TEST_CASE("a shared mutex keeps readers from a writer, with timeouts and selects") {
  watchdog const dog("shared mutex");
  mb::runtime const rt(options());
  for (int r = 0; r < 15 * repeats(); ++r) {
    mb::shared_mutex m;
    long value = 0, twice = 0;
    auto const write = [&] {
      ++value;
      twice = 2 * value;
    };
    auto const read = [&] { expect(twice == 2 * value); };
    auto const coroutine = [&](unsigned seed) -> mb::task<> {
      dice d(seed);
      for (int i = 0; i < 100; ++i) {
        auto const one = co_await mb::select(m.lock(), mb::sleep_for(moment(d)));
        if (one.index() == 0) write();
        auto const other = co_await mb::select(m.lock_shared(), mb::sleep_for(moment(d)));
        if (other.index() == 0) {
          read();
          if (i % 4 == 0) co_await mb::yield();
          read();
        }
      }
    };
    auto const plain = [&](unsigned seed) {
      dice d(seed);
      for (int i = 0; i < 100; ++i) {
        try {
          if (d() % 4 == 0) {
            auto const guard = mb::get(m.lock(), moment(d));
            write();
          } else {
            auto const guard = mb::get(m.lock_shared(), moment(d));
            read();
          }
        } catch (mb::timeout_error const&) {}
        auto const guard = mb::get(m.lock_shared());
        read();
      }
    };
    everywhere(coroutine, plain);
    REQUIRE(m.try_lock());
    REQUIRE(wrong == 0);
  }
}

TEST_CASE("a semaphore neither loses nor makes permits, with timeouts and selects") {
  watchdog const dog("semaphore");
  mb::runtime const rt(options());
  for (int r = 0; r < 15 * repeats(); ++r) {
    mb::semaphore s(3), other(1);
    std::atomic<int> in{0};
    auto const enter = [&] { expect(in.fetch_add(1) < 3); };
    auto const leave = [&] {
      in.fetch_sub(1);
      s.release();
    };
    auto const coroutine = [&](unsigned seed) -> mb::task<> {
      dice d(seed);
      for (int i = 0; i < 100; ++i) {
        auto const one = co_await mb::select(s.acquire(), mb::sleep_for(moment(d)), other.acquire());
        if (one.index() == 0) {
          enter();
          if (i % 4 == 0) co_await mb::yield();
          leave();
        } else if (one.index() == 2) {
          other.release();
        }
      }
    };
    auto const plain = [&](unsigned seed) {
      dice d(seed);
      for (int i = 0; i < 100; ++i) try {
          mb::get(s.acquire(), moment(d));
          enter();
          if (i % 16 == 0) mb::get(mb::sleep_for(moment(d)));
          leave();
        } catch (mb::timeout_error const&) {}
    };
    everywhere(coroutine, plain);
    REQUIRE((s.try_acquire() && s.try_acquire() && s.try_acquire() && !s.try_acquire()));
    REQUIRE((other.try_acquire() && !other.try_acquire()));
    REQUIRE(wrong == 0);
  }
}

TEST_CASE("a queue of condition variables hands everything over, with timeouts") {
  watchdog const dog("condition variable");
  mb::runtime const rt(options());
  for (int r = 0; r < 15 * repeats(); ++r) {
    mb::mutex m;
    mb::condition_variable filled, emptied;
    std::deque<int> queue;
    long popped = 0;
    constexpr int each = 60;
    auto const some = [&] { return !queue.empty(); };
    auto const room = [&] { return queue.size() < 3; };
    // Odd ones push, even ones pop.
    auto const coroutine = [&](unsigned seed) -> mb::task<> {
      dice d(seed);
      for (int i = 0; i < each; ++i) {
        auto guard = co_await m.lock();
        if (seed % 4 == 1) {
          co_await emptied.wait(guard, room);
          queue.push_back(i);
          filled.notify_one();
        } else {
          while (!co_await filled.wait_for(guard, moment(d), some)) expect(guard.owns_lock());
          queue.pop_front();
          ++popped;
          emptied.notify_one();
        }
      }
    };
    auto const plain = [&](unsigned seed) {
      dice d(seed);
      for (int i = 0; i < each; ++i) {
        auto guard = mb::get(m.lock());
        if (seed % 4 == 2 || seed == 1001) {
          while (!room()) try {
              mb::get(emptied.wait(guard), moment(d));
            } catch (mb::timeout_error const&) { expect(guard.owns_lock()); }
          queue.push_back(i);
          guard.unlock();
          filled.notify_all();
        } else {
          mb::get(filled.wait(guard, some));
          queue.pop_front();
          ++popped;
          emptied.notify_one();
        }
      }
    };
    everywhere(coroutine, plain);
    REQUIRE(queue.empty());
    REQUIRE(popped == 9 * each);
    REQUIRE(m.try_lock());
    REQUIRE(wrong == 0);
  }
}

TEST_CASE("a barrier keeps all in one phase, though some look whether it is over again and again") {
  watchdog const dog("barrier");
  mb::runtime const rt(options());
  for (int r = 0; r < 15 * repeats(); ++r) {
    constexpr int phases = 50, group = 18;
    int steps = 0;  // by the completion alone
    mb::barrier all(group, [&]() noexcept { ++steps; });
    auto const coroutine = [&](unsigned seed) -> mb::task<> {
      dice d(seed);
      for (int p = 0; p < phases; ++p) {
        expect(steps == p);
        auto const token = all.arrive();
        for (;;) {
          auto const one = co_await mb::select(all.wait(token), mb::sleep_for(moment(d)));
          if (one.index() == 0) break;
        }
      }
    };
    auto const plain = [&](unsigned) {
      for (int p = 0; p < phases; ++p) {
        expect(steps == p);
        mb::get(all.arrive_and_wait());
      }
    };
    everywhere(coroutine, plain);
    REQUIRE(steps == phases);
    REQUIRE(wrong == 0);
  }
}

TEST_CASE("who goes on after a latch, an event or a mutex may end it") {
  watchdog const dog("short lives");
  mb::runtime const rt(options());
  for (int r = 0; r < 200 * repeats(); ++r) {
    auto l = std::make_unique<mb::latch>(3);
    auto e = std::make_unique<mb::event>();
    auto m = std::make_unique<mb::mutex>();
    auto const count = [&l = *l, &e = *e] {
      l.count_down();
      mb::get(e.wait());
    };
    auto guard = mb::get(m->lock());
    auto x = mb::remote(count)(), y = mb::remote(count)();
    auto last = mb::remote([p = m.get(), q = e.get(), g = std::move(guard)]() mutable -> mb::task<> {
      g.unlock();
      q->set();
      co_return;
    })();
    mb::get(l->arrive_and_wait());
    l.reset();
    { auto const mine = mb::get(m->lock()); }
    m.reset();
    mb::get(x, y, last);
    e.reset();
  }
  SUCCEED();
}

TEST_CASE("tasks of two runtimes and threads share one mutex") {
  watchdog const dog("two runtimes");
  for (int r = 0; r < 15 * repeats(); ++r) {
    mb::mutex m;
    guarded in;
    {
      mb::runtime const one(options()), two(options());
      std::vector<mb::future<void>> tasks;
      for (int i = 0; i < 20; ++i)
        for (mb::runtime const* rt : {&one, &two}) {
          tasks.push_back(rt->remote([&]() -> mb::task<> {
            for (int k = 0; k < 20; ++k) {
              auto const guard = co_await m.lock();
              in.touch();
            }
          })());
          tasks.push_back(rt->remote([&] {
            for (int k = 0; k < 20; ++k) {
              auto const guard = mb::get(m.lock());
              in.touch();
            }
          })());
        }
      for (int k = 0; k < 100; ++k) {
        auto const guard = mb::get(m.lock());
        in.touch();
      }
      mb::get(tasks);
    }
    REQUIRE(in.entries == 1700);
    REQUIRE(wrong == 0);
  }
}
