// What is over at once when an actor is told to end: its wait to be constructed, its queued calls, its name.
#include <mobula/mobula.hpp>

#include "support/catch.hpp"

#include <functional>
#include <string>
#include <vector>

namespace mb = mobula;

namespace {

struct log_of {
  int constructed = 0, destroyed = 0, called = 0;
};

class noted {
 public:
  explicit noted(log_of& l, int n = 0) : log_(l), number_(n) { ++l.constructed; }
  noted(noted const&) = delete;
  ~noted() { ++log_.destroyed; }
  int number() {
    ++log_.called;
    return number_;
  }
  mb::task<> wait(mb::event* e) { co_await e->wait(); }
  mb::task<> leave(mb::event* e) {
    co_await e->wait();
    mb::exit_actor();
  }
  int add(int n) { return number_ += n; }

 private:
  log_of& log_;
  int number_;
};

template <class R>
mb::end_reason how_it_died(mb::future<R> const& f) {
  try {
    static_cast<void>(mb::get(f));
  } catch (mb::actor_died const& e) { return e.reason(); }
  FAIL("the call did not end with actor_died");
  return {};
}

auto with_resource() { return mb::actor_options<noted>{.resources = {{"r", 1}}}; }

}  // namespace

TEST_CASE("an actor that waits for an argument is killed at once", "[actor]") {
  log_of log;
  mb::manual_runtime rt;
  mb::promise<int> never;
  auto const a = mb::make_actor<noted>(std::ref(log), never.get_future());
  auto const queued = a.call<&noted::number>();
  auto const end = mb::monitor(a);
  rt.run_until_idle();
  CHECK_FALSE(queued.ready());
  a.kill();
  auto const late = a.call<&noted::number>();
  CHECK(how_it_died(queued) == mb::end_reason::killed);
  CHECK(how_it_died(late) == mb::end_reason::killed);
  CHECK(mb::get(end).reason == mb::end_reason::killed);
  never.set_value(1);
  rt.run_until_idle();
  CHECK((log.constructed == 0 && log.destroyed == 0 && log.called == 0));
}

TEST_CASE("an actor that waits for resources is killed at once, and its request leaves the book", "[actor]") {
  log_of log;
  mb::manual_runtime rt({.resources = {{"r", 1}}});
  auto const first = mb::make_actor<noted>.options(with_resource())(std::ref(log));
  auto const second = mb::make_actor<noted>.options(with_resource())(std::ref(log));
  auto const third = mb::make_actor<noted>.options(with_resource())(std::ref(log), 3);
  rt.run_until_idle();
  auto const f = second.call<&noted::number>();
  second.kill();
  CHECK(how_it_died(f) == mb::end_reason::killed);
  CHECK(log.constructed == 1);
  first.kill();
  CHECK(mb::get(third.call<&noted::number>()) == 3);
  third.kill();
  rt.run_until_idle();
  CHECK(mb::available_resources().at("r") == 1);
}

TEST_CASE("an actor that waits for an argument and then for resources is killed in either wait", "[actor]") {
  for (bool const has_argument : {false, true}) {
    log_of log;
    mb::manual_runtime rt({.resources = {{"r", 1}}});
    auto const first = mb::make_actor<noted>.options(with_resource())(std::ref(log));
    mb::promise<int> number;
    auto const a = mb::make_actor<noted>.options(with_resource())(std::ref(log), number.get_future());
    auto const f = a.call<&noted::number>();
    if (has_argument) number.set_value(1);
    rt.run_until_idle();
    a.kill();
    a.kill();
    CHECK(how_it_died(f) == mb::end_reason::killed);
    first.kill();
    rt.run_until_idle();
    CHECK(mb::available_resources().at("r") == 1);
    CHECK((log.constructed == 1 && log.destroyed == 1));
    if (!has_argument) number.set_value(1);
  }
}

TEST_CASE("an actor that waits to be constructed handles its calls before a stop, and a kill after the stop ends it",
          "[actor]") {
  for (bool const is_killed : {false, true}) {
    log_of log;
    mb::manual_runtime rt;
    mb::promise<int> number;
    auto const a = mb::make_actor<noted>(std::ref(log), number.get_future());
    auto const f = a.call<&noted::number>();
    a.stop();
    auto const late = a.call<&noted::number>();
    rt.run_until_idle();
    CHECK_FALSE(f.ready());
    if (is_killed) {
      a.kill();
      CHECK(how_it_died(f) == mb::end_reason::killed);
      number.set_value(7);
    } else {
      number.set_value(7);
      CHECK(mb::get(f) == 7);
      CHECK(how_it_died(late) == mb::end_reason::stopped);
    }
  }
}

TEST_CASE("groups, pools, restarts and names of an actor that is killed before it is constructed end with it",
          "[actor]") {
  log_of log;
  mb::manual_runtime rt;
  mb::promise<int> never;
  auto const a = mb::make_actor<noted>.options({.name = "k",
                                                .lifetime = mb::lifetime::detached,
                                                .concurrency = mb::parallel(2),
                                                .concurrency_groups = {{"g", 2}},
                                                .mailbox = 3,
                                                .max_restarts = 3})(std::ref(log), never.get_future());
  std::vector<mb::future<int>> calls{a.call<&noted::number>(),
                                     a.options({.concurrency_group = "g"}).call<&noted::number>(),
                                     a.options({.high_priority = true}).call<&noted::number>()};
  mb::actor_pool<noted> const pool({a, mb::make_actor<noted>(std::ref(log), 5)});
  auto const through_pool = pool.submit<&noted::number>();
  rt.run_until_idle();
  a.kill();
  CHECK_THROWS_AS(mb::get_actor<noted>("k"), mb::actor_not_found);
  for (auto const& f : calls) CHECK(how_it_died(f) == mb::end_reason::killed);
  CHECK(mb::get(through_pool) == 5);
  CHECK(log.constructed == 1);
}

TEST_CASE("a supervisor that gives up ends an actor that waits to be constructed", "[actor]") {
  log_of log;
  mb::manual_runtime rt;
  mb::promise<int> never;
  auto const s = mb::supervise({.max_restarts = 0});
  mb::actor_options<noted> const o{.dies_on = mb::dies_on_any(), .supervisor = s};
  auto const a = mb::make_actor<noted>.options(o)(std::ref(log));
  auto const b = mb::make_actor<noted>.options(o)(std::ref(log), never.get_future());
  auto const f = b.call<&noted::number>();
  CHECK_THROWS_WITH(mb::get(a.call([](noted&) { throw std::runtime_error("broken"); })), "broken");
  CHECK_THROWS_WITH(mb::get(f), Catch::Contains("broken"));
  CHECK(how_it_died(f) == mb::end_reason::failed);
}

TEST_CASE("a dropped runtime does not wait for the arguments of constructors", "[actor]") {
  log_of log;
  mb::manual_runtime rt({.resources = {{"r", 1}}});
  mb::promise<int> never;
  auto const a = mb::make_actor<noted>(std::ref(log), never.get_future());
  auto const b = mb::make_actor<noted>.options(with_resource())(std::ref(log), never.get_future());
  auto const f = a.call<&noted::number>();
  auto const g = b.call<&noted::number>();
  rt.run_until_idle();
  rt.shutdown(mb::on_shutdown::drop);
  CHECK_THROWS_AS(mb::get(f), mb::cancelled);
  CHECK_THROWS_AS(mb::get(g), mb::cancelled);
  CHECK(log.constructed == 0);
}

TEST_CASE("an argument that was cancelled ends an actor and its calls", "[actor]") {
  log_of log;
  mb::manual_runtime rt;
  auto const number = mb::remote([]() -> mb::task<int> {
                        co_await mb::sleep_for(std::chrono::hours(1));
                        co_return 1;
                      }).options({.cancellable = true})();
  auto const a = mb::make_actor<noted>(std::ref(log), number);
  auto const f = a.call<&noted::number>();
  rt.run_until_idle();
  mb::cancel(number);
  CHECK_THROWS_AS(mb::get(f), mb::cancelled);
  CHECK(log.constructed == 0);
}

TEST_CASE("a constructor may call exit_actor, and that is how the actor has ended", "[actor]") {
  struct quitter {
    quitter() { mb::exit_actor(); }
    int number() { return 1; }
  };
  mb::manual_runtime rt;
  auto const a = mb::make_actor<quitter>();
  CHECK(how_it_died(a.call<&quitter::number>()) == mb::end_reason::exited);
  CHECK(mb::get(mb::monitor(a)).reason == mb::end_reason::exited);
}

TEST_CASE("calls that wait for their arguments end when their actor does", "[actor]") {
  log_of log;
  mb::manual_runtime rt;
  mb::promise<int> never;
  auto const a = mb::make_actor<noted>(std::ref(log)), other = a;
  std::vector const calls{a.call<&noted::add>(never.get_future()), a.call<&noted::number>(),
                          a.call<&noted::add>(never.get_future()), other.call<&noted::add>(never.get_future())};
  rt.run_until_idle();
  a.kill();
  for (auto const& f : calls) CHECK(how_it_died(f) == mb::end_reason::killed);
  CHECK(how_it_died(a.call<&noted::add>(never.get_future())) == mb::end_reason::killed);
  auto const late = a;
  CHECK(how_it_died(late.call<&noted::add>(never.get_future())) == mb::end_reason::killed);
  CHECK(log.called == 0);
}

TEST_CASE("no queued call begins after exit_actor, whichever way it would be handled", "[actor]") {
  mb::explore(
      [](mb::manual_options const& seeded) {
        log_of log;
        mb::event gate;
        mb::manual_runtime rt(seeded);
        auto const a = mb::make_actor<noted>.options(
            {.concurrency = mb::parallel(2), .concurrency_groups = {{"g", 1}}})(std::ref(log));
        auto const in_group = a.options({.concurrency_group = "g"});
        std::vector leavers{a.call<&noted::leave>(&gate), a.call<&noted::leave>(&gate),
                            in_group.call<&noted::leave>(&gate)};
        rt.run_until_idle();
        std::vector<mb::future<int>> queued;
        for (int i = 0; i < 3; ++i) {
          queued.push_back(a.call<&noted::number>());
          queued.push_back(in_group.call<&noted::number>());
          queued.push_back(a.options({.high_priority = true}).call<&noted::number>());
        }
        gate.set();
        for (auto const& f : leavers) CHECK(how_it_died(f) == mb::end_reason::exited);
        for (auto const& f : queued) CHECK(how_it_died(f) == mb::end_reason::exited);
        CHECK(log.called == 0);
      },
      {.seeds = 100});
}

TEST_CASE("no queued call begins when kill has returned, whichever way it would be handled", "[actor]") {
  mb::explore(
      [](mb::manual_options const& seeded) {
        for (auto const how : {mb::serial, mb::reentrant, mb::parallel(2)}) {
          log_of log;
          mb::event gate;
          mb::manual_runtime rt(seeded);
          auto const a =
              mb::make_actor<noted>.options({.concurrency = how, .concurrency_groups = {{"g", 1}}})(std::ref(log));
          auto const in_group = a.options({.concurrency_group = "g"}), urgent = a.options({.high_priority = true});
          std::vector const running{a.call<&noted::wait>(&gate), in_group.call<&noted::wait>(&gate)};
          rt.run_until_idle();
          std::vector const queued{a.call<&noted::wait>(&gate), in_group.call<&noted::wait>(&gate)};
          std::vector const more{a.call<&noted::number>(), in_group.call<&noted::number>(),
                                 urgent.call<&noted::number>(), a.call<&noted::number>()};
          a.kill();
          int const before = log.called;
          gate.set();
          rt.run_until_idle();
          CHECK(log.called == before);
          for (auto const& f : running) CHECK_NOTHROW(mb::get(f));
          for (auto const& f : queued) CHECK(how_it_died(f) == mb::end_reason::killed);
          for (auto const& f : more) static_cast<void>(f.failure());
          CHECK(log.destroyed == 1);
        }
      },
      {.seeds = 100});
}

TEST_CASE("the name of an actor that was killed or stopped is free at once, also while it still has calls", "[actor]") {
  for (bool const stops : {false, true})
    for (auto const life : {mb::lifetime::handles, mb::lifetime::detached}) {
      log_of log;
      mb::manual_runtime rt;
      auto const o = mb::actor_options<noted>{.name = "k", .lifetime = life};
      auto const a = mb::make_actor<noted>.options(o)(std::ref(log), 1);
      auto const f = a.call<&noted::number>();
      if (stops)
        a.stop();
      else
        a.kill();
      CHECK_THROWS_AS(mb::get_actor<noted>("k"), mb::actor_not_found);
      CHECK(mb::list_named_actors().empty());
      auto const b =
          mb::make_actor<noted>.options({.name = "k", .get_if_exists = true, .lifetime = life})(std::ref(log), 2);
      CHECK_FALSE(a == b);
      CHECK(mb::get(b.call<&noted::number>()) == 2);
      if (stops) CHECK(mb::get(f) == 1);
      rt.run_until_idle();
      CHECK(mb::get_actor<noted>("k") == b);  // the end of the first one does not take the name from the second
    }
}

TEST_CASE("whoever sees an actor exit, or die for good, does not find its name any more", "[actor]") {
  mb::explore(
      [](mb::manual_options const& seeded) {
        log_of log;
        mb::event gate;
        mb::manual_runtime const rt(seeded);
        gate.set();
        auto const options = [](int restarts) {
          return mb::actor_options<noted>{.name = "k",
                                          .get_if_exists = true,
                                          .lifetime = mb::lifetime::detached,
                                          .max_restarts = restarts,
                                          .dies_on = mb::dies_on_any()};
        };
        auto const fail = [](noted&) { throw std::runtime_error("broken"); };
        auto const a = mb::make_actor<noted>.options(options(0))(std::ref(log));
        CHECK(how_it_died(a.call<&noted::leave>(&gate)) == mb::end_reason::exited);
        auto const b = mb::make_actor<noted>.options(options(0))(std::ref(log));
        CHECK_FALSE(a == b);
        CHECK_THROWS_WITH(mb::get(b.call(fail)), "broken");
        auto const c = mb::make_actor<noted>.options(options(1))(std::ref(log), 3);
        CHECK_FALSE(b == c);
        CHECK_THROWS_WITH(mb::get(c.call(fail)), "broken");
        CHECK(mb::get_actor<noted>("k") == c);  // it is restarted
        CHECK(mb::get(c.call<&noted::number>()) == 3);
        c.kill({.restart = true});
        CHECK_THROWS_AS(mb::get_actor<noted>("k"), mb::actor_not_found);
      },
      {.seeds = 100});
}

TEST_CASE("a name that another class has: the error says what helps", "[actor]") {
  struct other {};
  log_of log;
  mb::manual_runtime const rt;
  auto const a = mb::make_actor<noted>.options({.name = "k"})(std::ref(log));
  CHECK_THROWS_WITH(mb::make_actor<other>.options({.name = "k"})(),
                    Catch::Contains("another name") && !Catch::Contains("get_if_exists"));
  CHECK_THROWS_WITH(mb::make_actor<other>.options({.name = "k", .get_if_exists = true})(),
                    Catch::Contains("another name"));
  a.kill();
  CHECK_NOTHROW(mb::make_actor<other>.options({.name = "k"})());
}
