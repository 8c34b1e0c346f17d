#include "support/catch.hpp"

#include <mobula/mobula.hpp>

#include <chrono>
#include <stdexcept>
#include <vector>

namespace mb = mobula;
using namespace std::chrono_literals;

namespace {

int plain() { return 1; }

mb::task<int> sleeper() {
  co_await mb::sleep_for(1h);
  co_return 1;
}

auto cancellable(auto f) { return mb::remote(std::move(f)).options({.cancellable = true}); }

template <class T>
void check_cancelled(mb::future<T> const& f) {
  REQUIRE(f.ready());
  CHECK_THROWS_AS(mb::get(f), mb::cancelled);
}

}  // namespace

TEST_CASE("a queued task that is cancelled never starts") {
  mb::manual_runtime rt;
  bool ran = false;
  auto f = mb::remote([&] { ran = true; })();
  mb::cancel(f);
  rt.run_until_idle();
  check_cancelled(f);
  CHECK_FALSE(ran);
}

TEST_CASE("a cancelled task's failure has its name") {
  mb::manual_runtime rt;
  auto f = mb::remote(plain).options({.name = "load"})();
  mb::cancel(f);
  rt.run_until_idle();
  CHECK(f.failure()->task() == "load");
}

TEST_CASE("a task that waits for its arguments is cancelled without them") {
  mb::manual_runtime rt;
  mb::promise<int> never;
  bool ran = false;
  auto f = mb::remote([&](int, int) { ran = true; })(never.get_future(), never.get_future());
  rt.run_until_idle();
  mb::cancel(f);
  rt.run_until_idle();
  check_cancelled(f);
  never.set_value(1);
  rt.run_until_idle();
  CHECK_FALSE(ran);
}

TEST_CASE("a dependant of a cancelled task fails with cancelled") {
  mb::manual_runtime rt;
  auto f = mb::remote(plain)();
  auto g = f.then([](int x) { return x; });
  mb::cancel(f);
  rt.run_until_idle();
  check_cancelled(g);
}

TEST_CASE("a task that is over stays as it is") {
  mb::manual_runtime rt;
  auto f = mb::remote(plain)();
  CHECK(mb::get(f) == 1);
  mb::cancel(f);
  CHECK(mb::get(f) == 1);
  auto const p = mb::put(2);
  mb::cancel(p);
  CHECK(mb::get(p) == 2);
}

TEST_CASE("to cancel a promise's future changes nothing") {
  mb::promise<int> p;
  auto f = p.get_future();
  mb::cancel(f);
  p.set_value(1);
  CHECK(mb::get(f) == 1);
}

TEST_CASE("to cancel a handle to nothing throws") { CHECK_THROWS_AS(mb::cancel(mb::future<int>()), mb::error); }

TEST_CASE("a sleep of a cancelled task ends at once") {
  mb::manual_runtime rt;
  auto const begin = rt.now();
  auto f = cancellable(sleeper)();
  rt.run_until_idle();
  mb::cancel(f);
  rt.run_until_idle();
  check_cancelled(f);
  CHECK(rt.now() == begin);
  CHECK(rt.pending().timers == 0);
}

TEST_CASE("a task that catches cancelled and gives a value is cancelled all the same") {
  mb::manual_runtime rt;
  auto f = cancellable([]() -> mb::task<int> {
    try {
      co_await mb::sleep_for(1h);
    } catch (mb::cancelled const&) {}
    co_return 1;
  })();
  rt.run_until_idle();
  mb::cancel(f);
  rt.run_until_idle();
  check_cancelled(f);
}

TEST_CASE("what a cancelled task throws otherwise is the cause") {
  mb::manual_runtime rt;
  auto f = cancellable([]() -> mb::task<int> {
    try {
      co_await mb::sleep_for(1h);
    } catch (mb::cancelled const&) {}
    throw std::logic_error("half done");
  })();
  rt.run_until_idle();
  mb::cancel(f);
  rt.run_until_idle();
  check_cancelled(f);
  REQUIRE(f.failure()->cause());
  CHECK(f.failure()->cause()->message() == "half done");
}

TEST_CASE("every wait of ours is interrupted, in coroutines and in plain tasks") {
  mb::manual_runtime rt;
  mb::promise<int> never;
  auto const forever = never.get_future();
  mb::mutex m;
  mb::event e;
  mb::semaphore s(0);
  mb::channel<int> c(1);
  auto held = mb::get(m.lock());
  std::vector<mb::future<void>> all;
  auto const in_coroutine = [&](auto wait) {
    all.push_back(cancellable([=]() -> mb::task<> { static_cast<void>(co_await wait()); })());
  };
  auto const in_plain = [&](auto wait) { all.push_back(cancellable([=] { static_cast<void>(mb::get(wait())); })()); };
  auto const both = [&](auto wait) {
    in_coroutine(wait);
    in_plain(wait);
  };
  both([&] { return m.lock(); });
  both([&] { return s.acquire(); });
  both([&] { return c.receive(); });
  both([&] { return mb::timeout(forever, 1h); });
  both([&] { return mb::select(e.wait(), mb::sleep_for(1h)); });
  both([&] { return mb::when_any(std::vector{forever, forever}); });
  both([&] { return mb::when_all(std::vector{forever, forever}); });
  all.push_back(cancellable([&]() -> mb::task<> { co_await e.wait(); })());
  all.push_back(cancellable([&] { mb::get(e.wait()); })());
  all.push_back(cancellable([&]() -> mb::task<> { static_cast<void>(co_await forever); })());
  all.push_back(cancellable([&] { static_cast<void>(mb::get(forever)); })());
  all.push_back(cancellable([&] { static_cast<void>(mb::get(forever, 1h)); })());
  all.push_back(cancellable([&] { static_cast<void>(mb::wait(std::vector{forever})); })());
  all.push_back(cancellable([&] { mb::get(mb::sleep_for(1h)); })());
  rt.run_until_idle();
  for (auto const& f : all) CHECK_FALSE(f.ready());
  mb::cancel(all);
  rt.run_until_idle();
  for (auto const& f : all) check_cancelled(f);
  held.unlock();
  CHECK(mb::get(m.lock()).owns_lock());  // nobody is left in line
  never.set_value(1);
}

TEST_CASE("a wait that begins after the stop throws, unless there is nothing to wait for") {
  mb::manual_runtime rt;
  int got = 0;
  auto f = cancellable([&]() -> mb::task<> {
    try {
      co_await mb::sleep_for(1h);
    } catch (mb::cancelled const&) { ++got; }
    co_await mb::put(1);
    ++got;
    co_await mb::sleep_for(1h);
    ++got;
  })();
  rt.run_until_idle();
  mb::cancel(f);
  rt.run_until_idle();
  CHECK(got == 2);
  check_cancelled(f);
}

TEST_CASE("a computation sees the stop by its token") {
  mb::manual_runtime rt;
  auto f = cancellable([]() -> mb::task<int> {
    auto const stop = mb::this_task::stop_token();
    int n = 0;
    while (!stop.stop_requested()) {
      ++n;
      co_await mb::yield();
    }
    CHECK_THROWS_AS(mb::this_task::check(), mb::cancelled);
    co_return n;
  })();
  for (int i = 0; i < 10; ++i) rt.run_one();
  mb::cancel(f);
  rt.run_until_idle();
  check_cancelled(f);
}

TEST_CASE("a task that can't be stopped goes on, and its future fails when it is over") {
  mb::manual_runtime rt;
  bool ended = false;
  auto f = mb::remote([&]() -> mb::task<> {
    CHECK_FALSE(mb::this_task::stop_token().stop_possible());
    co_await mb::sleep_for(1s);
    ended = true;
  })();
  rt.run_until_idle();
  mb::cancel(f);
  rt.run_until_idle();
  CHECK_FALSE(f.ready());
  rt.advance(1s);
  CHECK(ended);
  check_cancelled(f);
}

TEST_CASE("children are cancelled with their parent, unless detached, and theirs with them") {
  mb::explore(
      [](mb::manual_options const& seeded) {
        std::vector<mb::future<int>> inner;
        mb::manual_runtime rt(seeded);
        mb::future<int> apart;
        auto f = cancellable([&]() -> mb::task<int> {
          inner.push_back(mb::remote([&]() -> mb::task<int> {
            inner.push_back(mb::remote(sleeper)());
            co_return co_await sleeper();
          })());
          inner.push_back(mb::remote([] { return mb::get(sleeper()); })());
          apart = mb::remote(sleeper).options({.detached = true})();
          co_return co_await sleeper();
        })();
        rt.run_until_idle();
        mb::cancel(f);
        rt.run_until_idle();
        if (!f.ready() || inner.size() != 3) throw std::runtime_error("not all have begun or ended");
        for (auto const& i : inner)
          if (!i.ready()) throw std::runtime_error("a child goes on");
        if (apart.ready()) throw std::runtime_error("what was detached has ended");
        mb::cancel(apart);
        rt.run_until_idle();
        if (!apart.ready()) throw std::runtime_error("what was detached can't be cancelled");
      },
      {.seeds = 50});
}

TEST_CASE("a child can be cancelled alone") {
  mb::manual_runtime rt;
  mb::future<int> child;
  auto f = cancellable([&]() -> mb::task<int> {
    child = mb::remote(sleeper)();
    co_await mb::sleep_for(1s);
    co_return 2;
  })();
  rt.run_until_idle();
  mb::cancel(child);
  rt.run_until_idle();
  check_cancelled(child);
  CHECK(mb::get(f) == 2);
}

TEST_CASE("what a stopped task starts never begins") {
  mb::manual_runtime rt;
  bool ran = false;
  auto f = cancellable([&]() -> mb::task<> {
    try {
      co_await mb::sleep_for(1h);
    } catch (mb::cancelled const&) {}
    mb::promise<int> p;
    auto const a = mb::remote([&] { ran = true; })();
    auto const b = mb::remote([&](int) { ran = true; })(p.get_future());
    auto const c = mb::submit_all([&](int) { ran = true; }, std::vector{1, 2});
  })();
  rt.run_until_idle();
  mb::cancel(f);
  rt.run_until_idle();
  check_cancelled(f);
  CHECK_FALSE(ran);
}

TEST_CASE("tasks of a runtime whose tasks are cancellable can be stopped") {
  mb::manual_runtime rt({.cancellable = true});
  auto f = mb::remote(sleeper)();
  auto g = mb::submit_all([](int) { return sleeper(); }, std::vector{1, 2});
  rt.run_until_idle();
  mb::cancel(f);
  mb::cancel(g);
  rt.run_until_idle();
  check_cancelled(f);
  for (auto const& x : g) check_cancelled(x);
}

TEST_CASE("a group's children are interrupted with the task, and waited for") {
  mb::manual_runtime rt;
  int interrupted = 0;
  auto const child = [&]() -> mb::task<> {
    try {
      co_await mb::sleep_for(1h);
    } catch (mb::cancelled const&) { ++interrupted; }
  };
  auto f = cancellable([&]() -> mb::task<> {
    auto const body = [&](mb::task_group& g) -> mb::task<> {
      g.run(child);
      g.run(child);
      co_await mb::sleep_for(1h);
    };
    co_await mb::with_group(body);
  })();
  auto h = cancellable([&] {
    mb::task_group g;
    g.run(child);
    mb::get(g.join());
  })();
  auto forked = cancellable([&]() -> mb::task<> { co_await mb::when_all(child(), child()); })();
  rt.run_until_idle();
  mb::cancel(std::vector{f, h, forked});
  rt.run_until_idle();
  CHECK(interrupted == 5);
  check_cancelled(f);
  check_cancelled(h);
  check_cancelled(forked);
}

TEST_CASE("what a scope leaves behind is cancelled by cancel_rest") {
  mb::manual_runtime rt;
  std::vector<mb::future<int>> copies;
  for (int i = 1; i < 4; ++i)
    copies.push_back(cancellable([i]() -> mb::task<int> {
      co_await mb::sleep_for(i * 1s);
      co_return i;
    })());
  auto const first = [&] {
    mb::cancel_rest const rest(copies);
    return mb::get(copies[mb::get(mb::when_any(copies))]);
  };
  CHECK(first() == 1);
  rt.run_until_idle();
  check_cancelled(copies[1]);
  check_cancelled(copies[2]);
}

TEST_CASE("as soon as one has failed, the others are cancelled by cancel_rest") {
  mb::manual_runtime rt;
  std::vector<mb::future<int>> parts{cancellable(sleeper)(),
                                     mb::remote([]() -> int { throw std::logic_error("bad"); })()};
  auto const all = [&] {
    mb::cancel_rest const rest(parts);
    for (auto const& p : mb::as_completed(parts)) static_cast<void>(mb::get(p));
  };
  CHECK_THROWS_AS(all(), std::logic_error);
  rt.run_until_idle();
  check_cancelled(parts[0]);
}

TEST_CASE("a task is cancelled once, whenever that happens") {
  mb::explore(
      [](mb::manual_options const& seeded) {
        int captures = 0;
        struct counted {
          explicit counted(int& c) : n(&c) { ++*n; }
          counted(counted const& o) : n(o.n) { ++*n; }
          ~counted() { --*n; }
          int* n;
        };
        mb::manual_runtime rt(seeded);
        auto slow = mb::remote([]() -> mb::task<int> {
          co_await mb::yield();
          co_return 1;
        })();
        auto f = cancellable([c = counted(captures)](int) -> mb::task<int> {
          co_await mb::yield();
          co_await mb::sleep_for(1ms);
          co_return 1;
        })(slow);
        auto canceller = mb::remote([f]() -> mb::task<> {
          co_await mb::yield();
          mb::cancel(f);
          co_await mb::yield();
          mb::cancel(f);
        })();
        rt.advance(1s);
        if (!f.ready() || captures != 0) throw std::runtime_error("it is not over, or not gone");
        static_cast<void>(f.failure());
      },
      {.seeds = 200});
}
