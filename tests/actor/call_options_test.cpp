// Handles with options, and what the options of single calls do.
#include <mobula/mobula.hpp>

#include "support/catch.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace mb = mobula;
using namespace std::chrono_literals;

namespace {

class counter {
 public:
  int add(int n) { return value_ += n; }
  mb::task<> pause() { co_await mb::sleep_for(1h); }
  mb::task<int> add_later(int n) {
    co_await mb::sleep_for(1s);
    co_return value_ += n;
  }
  bool has_deadline() { return mb::this_task::time_left() != std::chrono::nanoseconds::max(); }
  bool on_a_worker() { return mb::this_task::worker().has_value(); }
  bool knows_itself() { return mb::current_actor<counter>().valid(); }
  void leave() { mb::exit_actor(); }
  int call_self() { return mb::get(mb::current_actor<counter>().call<&counter::add>(1)); }

 private:
  int value_ = 0;
};

auto urgent_counter() { return mb::make_actor<counter>().options({.high_priority = true}); }

}  // namespace

TEST_CASE("a handle with options keeps the actor, and outlives the handle that it is made of", "[actor]") {
  mb::manual_runtime rt;
  auto const u = urgent_counter();
  CHECK(mb::get(u.call<&counter::add>(1)) == 1);
  auto copy = u;
  std::optional<mb::actor<counter>> a = mb::make_actor<counter>();
  copy = a->options({.cancellable = true});
  a.reset();
  CHECK(mb::get(copy.call<&counter::add>(5)) == 5);
  auto const moved = std::move(copy);
  CHECK(mb::get(moved.call<&counter::add>(1)) == 6);
  CHECK_THROWS_WITH(copy.call<&counter::add>(1), Catch::Contains("handle to nothing"));
  CHECK_THROWS_WITH(mb::actor<counter>().options({}), Catch::Contains("handle to nothing"));
}

TEST_CASE("calls through a handle and through handles with options that it has made are in one order", "[actor]") {
  mb::explore(
      [](mb::manual_options const& seeded) {
        mb::manual_runtime const rt(seeded);
        auto const a = mb::make_actor<counter>();
        mb::promise<int> ten;
        std::vector<mb::future<int>> calls{a.options({.cancellable = true}).call<&counter::add>(ten.get_future()),
                                           a.call<&counter::add>(1),
                                           a.options({.cancellable = true}).call<&counter::add>(1),
                                           a.options({.detached = true}).call<&counter::add>(1)};
        auto const f = mb::remote([&ten] { ten.set_value(10); })();
        CHECK(mb::get(calls) == std::vector{10, 11, 12, 13});
        mb::get(f);
      },
      {.seeds = 100});
}

TEST_CASE("what waits for room and then sends outlives the handle that it is made of", "[actor]") {
  mb::manual_runtime rt;
  auto const send = [] { return mb::make_actor<counter>.options({.mailbox = 1})().async_call<&counter::add>(3); };
  auto op = send();
  rt.run_until_idle();
  CHECK(mb::get(mb::get(op)) == 3);
  auto never_awaited = send();
  CHECK_NOTHROW(static_cast<void>(never_awaited));
}

TEST_CASE("a detached call goes on when the task that has made it is cancelled, others don't", "[actor]") {
  for (bool const detached : {false, true}) {
    mb::manual_runtime rt;
    auto const a = mb::make_actor<counter>();
    mb::future<int> f, queued;
    auto const body = [&]() -> mb::task<> {
      auto const h = a.options({.detached = detached});
      f = h.call<&counter::add_later>(1);
      queued = h.call<&counter::add>(1);
      co_await mb::sleep_for(1h);
    };
    auto const t = mb::remote(body).options({.cancellable = true})();
    rt.run_until_idle();
    mb::cancel(t);
    CHECK_THROWS_AS(mb::get(t), mb::cancelled);
    if (detached) {
      CHECK(mb::get(f) == 1);
      CHECK(mb::get(queued) == 2);
    } else {
      CHECK_THROWS_AS(mb::get(f), mb::cancelled);
      CHECK_THROWS_AS(mb::get(queued), mb::cancelled);
    }
  }
}

TEST_CASE("a detached call is not bound by the deadline of the task that makes it, and can be cancelled itself",
          "[actor]") {
  mb::manual_runtime rt;
  auto const a = mb::make_actor<counter>();
  mb::future<void> pause;
  auto const body = [&]() -> mb::task<> {
    auto const detached = a.options({.detached = true});
    bool const bound = co_await a.call<&counter::has_deadline>();
    bool const free = co_await detached.call<&counter::has_deadline>();
    CHECK((bound && !free));
    pause = a.options({.cancellable = true, .detached = true}).call<&counter::pause>();
  };
  mb::get(mb::remote(body).options({.timeout = 1min})());
  rt.run_until_idle();
  CHECK_FALSE(pause.ready());
  mb::cancel(pause);
  CHECK_THROWS_AS(mb::get(pause), mb::cancelled);
}

TEST_CASE("a blocking method runs on no worker, and knows its actor", "[actor]") {
  mb::runtime const rt({.num_cpus = 1});
  auto const plain = mb::make_actor<counter>();
  auto const serial = mb::make_actor<counter>.options({.blocking = true})();
  auto const parallel = mb::make_actor<counter>.options({.concurrency = mb::parallel(2), .blocking = true})();
  auto const method =
      mb::make_actor<counter>.options({.methods = {{.method = mb::method<&counter::on_a_worker>, .blocking = true}}})();
  CHECK(mb::get(plain.call<&counter::on_a_worker>()));
  CHECK_FALSE(mb::get(plain.options({.blocking = true}).call<&counter::on_a_worker>()));
  CHECK_FALSE(mb::get(method.call<&counter::on_a_worker>()));
  for (auto const& a : {serial, parallel}) {
    CHECK_FALSE(mb::get(a.call<&counter::on_a_worker>()));
    CHECK(mb::get(a.call<&counter::knows_itself>()));
    CHECK(mb::get(a.call<&counter::add>(1)) == 1);
    CHECK(mb::get(a.call<&counter::add_later>(1)) == 2);
    CHECK_FALSE(mb::get(a.options({.cancellable = true}).call<&counter::on_a_worker>()));
  }
  CHECK_THROWS_AS(mb::get(serial.call<&counter::call_self>()), mb::deadlock_error);
  CHECK(mb::get(parallel.call<&counter::call_self>()) == 3);
  CHECK_THROWS_AS(mb::get(serial.call<&counter::leave>()), mb::actor_died);
  CHECK_THROWS_AS(mb::get(parallel.call<&counter::leave>()), mb::actor_died);
}

TEST_CASE("an actor that blocks is constructed on no worker, and what its constructor throws comes out of calls",
          "[actor]") {
  struct device {
    explicit device(bool fails) : on_a_worker(mb::this_task::worker().has_value()) {
      if (fails) throw std::runtime_error("no such device");
    }
    bool on_a_worker;
  };
  mb::runtime const rt({.num_cpus = 1});
  auto const o = mb::actor_options<device>{.blocking = true};
  CHECK_FALSE(mb::get(mb::make_actor<device>.options(o)(false).call<&device::on_a_worker>()));
  CHECK_THROWS_WITH(mb::get(mb::make_actor<device>.options(o)(true).call<&device::on_a_worker>()), "no such device");
}

TEST_CASE("blocking calls that make no sense are refused", "[actor]") {
  mb::manual_runtime const rt;
  auto const a = mb::make_actor<counter>();
  CHECK_THROWS_WITH(a.options({.blocking = true}).call<&counter::add_later>(1), Catch::Contains("coroutine"));
  CHECK_THROWS_WITH(mb::make_actor<counter>.options({.concurrency = mb::reentrant, .blocking = true})(),
                    Catch::Contains("reentrant"));
  auto const r = mb::make_actor<counter>.options({.concurrency = mb::reentrant})();
  CHECK_THROWS_WITH(r.options({.blocking = true}).call<&counter::add>(1), Catch::Contains("reentrant"));
}

TEST_CASE("under a manual runtime blocking calls are handled as others, in an order that the seed decides", "[actor]") {
  mb::explore(
      [](mb::manual_options const& seeded) {
        mb::manual_runtime const rt(seeded);
        auto const a = mb::make_actor<counter>.options({.blocking = true})();
        std::vector<mb::future<int>> calls;
        for (int i = 0; i < 5; ++i) calls.push_back(a.call<&counter::add>(1));
        calls.push_back(a.call<&counter::add_later>(1));
        calls.push_back(a.call<&counter::add>(1));
        CHECK(mb::get(calls) == std::vector{1, 2, 3, 4, 5, 6, 7});
      },
      {.seeds = 100});
}
