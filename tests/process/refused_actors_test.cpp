// Memory refused to actors.
#include <atomic>
#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "process/refused_memory.hpp"

namespace mb = mobula;
using mobula::test::nap;
using mobula::test::survive;
using namespace std::chrono_literals;

namespace {

struct counter {
  explicit counter(int s = 0) : v(s) {}
  int add(int n) { return v += n; }
  mb::task<int> slow(int n) {
    co_await mb::sleep_for(1ms);
    co_return v += n;
  }
  void crash() { throw std::runtime_error("crash"); }
  void leave() { mb::exit_actor(); }
  int v;
};

struct saver {
  int keep(int n) {
    mb::save_state(n);
    return n;
  }
  void crash() { throw std::runtime_error("crash"); }
};

using options = mb::actor_options<counter>;

bool crashes(mb::future<void> const& call) {
  try {
    mb::get(call);
  } catch (std::runtime_error const&) { return true; }
  return false;
}

// An actor with these options that works, one that is killed, and one that fails.
void survive_with(char const* what, options (*o)()) {
  auto const works = [o] {
    auto const a = mb::make_actor<counter>.options(o())(1);
    return mb::get(a.call<&counter::slow>(2)) == 3 && mb::get(a.call<&counter::add>(2)) == 5;
  };
  auto const is_killed = [o] {
    auto const a = mb::make_actor<counter>.options(o())(1);
    auto const end = mb::monitor(a);
    a.kill();
    return mb::get(end).reason == mb::end_reason::killed;
  };
  auto const fails = [o] {
    auto const a = mb::make_actor<counter>.options(o())(1);
    bool const failed = crashes(a.call<&counter::crash>());
    a.stop();
    return failed;
  };
  survive({{what, works}, {what, is_killed}, {what, fails}});
}

}  // namespace

TEST_CASE("an actor with any options that is refused memory is made or not, works or throws bad_alloc", "[process]") {
  survive_with("name", [] { return options{.name = "a name that is longer than sixteen"}; });
  survive_with("cpus", [] { return options{.num_cpus = 1}; });
  survive_with("reentrant", [] { return options{.concurrency = mb::reentrant}; });
  survive_with("parallel", [] { return options{.concurrency = mb::parallel(2)}; });
  survive_with("groups", [] {
    return options{.concurrency_groups = {{"io", 2}},
                   .methods = {{.method = mb::method<&counter::slow>, .concurrency_group = "io"}}};
  });
  survive_with("mailbox", [] { return options{.mailbox = 2}; });
  survive_with("when_full", [] { return options{.mailbox = 2, .when_full = mb::when_full::fail}; });
  survive_with("restarts", [] { return options{.max_restarts = 2, .dies_on = mb::dies_on_any()}; });
  survive_with("supervisor",
               [] { return options{.dies_on = mb::dies_on_any(), .supervisor = mb::supervise({.max_restarts = 3})}; });
}

TEST_CASE("a call of an actor, a pool or a router that is refused memory throws bad_alloc or succeeds", "[process]") {
  survive({
      {"actor",
       [] {
         auto a = mb::make_actor<counter>(1);
         return mb::get(a.call<&counter::add>(2)) == 3;
       }},
      {"actor slow",
       [] {
         auto a = mb::make_actor<counter>(1);
         return mb::get(a.call<&counter::slow>(2)) == 3;
       }},
      {"actor post",
       [] {
         auto a = mb::make_actor<counter>(1);
         a.post<&counter::add>(2);
         return mb::get(a.call<&counter::slow>(2)) == 5;
       }},
      {"actor deps",
       [] {
         auto a = mb::make_actor<counter>(mb::remote(nap)(1));
         auto f = a.call<&counter::add>(mb::remote(nap)(2));
         auto g = a.call<&counter::add>(1);
         return mb::get(f) == 3 && mb::get(g) == 4;
       }},
      {"actor lambda",
       [] {
         auto a = mb::make_actor<counter>(1);
         return mb::get(a.call([](counter& c) { return c.v; })) == 1;
       }},
      {"actor high",
       [] {
         auto a = mb::make_actor<counter>(1);
         return mb::get(a.options({.high_priority = true, .cancellable = true}).call<&counter::slow>(2)) == 3;
       }},
      {"monitor",
       [] {
         auto a = mb::make_actor<counter>(1);
         auto m = mb::monitor(a);
         a.stop();
         return mb::get(m).reason == mb::end_reason::stopped;
       }},
      {"monitor exit",
       [] {
         auto a = mb::make_actor<counter>(1);
         auto m = mb::monitor(a);
         try {
           mb::get(a.call<&counter::leave>());
         } catch (mb::actor_died const&) {}
         return mb::get(m).reason == mb::end_reason::exited;
       }},
      {"monitor supervisor",
       [] {
         auto s = mb::supervise({.max_restarts = 0});
         auto m = mb::monitor(s);
         auto a = mb::make_actor<counter>.options({.dies_on = mb::dies_on_any(), .supervisor = s})(1);
         try {
           mb::get(a.call<&counter::crash>());
         } catch (std::bad_alloc const&) { throw; } catch (std::runtime_error const&) {
         }
         mb::get(m);
         return true;
       }},
      {"restart saved",
       [] {
         auto a = mb::make_actor<saver>.options(
             {.max_restarts = 5, .dies_on = mb::dies_on_any(), .on_restart = [](saver&, mb::saved_state const&) {}})();
         mb::get(a.call<&saver::keep>(1));
         try {
           mb::get(a.call<&saver::crash>());
         } catch (std::bad_alloc const&) { throw; } catch (std::runtime_error const&) {
         }
         return mb::get(a.call<&saver::keep>(2)) == 2;
       }},
      {"restart retries",
       [] {
         auto n = std::make_shared<std::atomic<int>>(0);
         auto a =
             mb::make_actor<saver>.options({.max_restarts = 5, .dies_on = mb::dies_on_any(), .max_task_retries = 2})();
         return mb::get(a.call([n](saver&) {
                  if (++*n == 1) throw std::runtime_error("once");
                  return 1;
                })) == 1;
       }},
      {"kill restart",
       [] {
         auto a = mb::make_actor<counter>.options({.max_restarts = 5})(1);
         a.kill({.restart = true});
         return mb::get(a.call<&counter::add>(1)) == 2;
       }},
      {"get_actor",
       [] {
         auto a = mb::make_actor<counter>.options({.name = "nn", .get_if_exists = true})(1);
         auto b = mb::get_actor<counter>("nn");
         bool ok = mb::list_named_actors().size() == 1;
         a.kill();
         return ok;
       }},
      {"pool",
       [] {
         mb::actor_pool<counter> p({mb::make_actor<counter>(), mb::make_actor<counter>()});
         return mb::get(p.submit<&counter::add>(1)) == 1;
       }},
      {"pool map",
       [] {
         mb::actor_pool<counter> p({mb::make_actor<counter>(), mb::make_actor<counter>()});
         std::vector<int> xs(10, 1);
         return p.map<&counter::slow>(xs).size() == 10;
       }},
      {"pool map_unordered",
       [] {
         mb::actor_pool<counter> p({mb::make_actor<counter>(), mb::make_actor<counter>()});
         std::vector<int> xs(10, 1);
         int n = 0;
         for (auto const& r : p.map_unordered<&counter::slow>(xs)) n += r.value > 0 ? 1 : 0;
         return n == 10;
       }},
      {"pool deps",
       [] {
         mb::actor_pool<counter> p({mb::make_actor<counter>(), mb::make_actor<counter>()});
         return mb::get(p.submit<&counter::add>(mb::remote(nap)(1))) == 1;
       }},
      {"pool dead",
       [] {
         auto a = mb::make_actor<counter>();
         mb::actor_pool<counter> p({a});
         a.kill();
         try {
           static_cast<void>(mb::get(p.submit<&counter::add>(1)));
         } catch (std::bad_alloc const&) { throw; } catch (mb::error const&) {
           return true;
         }
         return true;
       }},
      {"router",
       [] {
         mb::actor_router<counter> r({mb::make_actor<counter>(), mb::make_actor<counter>()});
         return mb::get(r.next().call<&counter::add>(1)) == 1 &&
                mb::get(r.least_loaded().call<&counter::slow>(1)) > 0 &&
                mb::get(r.by_key(3).call<&counter::add>(1)) > 0;
       }},
      {"mailbox full",
       [] {
         auto a = mb::make_actor<counter>.options({.mailbox = 1})(1);
         std::vector<mb::future<int>> f;
         for (int i = 0; i < 5; ++i) f.push_back(a.call<&counter::slow>(1));
         return mb::get(f).size() == 5;
       }},
      {"mailbox full in task",
       [] {
         return mb::get(mb::remote([]() -> mb::task<int> {
                  auto a = mb::make_actor<counter>.options({.mailbox = 1})(1);
                  std::vector<mb::future<int>> f;
                  for (int i = 0; i < 5; ++i) f.push_back(co_await a.async_call<&counter::slow>(1));
                  co_return int((co_await mb::when_all(f)).size());
                })()) == 5;
       }},
  });
}
