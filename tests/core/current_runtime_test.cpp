#include <atomic>
#include <chrono>
#include <future>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "mobula/mobula.hpp"
#include "support/catch.hpp"
#include "support/watchdog.hpp"

namespace mb = mobula;
using mobula::test::watchdog;
using namespace std::chrono_literals;

namespace {

// Of the runtime that a submission from here goes to.
unsigned workers_of_current() {
  return mb::get(mb::remote([] { return mb::detail::current_scheduler().concurrency(); })());
}

template <class F>
auto on_another_thread(F f) {
  return std::async(std::launch::async, std::move(f)).get();
}

struct counter {
  int next() { return ++value; }
  int value = 0;
};

}  // namespace

TEST_CASE("outside of tasks the first runtime that the thread has made is current, else the first of all", "[core]") {
  mb::runtime one({.num_cpus = 1});
  mb::runtime two({.num_cpus = 2});
  CHECK(workers_of_current() == 1);
  CHECK(on_another_thread(&workers_of_current) == 1);
  CHECK(on_another_thread([] {
          mb::runtime three({.num_cpus = 3});
          return workers_of_current();
        }) == 3);
  CHECK(mb::get(two.remote(&workers_of_current)()) == 2);
}

TEST_CASE("the runtime of init is current on every thread, whatever runtimes others make", "[core]") {
  mb::runtime library({.num_cpus = 2});
  mb::init({.num_cpus = 1});
  mb::runtime later({.num_cpus = 3});
  CHECK(workers_of_current() == 1);
  CHECK(on_another_thread([] {
          mb::runtime own({.num_cpus = 4});
          return workers_of_current();
        }) == 1);
  mb::shutdown();
  CHECK(workers_of_current() == 2);
}

TEST_CASE("a manual runtime is current on the thread that drives it, and nowhere else", "[core]") {
  mb::runtime threads({.num_cpus = 2});
  mb::manual_runtime rt;
  CHECK(workers_of_current() == 1);
  CHECK(on_another_thread(&workers_of_current) == 2);
}

TEST_CASE("a runtime that is being shut down is nobody's current one", "[core]") {
  watchdog const dog("a runtime that ends");
  auto ending = std::make_unique<mb::runtime>(mb::runtime_options{.num_cpus = 1});
  mb::runtime other({.num_cpus = 2});
  std::promise<void> may_end;
  auto const holds = ending->remote([done = may_end.get_future().share()] { done.wait(); })();
  std::thread ends([&] { ending->shutdown(); });
  while (mb::detail::current_scheduler().concurrency() == 1) std::this_thread::yield();
  CHECK(workers_of_current() == 2);
  may_end.set_value();
  ends.join();
  ending.reset();
  CHECK(workers_of_current() == 2);
}

TEST_CASE("no submission is refused or lost while runtimes come and go, as long as one lives", "[core]") {
  watchdog const dog("runtimes that come and go");
  std::atomic<bool> over{false};
  std::atomic<int> wrong{0};
  auto living = std::make_unique<mb::runtime>(mb::runtime_options{.num_cpus = 1});
  std::vector<std::thread> callers;
  for (int k = 0; k < 3; ++k)
    callers.emplace_back([&, k] {
      std::vector<int> const xs{1, 2, 3};
      while (!over) try {
          if (mb::get(mb::remote([] { return 1; })()) != 1) ++wrong;
          if (mb::get(mb::remote([] { return 1; }).options({.cancellable = true})()) != 1) ++wrong;
          if (k == 0 && mb::map([](int x) { return x; }, xs) != xs) ++wrong;
          if (k == 1 && mb::get(mb::submit_all([](int x) { return x; }, xs)) != xs) ++wrong;
          if (k != 2) continue;
          auto const a = mb::make_actor<counter>();
          try {
            if (mb::get(a.call<&counter::next>()) != 1) ++wrong;
          } catch (mb::error const&) {}  // its runtime has ended meanwhile
        } catch (mb::no_runtime const&) { ++wrong; }
    });
  for (int i = 0; i < 200; ++i) {
    auto next = std::make_unique<mb::runtime>(mb::runtime_options{.num_cpus = 1});
    living = std::move(next);  // the callers move on
  }
  over = true;
  for (auto& t : callers) t.join();
  CHECK(wrong == 0);
}

TEST_CASE("of several threads that shut a runtime down at once, one does it and the others wait", "[core]") {
  watchdog const dog("several who shut down");
  for (unsigned const workers : {1U, 2U, 8U})
    for (int i = 0; i < 50; ++i) {
      mb::init({.num_cpus = workers});
      std::atomic<bool> done{false};
      static_cast<void>(mb::remote([&] { done = true; })());
      std::vector<std::thread> enders;
      std::atomic<int> early{0};
      for (int k = 0; k < 3; ++k)
        enders.emplace_back([&] {
          mb::shutdown();
          if (!done || mb::is_initialized()) ++early;
        });
      for (auto& t : enders) t.join();
      CHECK(early == 0);
      auto rt = std::make_unique<mb::runtime>(mb::runtime_options{.num_cpus = workers});
      std::thread other([&rt] { rt->shutdown(mb::on_shutdown::drop); });
      rt->shutdown();
      other.join();
      rt.reset();
    }
}

TEST_CASE("shutdown with drop, while another thread drains, makes that a drop", "[core]") {
  watchdog const dog("a drain that becomes a drop");
  mb::runtime rt({.num_cpus = 1});
  auto const sleeps = mb::remote([]() -> mb::task<> { co_await mb::sleep_for(24h); })();
  std::thread drains([&] { rt.shutdown(); });
  rt.shutdown(mb::on_shutdown::drop);
  drains.join();
  CHECK_THROWS_AS(mb::get(sleeps), mb::cancelled);
}

TEST_CASE("where no runtime lives any more, the error says that it has been shut down", "[core]") {
  mb::runtime rt({.num_cpus = 1});
  rt.shutdown();
  CHECK_THROWS_WITH(mb::remote(&workers_of_current)(), Catch::Contains("has been shut down"));
  CHECK_THROWS_WITH(rt.remote(&workers_of_current)(), Catch::Contains("has been shut down"));
  CHECK_THROWS_WITH(mb::make_actor<counter>(), Catch::Contains("has been shut down"));
}
