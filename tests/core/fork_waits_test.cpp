// What waits in the child of a fork: either it throws no_runtime at once, or it works; nothing waits for ever.
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <exception>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "mobula/mobula.hpp"
#include "support/catch.hpp"

namespace mb = mobula;
using namespace std::chrono_literals;

namespace {

// What becomes of `f` in a child process: "refused" by no_runtime that speaks of the fork, "works", or what else.
std::string in_child(std::function<void()> const& f) {
  pid_t const child = ::fork();
  if (child == 0) {
    ::alarm(10);
    try {
      f();
      ::_exit(0);
    } catch (mb::no_runtime const& e) {
      ::_exit(std::string(e.what()).find("fork") != std::string::npos ? 1 : 2);
    } catch (...) {}
    ::_exit(2);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  if (WIFSIGNALED(status)) return WTERMSIG(status) == SIGALRM ? "waits for ever" : "ends by a signal";
  return std::vector<std::string>{"works", "refused", "throws something else"}.at(
      static_cast<std::size_t>(WEXITSTATUS(status)));
}

struct counter {
  int next() { return ++value; }
  mb::task<int> slow() {
    co_await mb::sleep_for(1h);
    co_return 1;
  }
  int value = 0;
};

mb::generator<int> one_and_no_more() {
  co_yield 1;
  co_await mb::sleep_for(1h);
}

struct entry {
  char const* name;
  std::string expected;
  std::function<void()> f;
};

}  // namespace

TEST_CASE("what waits in the child of a fork throws no_runtime at once, or works", "[core]") {
  mb::runtime rt({.num_cpus = 2});
  auto const sleeps = [] { return mb::remote([]() -> mb::task<int> { co_return (co_await mb::sleep_for(1h), 1); })(); };
  mb::future<int> const never = sleeps();
  std::vector<mb::future<int>> const list{never, sleeps()};
  mb::future<int> const ready = mb::put(7);
  auto const a = mb::make_actor<counter>();
  auto const busy = mb::make_actor<counter>.options({.mailbox = 1})();
  auto const call = busy.call<&counter::slow>();
  mb::actor_pool<counter> const pool{a}, nobody;
  mb::get(a.call<&counter::next>());
  auto const in_pool = nobody.submit<&counter::next>();
  auto const end = mb::monitor(a);
  auto const s = mb::supervise({});
  auto const s_end = mb::monitor(s);
  auto rows = mb::remote(one_and_no_more)();
  mb::get(rows.next());
  auto finished = mb::remote([]() -> mb::generator<int> { co_yield 3; })();
  while (mb::get(finished.next())) {}
  auto results =
      mb::map_unordered([](int) -> mb::task<int> { co_return (co_await mb::sleep_for(1h), 1); }, std::vector{1, 2});
  auto window = mb::map_window([](int) -> mb::task<int> { co_return (co_await mb::sleep_for(1h), 1); },
                               std::vector{1, 2}, {.in_flight = 2});
  auto done = mb::as_completed(list);
  mb::actor_pool<counter> const lent{mb::make_actor<counter>()};
  auto const lent_to = lent.submit<&counter::slow>();
  auto batch = mb::actor_pool<counter>{busy}.batch<int>();
  batch.submit<&counter::slow>();
  mb::task_group children;
  children.run([]() -> mb::task<> { co_await mb::sleep_for(1h); });
  mb::channel<int> elements(1);
  mb::get(elements.send(1));
  mb::latch open(0);
  mb::event set, unset;
  set.set();
  mb::mutex mutex;
  mb::semaphore permits(1);
  mb::barrier alone(1);

  std::vector<entry> const table{
      {"get", "refused", [&] { mb::get(never); }},
      {"get with a limit", "refused", [&] { mb::get(never, 1s); }},
      {"get of a list", "refused", [&] { mb::get(list); }},
      {"get_outcomes", "refused", [&] { static_cast<void>(mb::get_outcomes(list)); }},
      {"wait", "refused", [&] { static_cast<void>(mb::wait(list)); }},
      {"when_any", "refused", [&] { static_cast<void>(mb::get(mb::when_any(list))); }},
      {"as_completed", "refused", [&] { static_cast<void>(mb::get(done.next())); }},
      {"select", "refused", [&] { static_cast<void>(mb::get(mb::select(never, list[1]))); }},
      {"then", "refused", [&] { mb::get(mb::future<int>(never).then([](int x) { return x; })); }},
      {"a future that is ready", "works", [&] { mb::get(ready); }},
      {"a stream", "refused", [&] { static_cast<void>(mb::get(rows.next())); }},
      {"a stream with a limit", "refused", [&] { static_cast<void>(mb::get(rows.next(), 1s)); }},
      {"the loop over a stream", "refused",
       [&] {
         for (int x : rows) static_cast<void>(x);
       }},
      {"a stream that is over", "works", [&] { static_cast<void>(mb::get(finished.next())); }},
      {"map_unordered", "refused", [&] { static_cast<void>(mb::get(results.next())); }},
      {"map_window", "refused", [&] { static_cast<void>(mb::get(window.next())); }},
      {"monitor", "refused", [&] { static_cast<void>(mb::monitor(a)); }},
      {"the end of an actor", "refused", [&] { mb::get(end); }},
      {"monitor of a supervisor", "refused", [&] { static_cast<void>(mb::monitor(s)); }},
      {"the end of a supervisor", "refused", [&] { mb::get(s_end); }},
      {"call", "refused", [&] { static_cast<void>(a.call<&counter::next>()); }},
      {"call of a full mailbox", "refused", [&] { static_cast<void>(busy.call<&counter::next>()); }},
      {"async_call", "refused", [&] { static_cast<void>(mb::get(busy.async_call<&counter::next>())); }},
      {"kill", "refused", [&] { a.kill(); }},
      {"the result of a call", "refused", [&] { mb::get(call); }},
      {"a pool", "refused", [&] { mb::get(pool.submit<&counter::next>()); }},
      {"a pool whose member is busy", "refused", [&] { mb::get(lent.submit<&counter::next>()); }},
      {"a call that a pool has", "refused", [&] { mb::get(in_pool); }},
      {"a batch of a pool", "refused", [&] { static_cast<void>(mb::get(batch.next())); }},
      {"a batch of a pool, unordered", "refused", [&] { static_cast<void>(mb::get(batch.next_unordered())); }},
      {"join", "refused", [&] { mb::get(children.join()); }},
      {"join with a limit", "refused", [&] { mb::get(children.join(), 1s); }},
      {"the end of a group", "works", [&] { children.~task_group(); }},
      {"a new group", "refused", [&] { mb::task_group().run([] {}); }},
      {"resources", "refused", [&] { mb::get(mb::remote([] {}).options({.num_cpus = 1})()); }},
      {"a task", "refused", [&] { mb::get([]() -> mb::task<int> { co_return 1; }()); }},
      {"map", "refused",
       [&] {
         static_cast<void>(mb::map([](int x) { return x; }, std::vector{1, 2}));
       }},
      {"a channel that is full", "works", [&] { static_cast<void>(mb::get(elements.receive())); }},
      {"a latch that is open", "works", [&] { mb::get(open.wait()); }},
      {"an event that is set", "works", [&] { mb::get(set.wait()); }},
      {"a mutex that is free", "works", [&] { static_cast<void>(mb::get(mutex.lock())); }},
      {"a semaphore with a permit", "works", [&] { static_cast<void>(mb::get(permits.acquire())); }},
      {"a barrier of one", "works", [&] { static_cast<void>(mb::get(alone.arrive_and_wait())); }},
      {"an event with a limit", "throws something else", [&] { mb::get(unset.wait(), 10ms); }},
      {"sleep", "works", [&] { mb::get(mb::sleep_for(10ms)); }},
      {"shutdown", "works", [&] { rt.shutdown(mb::on_shutdown::drop); }},
  };
  for (entry const& e : table) {
    INFO(e.name);
    CHECK(in_child(e.f) == e.expected);
  }
  rt.shutdown(mb::on_shutdown::drop);
}

TEST_CASE("the signal for dumps does not end the child of a fork", "[core]") {
  mb::runtime rt({.num_cpus = 1});
  CHECK(in_child([] { ::raise(SIGUSR1); }) == "works");
#if !defined(__SANITIZE_THREAD__)  // which ends a child that makes threads
  CHECK(in_child([] {
          ::raise(SIGUSR1);
          {
            mb::runtime const own({.num_cpus = 1});
            ::raise(SIGUSR1);
          }
          mb::runtime const own({.num_cpus = 1});
          ::raise(SIGUSR1);
          std::this_thread::sleep_for(10ms);
        }) == "works");
#endif
}
