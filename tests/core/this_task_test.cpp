#include "support/catch.hpp"

#include <mobula/mobula.hpp>

#include <atomic>
#include <chrono>
#include <map>
#include <mutex>
#include <stop_token>
#include <thread>
#include <vector>

namespace mb = mobula;

namespace {

// [thread]
// What belongs to the thread, asked anew each time: a plain task may be on another one after each wait.
[[gnu::noinline]] std::thread::id thread_now() {
  asm volatile("");  // or the compiler takes two calls for one
  return std::this_thread::get_id();
}
// [/thread]

}  // namespace

TEST_CASE("outside of tasks nothing can be stopped, and time has no end") {
  CHECK_FALSE(mb::this_task::stop_token().stop_possible());
  CHECK(mb::this_task::time_left() == mb::detail::duration::max());
  mb::this_task::check();
}

TEST_CASE("a callback of the stop token is called by who cancels") {
  mb::manual_runtime rt;
  bool called = false;
  auto f = mb::remote([&]() -> mb::task<> {
             std::stop_callback const on_stop(mb::this_task::stop_token(), [&] { called = true; });
             co_await mb::yield();
             while (!mb::this_task::stop_token().stop_requested()) co_await mb::yield();
           }).options({.cancellable = true})();
  for (int i = 0; i < 5; ++i) rt.run_one();
  mb::cancel(f);
  CHECK(called);
  rt.run_until_idle();
}

TEST_CASE("code that a task calls knows of its task, and the next task does not") {
  mb::manual_runtime rt;
  auto const inner = []() -> mb::task<bool> {
    co_await mb::yield();
    co_return mb::this_task::stop_token().stop_possible();
  };
  auto f = mb::remote([&]() -> mb::task<bool> { co_return co_await inner(); }).options({.cancellable = true})();
  auto g = mb::remote(inner)();
  CHECK(mb::get(f));
  CHECK_FALSE(mb::get(g));
}

TEST_CASE("what a function that is never inlined asks of the thread is right after each wait of a plain task") {
  for (unsigned const workers : {1U, 2U, 8U}) {
    std::mutex mutex;
    std::map<unsigned, std::thread::id> thread_of_worker;
    std::atomic<int> wrong{0};
    mb::runtime rt({.num_cpus = workers});
    std::vector<mb::future<void>> all;
    for (int i = 0; i < 100; ++i)
      all.push_back(mb::remote([&] {
        for (int k = 0; k < 20; ++k) {
          {
            std::lock_guard const lock(mutex);
            auto const known = thread_of_worker.emplace(mb::this_task::worker().value(), thread_now()).first;
            if (known->second != thread_now()) ++wrong;
          }
          mb::get(mb::yield());
        }
      })());
    mb::get(all);
    CHECK(wrong == 0);
  }
}
