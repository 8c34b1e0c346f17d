#include "mobula/task/event.hpp"

#include <memory>
#include <thread>
#include <vector>

#include "mobula/mobula.hpp"
#include "support/catch.hpp"

namespace mb = mobula;
using namespace std::chrono_literals;

TEST_CASE("all who wait for an event go on when it is set, and who comes later does not wait", "[task]") {
  mb::explore(
      [](mb::manual_options const& seeded) {
        mb::event e;
        int gone_on = 0;
        mb::manual_runtime rt(seeded);
        std::vector<mb::future<void>> tasks;
        for (int i = 0; i < 3; ++i) {
          tasks.push_back(mb::remote([&]() -> mb::task<> {
            co_await e.wait();
            ++gone_on;
          })());
          tasks.push_back(mb::remote([&] {
            mb::get(e.wait());
            ++gone_on;
          })());
        }
        rt.run_until_idle();
        REQUIRE(gone_on == 0);
        auto const setter = mb::remote([&]() -> mb::task<> {
          co_await mb::sleep_for(1ms);
          e.set();
        })();
        mb::get(e.wait());
        REQUIRE(e.is_set());
        mb::get(tasks);
        REQUIRE(gone_on == 6);
        mb::get(e.wait());
      },
      {.seeds = 200});
}

TEST_CASE("who waits when an event is set goes on though it is reset at once, and who comes then waits", "[task]") {
  mb::event e;
  mb::manual_runtime rt;
  auto const wait = [&]() -> mb::task<> { co_await e.wait(); };
  auto const before = mb::remote(wait)();
  rt.run_until_idle();
  e.set();
  e.reset();
  CHECK_FALSE(e.is_set());
  auto const after = mb::remote(wait)();
  rt.run_until_idle();
  CHECK(before.ready());
  CHECK_FALSE(after.ready());
  e.set();
  mb::get(after);
}

TEST_CASE("an event may be set from the start", "[task]") {
  mb::event e(true);
  mb::get(e.wait());
  e.reset();
  CHECK_THROWS_AS(mb::get(e.wait(), 1ms), mb::timeout_error);
}

TEST_CASE("a wait for an event can be one branch of a select", "[task]") {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    mb::event quit;
    int ticks = 0;
    mb::manual_runtime rt({.seed = seed});
    auto const f = mb::remote([&]() -> mb::task<> {
      for (;; ++ticks) {
        auto const one = co_await mb::select(quit.wait(), mb::sleep_for(10ms));
        if (one.index() == 0) co_return;
      }
    })();
    rt.advance(35ms);
    quit.set();
    mb::get(f);
    REQUIRE(ticks == 3);
  }
}

TEST_CASE("who has waited for an event may end it, though set has not returned", "[task]") {
  for (int i = 0; i < 200; ++i) {
    auto e = std::make_unique<mb::event>();
    std::thread setter([p = e.get()] { p->set(); });
    mb::get(e->wait());
    e.reset();
    setter.join();
  }
  SUCCEED();
}
