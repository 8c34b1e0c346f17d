#include "mobula/actor/monitor.hpp"

#include <chrono>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "mobula/mobula.hpp"
#include "support/catch.hpp"

namespace mb = mobula;
using namespace std::chrono_literals;

namespace {

struct worker {
  int work(int n) { return n; }
  mb::task<int> slow(int n) {
    co_await mb::sleep_for(1s);
    co_return n;
  }
  void fail() { throw std::domain_error("worn out"); }
  void leave() { mb::exit_actor(); }
};

template <class F>
void with_seeds(F f) {
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    mb::manual_runtime rt({.seed = seed});
    f(rt);
  }
}

}  // namespace

TEST_CASE("a monitor is ready when the actor has ended, and says how", "[actor]") {
  with_seeds([](mb::manual_runtime& rt) {
    auto const stopped = mb::make_actor<worker>(), killed = mb::make_actor<worker>(), exits = mb::make_actor<worker>();
    auto dropped = mb::make_actor<worker>();
    auto const fails = mb::make_actor<worker>.options({.dies_on = mb::dies_on_any()})();
    std::vector const ends{mb::monitor(stopped), mb::monitor(killed), mb::monitor(exits), mb::monitor(dropped),
                           mb::monitor(fails)};
    rt.run_until_idle();
    for (auto const& e : ends) REQUIRE_FALSE(e.ready());
    stopped.stop();
    killed.kill();
    auto const left = exits.call<&worker::leave>();
    dropped = {};
    auto const failed = fails.call<&worker::fail>();
    rt.run_until_idle();
    std::vector<mb::end_reason> reasons;
    for (mb::actor_end const& e : mb::get(ends)) {
      reasons.push_back(e.reason);
      CHECK(e.restarts == 0);
      CHECK(e.failure.has_value() == (e.reason == mb::end_reason::failed));
    }
    CHECK(reasons == std::vector{mb::end_reason::stopped, mb::end_reason::killed, mb::end_reason::exited,
                                 mb::end_reason::no_handles, mb::end_reason::failed});
    CHECK_THROWS_AS(mb::get(ends[4]).failure->rethrow(), std::domain_error);
    CHECK(mb::get(ends[4]).failure->task() == "(anonymous namespace)::worker::fail");
    CHECK_THROWS_AS(mb::get(failed), std::domain_error);
    CHECK_THROWS_AS(mb::get(left), mb::actor_died);
  });
}

TEST_CASE("a monitor of an actor that has ended is ready at once; there may be many", "[actor]") {
  with_seeds([](mb::manual_runtime& rt) {
    auto const a = mb::make_actor<worker>();
    std::vector<mb::future<mb::actor_end>> ends;
    for (int i = 0; i < 5; ++i) ends.push_back(mb::monitor(a));
    a.kill();
    for (int i = 0; i < 5; ++i) ends.push_back(mb::monitor(a));
    rt.run_until_idle();
    ends.push_back(mb::monitor(a));
    for (auto const& e : mb::get(ends)) CHECK(e.reason == mb::end_reason::killed);
  });
}

TEST_CASE("a monitor tells of a constructor that failed", "[actor]") {
  struct broken {
    broken() { throw std::logic_error("no"); }
  };
  mb::manual_runtime const rt;
  auto const a = mb::make_actor<broken>();
  auto const end = mb::get(mb::monitor(a));
  CHECK(end.reason == mb::end_reason::failed);
  CHECK(end.failure->message() == "no");
}

TEST_CASE("a monitor does not keep its actor, and is told behind its calls", "[actor]") {
  with_seeds([](mb::manual_runtime& rt) {
    mb::future<mb::actor_end> end;
    mb::future<int> last;
    {
      auto const a = mb::make_actor<worker>();
      end = mb::monitor(a);
      last = a.call<&worker::slow>(1);
    }
    rt.run_until_idle();
    CHECK_FALSE(end.ready());
    rt.advance(1s);
    CHECK(mb::get(last) == 1);
    CHECK(mb::get(end).reason == mb::end_reason::no_handles);
  });
}

TEST_CASE("a monitor is told when the runtime ends first, drained or dropped, and when asked for afterwards",
          "[actor]") {
  for (bool const drops : {false, true}) {
    mb::actor<worker> a;
    std::vector<mb::future<mb::actor_end>> ends;
    {
      mb::manual_runtime rt;
      a = mb::make_actor<worker>();
      ends.push_back(mb::monitor(a));
      rt.run_until_idle();
      rt.shutdown(drops ? mb::on_shutdown::drop : mb::on_shutdown::drain);
      REQUIRE(ends[0].ready());
      ends.push_back(mb::monitor(a));
    }
    ends.push_back(mb::monitor(a));
    a = {};
    for (auto const& e : mb::get(ends)) CHECK(e.reason == mb::end_reason::runtime_ended);
  }
}

TEST_CASE("a monitor is told when a runtime with threads ends first", "[actor]") {
  for (bool const drops : {false, true}) {
    mb::future<mb::actor_end> end;
    mb::actor<worker> a;
    mb::runtime rt({.num_cpus = 2});
    a = mb::make_actor<worker>();
    end = mb::monitor(a);
    mb::get(a.call<&worker::work>(1));
    CHECK_FALSE(end.ready());
    rt.shutdown(drops ? mb::on_shutdown::drop : mb::on_shutdown::drain);
    CHECK(mb::get(end).reason == mb::end_reason::runtime_ended);
  }
}

TEST_CASE("a monitor of a handle to nothing throws", "[actor]") {
  CHECK_THROWS_AS(mb::monitor(mb::actor<worker>()), mb::error);
}
