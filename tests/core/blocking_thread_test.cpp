#include <mobula/mobula.hpp>

#include <pthread.h>

#include <algorithm>
#include <atomic>
#include <future>
#include <semaphore>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "support/catch.hpp"

namespace mb = mobula;
using namespace std::chrono_literals;

namespace {

std::string name_of_this_thread() {
  char name[16] = {};
  ::pthread_getname_np(::pthread_self(), name, sizeof name);
  return name;
}

template <class F>
auto blocking(F f) {
  return mb::remote(std::move(f)).options({.name = "blocks", .blocking = true});
}

}  // namespace

TEST_CASE("calls that block cost no worker") {
  mb::runtime rt({.num_cpus = 1});
  std::promise<int> set_by_task;
  auto const set = set_by_task.get_future().share();
  std::counting_semaphore<> all_wait{0};
  std::vector<mb::future<int>> waiting;
  for (int i = 0; i < 5; ++i)
    waiting.push_back(blocking([i, &all_wait, f = set] {
      all_wait.release();
      return f.get() + i;
    })());
  for (int i = 0; i < 5; ++i) all_wait.acquire();
  mb::get(mb::remote([&] { set_by_task.set_value(10); })());
  CHECK(mb::get(waiting) == std::vector{10, 11, 12, 13, 14});
}

TEST_CASE("a call that blocks runs on a named thread that is no worker, and what it throws comes to its future") {
  mb::runtime rt({.num_cpus = 1, .thread_name = "a long name"});
  CHECK(mb::get(blocking(name_of_this_thread)()) == "a long-blocking");
  CHECK_FALSE(mb::get(blocking([] { return mb::this_task::worker().has_value(); })()));
  auto f = blocking([]() -> int { throw std::runtime_error("disk is full"); })();
  CHECK_THROWS_WITH(mb::get(f), "disk is full");
  CHECK(f.failure()->task() == "blocks");
  CHECK_FALSE(f.failure()->worker());
}

TEST_CASE("get in a call that blocks waits as on a thread outside; what it starts belongs to its runtime") {
  mb::runtime first({.num_cpus = 1, .thread_name = "first"});
  mb::runtime second({.num_cpus = 1, .thread_name = "second"});
  auto const f = first.remote([] {
    std::string text = mb::get(mb::remote(name_of_this_thread)());
    mb::get(mb::sleep_for(1ms));
    for (auto const& t : mb::get(mb::submit_all([](int) { return name_of_this_thread(); }, std::vector{1, 2})))
      text += t;
    return text + mb::get(mb::remote([]() -> mb::task<std::string> {
             co_await mb::yield();
             co_return name_of_this_thread();
           })());
  });
  CHECK(mb::get(f.options({.blocking = true})()) == "first-0first-0first-0first-0");
}

TEST_CASE("a call that blocks waits for its arguments elsewhere, and can be one itself") {
  mb::runtime rt({.num_cpus = 2, .max_blocking_threads = 1});
  auto a = blocking([] { return 1; })();
  auto b = blocking([](int x) { return x + 1; })(a);
  auto c = blocking([](int x) { return x + 1; })(b);
  CHECK(mb::get(c.then([](int x) { return x + 1; })) == 4);
}

TEST_CASE("a call that blocks never begins if it is cancelled while it waits for a thread") {
  mb::runtime rt({.num_cpus = 1, .max_blocking_threads = 1});
  std::binary_semaphore go_on{0};
  auto running = blocking([&] { go_on.acquire(); })();
  bool begun = false;
  auto queued = blocking([&] { begun = true; })();
  auto behind = blocking([] { return 1; })();
  mb::cancel(queued);
  go_on.release();
  CHECK_THROWS_AS(mb::get(queued), mb::cancelled);
  CHECK(mb::get(behind) == 1);
  mb::get(running);
  CHECK_FALSE(begun);
}

TEST_CASE("a call that blocks is asked to stop, and its waits for tasks are interrupted") {
  mb::runtime rt({.num_cpus = 1});
  std::binary_semaphore begun{0};
  auto polls = blocking([&] {
    begun.release();
    auto const stop = mb::this_task::stop_token();
    while (!stop.stop_requested()) std::this_thread::yield();
  })();
  begun.acquire();
  mb::cancel(polls);
  CHECK_THROWS_AS(mb::get(polls), mb::cancelled);
  mb::promise<int> never;
  std::atomic<bool> interrupted = false;
  auto waits = blocking([&] {
    begun.release();
    try {
      mb::get(never.get_future());
    } catch (mb::cancelled const&) { interrupted = true; }
  })();
  begun.acquire();
  mb::cancel(waits);
  CHECK_THROWS_AS(mb::get(waits), mb::cancelled);
  CHECK(interrupted);
  never.set_value(0);
  auto parent = blocking([&] {
    auto child = mb::remote([]() -> mb::task<> { co_await mb::sleep_for(1h); })();
    begun.release();
    mb::get(child);
  })();
  begun.acquire();
  mb::cancel(parent);
  CHECK_THROWS_AS(mb::get(parent), mb::cancelled);  // with the child, else the runtime would not end
}

TEST_CASE("limits of time and retries hold for calls that block") {
  mb::runtime rt({.num_cpus = 1});
  auto const until_stopped = [] {
    if (mb::this_task::time_left() > 10ms) throw std::logic_error("no limit");
    auto const stop = mb::this_task::stop_token();
    while (!stop.stop_requested()) std::this_thread::yield();
  };
  auto late = mb::remote(until_stopped).options({.timeout = 10ms, .blocking = true})();
  CHECK_THROWS_AS(mb::get(late), mb::deadline_error);
  std::atomic<int> calls = 0;
  auto const flaky = [&] {
    if (++calls < 3) throw std::runtime_error("busy");
    return mb::this_task::worker().has_value();
  };
  CHECK_FALSE(mb::get(mb::remote(flaky).options({.max_retries = 5, .backoff = {.first = 0s}, .blocking = true})()));
  CHECK(calls == 3);
}

TEST_CASE(
    "shutdown that drops ends calls that wait for a thread without waiting for one, then waits for those that run") {
  std::binary_semaphore begun{0}, go_on{0};
  mb::future<void> running, queued;
  std::atomic<bool> ran = false;
  {
    mb::runtime rt({.num_cpus = 1, .max_blocking_threads = 1});
    running = blocking([&] {
      begun.release();
      go_on.acquire();
    })();
    begun.acquire();
    queued = blocking([&] { ran = true; })();
    std::jthread const down([&] { rt.shutdown(mb::on_shutdown::drop); });
    CHECK_THROWS_AS(mb::get(queued), mb::cancelled);
    CHECK_FALSE(running.ready());
    go_on.release();
  }
  mb::get(running);
  CHECK_FALSE(ran);
}

TEST_CASE("a call that blocks may start tasks while its runtime drains") {
  mb::future<int> f;
  std::binary_semaphore begun{0};
  {
    mb::runtime rt({.num_cpus = 1});
    f = blocking([&] {
      begun.release();
      while (!mb::detail::current_scheduler().refuses()) std::this_thread::yield();
      return mb::get(mb::remote([] { return 1; })());
    })();
    begun.acquire();
  }
  CHECK(mb::get(f) == 1);
}

TEST_CASE("shutdown that drains runs all calls that block") {
  std::vector<mb::future<int>> all;
  {
    mb::runtime rt({.num_cpus = 2, .max_blocking_threads = 3});
    for (int i = 0; i < 50; ++i) all.push_back(blocking([i] { return i; })());
  }
  CHECK(std::all_of(all.begin(), all.end(), [](auto const& f) { return f.ready() && !f.failure(); }));
}

TEST_CASE("what can't block says so") {
  mb::runtime rt({.num_cpus = 1});
  auto const coroutine = mb::remote([]() -> mb::task<> { co_return; }).options({.name = "co", .blocking = true});
  using Catch::Contains;
  CHECK_THROWS_WITH(coroutine(), Contains("co can't be called with .blocking = true"));
  CHECK_THROWS_AS(mb::remote([] {}).options({.worker = 0, .blocking = true}), mb::error);
  CHECK_THROWS_WITH(mb::get(blocking([&] { rt.shutdown(); })()),
                    Contains("can't be shut down by one of its own tasks"));
  CHECK_THROWS_WITH(mb::runtime({.max_blocking_threads = 0}), Contains("runtime_options::max_blocking_threads is 0"));
  CHECK_THROWS_WITH(mb::runtime({.blocking_idle = -1ns}), Contains("runtime_options::blocking_idle is -1 ns"));
}

TEST_CASE("a manual runtime runs a call that blocks on its one thread") {
  mb::manual_runtime rt;
  auto const here = std::this_thread::get_id();
  auto f = blocking([here] {
    mb::get(mb::sleep_for(1h));
    return std::this_thread::get_id() == here && mb::get(mb::remote([] { return true; })());
  })();
  CHECK_FALSE(f.ready());
  CHECK(mb::get(f));
}
