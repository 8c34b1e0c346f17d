// Tasks that look again and again, with a limit of zero, for what others do.
#include <chrono>
#include <optional>
#include <utility>
#include <vector>

#include "mobula/mobula.hpp"
#include "support/catch.hpp"
#include "support/watchdog.hpp"

namespace mb = mobula;
using mobula::test::watchdog;
using namespace std::chrono_literals;

namespace {

int one() { return 1; }

template <class Look>
int poll(Look look) {
  for (;;) try {
      return look();
    } catch (mb::timeout_error const&) {}
}

struct asker {
  int ask() {
    auto const f = mb::remote(one)();
    return poll([&] { return mb::get(f, 0ms); });
  }
};

}  // namespace

TEST_CASE("a plain task that polls with a limit of zero lets others run, on one worker too", "[task]") {
  watchdog const dog("a plain task that polls");
  mb::runtime rt({.num_cpus = 1});
  CHECK(mb::get(mb::remote([] {
          std::vector const fs{mb::remote(one)()};
          while (mb::wait(fs, {.timeout = 0ms}).ready.empty()) {}
          return mb::get(fs[0]);
        })()) == 1);
  CHECK(mb::get(mb::remote([] {
          auto const f = mb::remote(one)();
          return poll([&] { return mb::get(f, 0ms); });
        })()) == 1);
  CHECK(mb::get(mb::remote([] {
          std::vector const fs{mb::remote(one)()};
          return poll([&] { return mb::get(fs, 0ms)[0]; });
        })()) == 1);
  CHECK(mb::get(mb::remote([] {
          auto done = mb::as_completed(std::vector{mb::remote(one)()});
          return poll([&] { return mb::get(*mb::get(done.next(), 0ms)); });
        })()) == 1);
  CHECK(mb::get(mb::remote([] {
          mb::channel<int> c(1);
          auto const sends = mb::remote([c] { return mb::get(c.send(1)); })();
          return poll([&] { return *mb::get(c.receive(), 0ms); });
        })()) == 1);
  CHECK(mb::get(mb::remote([] {
          mb::mutex m;
          mb::condition_variable changed;
          int value = 0;
          auto const sets = mb::remote([&] {
            auto const guard = mb::get(m.lock());
            value = 1;
          })();
          auto guard = mb::get(m.lock());
          while (!mb::get(changed.wait_for(guard, 0ms, [&] { return value == 1; }))) {}
          guard.unlock();
          mb::get(sets);
          return value;
        })()) == 1);
  CHECK(mb::get(mb::remote([] {
          auto const f = mb::remote(one)();
          while (!f.ready()) mb::get(mb::sleep_for(0ms));
          return mb::get(f);
        })()) == 1);
  CHECK(mb::get(mb::make_actor<asker>().call<&asker::ask>()) == 1);
}

TEST_CASE("a coroutine that polls with a limit of zero lets others run, on one worker too", "[task]") {
  watchdog const dog("a coroutine that polls");
  mb::runtime rt({.num_cpus = 1});
  CHECK(mb::get(mb::remote([]() -> mb::task<int> {
          auto const f = mb::remote(one)();
          for (;;) try {
              co_return co_await mb::timeout(f, 0ms);
            } catch (mb::timeout_error const&) {}
        })()) == 1);
  CHECK(mb::get(mb::remote([]() -> mb::task<int> {
          auto const f = mb::remote(one)();
          for (;;)
            if (auto const first = co_await mb::select(f, mb::sleep_for(0ms)); first.index() == 0) co_return 1;
        })()) == 1);
  CHECK(mb::get(mb::remote([]() -> mb::task<int> {
          auto const f = mb::remote(one)();
          while (!f.ready()) co_await mb::sleep_for(0ms);
          co_return co_await f;
        })()) == 1);
}

TEST_CASE("a look with a limit of zero is where tasks may interleave on a manual runtime, but the driver's is none",
          "[task]") {
  mb::manual_runtime rt;
  auto const f = mb::remote(one)();
  CHECK_THROWS_AS(mb::get(f, 0ms), mb::timeout_error);
  CHECK(rt.pending().ready == 1);
  CHECK(mb::get(mb::remote([f] { return poll([&] { return mb::get(f, 0ms); }); })()) == 1);
  auto const start = rt.now();
  mb::get(mb::remote([]() -> mb::task<> { co_await mb::sleep_for(0ms); })());
  CHECK(rt.now() == start);
}

TEST_CASE("a poll that would go on for ever ends when its task is to stop, or its runtime is dropped", "[task]") {
  mb::promise<int> never;
  auto const f = never.get_future();
  mb::manual_runtime rt;
  auto const polls = [f] { return poll([&] { return mb::get(f, 0ms); }); };
  auto stopped = mb::remote(polls).options({.cancellable = true})();
  auto const dropped = mb::remote(polls)();
  for (int i = 0; i < 10; ++i) CHECK(rt.run_one());
  mb::cancel(stopped);
  rt.shutdown(mb::on_shutdown::drop);
  CHECK_THROWS_AS(mb::get(stopped), mb::cancelled);
  CHECK_THROWS_AS(mb::get(dropped), mb::cancelled);
}
