#include "support/catch.hpp"

#include <mobula/mobula.hpp>

#include <chrono>
#include <stop_token>

namespace mb = mobula;

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
