#include "mobula/task/semaphore.hpp"

#include <stdexcept>
#include <vector>

#include "mobula/mobula.hpp"
#include "support/catch.hpp"

namespace mb = mobula;
using namespace std::chrono_literals;

TEST_CASE("no more have a permit of a semaphore than there are: coroutines, plain tasks and main", "[task]") {
  int most = 0;
  mb::explore([&](mb::manual_options const& seeded) {
    mb::semaphore s(3);
    int in = 0;
    auto const enter = [&] {
      if (++in > 3) throw std::logic_error("too many are in");
      most = std::max(most, in);
    };
    mb::manual_runtime rt(seeded);
    std::vector<mb::future<void>> tasks;
    for (int i = 0; i < 5; ++i) {
      tasks.push_back(mb::remote([&]() -> mb::task<> {
        co_await s.acquire();
        enter();
        co_await mb::yield();
        --in;
        s.release();
      })());
      tasks.push_back(mb::remote([&] {
        mb::get(s.acquire());
        enter();
        mb::get(mb::yield());
        --in;
        s.release();
      })());
    }
    mb::get(s.acquire());
    enter();
    rt.run_one();
    --in;
    s.release();
    mb::get(tasks);
    REQUIRE(s.try_acquire());
    REQUIRE(s.try_acquire());
    REQUIRE(s.try_acquire());
    REQUIRE_FALSE(s.try_acquire());
  });
  CHECK(most == 3);
}

TEST_CASE("permits go to those who wait in the order in which they came, several at once", "[task]") {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    mb::semaphore s(0);
    std::vector<int> order;
    mb::manual_runtime rt({.seed = seed});
    std::vector<mb::future<void>> tasks;
    for (int i = 0; i < 6; ++i) {
      tasks.push_back(mb::remote([&, i]() -> mb::task<> {
        co_await s.acquire();
        order.push_back(i);
      })());
      rt.run_until_idle();
    }
    for (int i = 0; i < 4; ++i) {
      s.release();
      rt.run_until_idle();
    }
    REQUIRE(order == std::vector{0, 1, 2, 3});
    s.release(3);
    CHECK(s.try_acquire());  // the third of them; the others belong to those who wait
    CHECK_FALSE(s.try_acquire());
    mb::get(tasks);
    REQUIRE(order.size() == 6);
  }
}

TEST_CASE("a permit that a timeout or a select gives up goes to the next", "[task]") {
  mb::explore([](mb::manual_options const& seeded) {
    mb::semaphore s(2), other(1);
    int taken = 0, timeouts = 0;
    mb::manual_runtime rt(seeded);
    std::vector<mb::future<void>> tasks;
    for (int i = 0; i < 4; ++i) {
      tasks.push_back(mb::remote([&, i]() -> mb::task<> {
        try {
          co_await mb::timeout(s.acquire(), (i + 1) * 1ms);
        } catch (mb::timeout_error const&) {
          ++timeouts;
          co_return;
        }
        ++taken;
        co_await mb::sleep_for(2ms);
        s.release();
      })());
      tasks.push_back(mb::remote([&] {
        auto const one = mb::get(mb::select(s.acquire(), other.acquire()));
        ++taken;
        mb::get(mb::sleep_for(1ms));
        (one.index() == 0 ? s : other).release();
      })());
    }
    mb::get(tasks);
    REQUIRE(taken + timeouts == 8);
    REQUIRE((s.try_acquire() && s.try_acquire() && !s.try_acquire()));
    REQUIRE((other.try_acquire() && !other.try_acquire()));
  });
}

TEST_CASE("an acquire whose result nobody takes gives its permit back", "[task]") {
  mb::semaphore s(1);
  {
    auto op = s.acquire();
    CHECK(op.ready());
    CHECK_FALSE(s.try_acquire());
  }
  CHECK(s.try_acquire());
}

TEST_CASE("a semaphore of no permits is an event that resets itself", "[task]") {
  mb::semaphore wake(0);
  int woken = 0;
  mb::manual_runtime rt;
  auto const f = mb::remote([&]() -> mb::task<> {
    for (int i = 0; i < 2; ++i) {
      co_await wake.acquire();
      ++woken;
    }
  })();
  rt.run_until_idle();
  CHECK(woken == 0);
  wake.release();
  rt.run_until_idle();
  CHECK(woken == 1);
  wake.release();
  mb::get(f);
}
