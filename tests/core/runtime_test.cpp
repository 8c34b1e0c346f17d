#include "mobula/core/runtime.hpp"

#include <atomic>
#include <latch>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "mobula/mobula.hpp"
#include "support/catch.hpp"

namespace mb = mobula;
using namespace std::chrono_literals;

namespace {

int add(int a, int b) { return a + b; }

mb::task<int> sleep_long() {
  co_await mb::sleep_for(24h);
  co_return 1;
}

}  // namespace

TEST_CASE("use without a runtime throws an error that says how to make one", "[core]") {
  CHECK_THROWS_AS(mb::remote(add)(1, 2), mb::no_runtime);
  CHECK_THROWS_WITH(mb::remote(add)(1, 2), Catch::Contains("mobula::runtime") && Catch::Contains("mobula::init"));
  CHECK_THROWS_AS(mb::map([](int x) { return x; }, std::vector{1}), mb::no_runtime);
  CHECK_THROWS_AS(mb::make_actor<int>(1), mb::no_runtime);
}

TEST_CASE("num_cpus says how many tasks run at once, and they do", "[core]") {
  mb::runtime rt({.num_cpus = 5});
  CHECK(rt.num_cpus() == 5);
  std::latch all(5);
  std::vector<mb::future<void>> tasks;
  for (int i = 0; i < 5; ++i) tasks.push_back(mb::remote([&] { all.arrive_and_wait(); })());
  mb::get(tasks);  // would wait for ever if fewer than five ran
}

TEST_CASE("by default there is at least one worker, and no more than processors", "[core]") {
  mb::runtime rt;
  CHECK(rt.num_cpus() >= 1);
  CHECK(rt.num_cpus() <= std::thread::hardware_concurrency());
}

TEST_CASE("an absurd number of workers is refused", "[core]") {
  CHECK_THROWS_AS(mb::runtime({.num_cpus = 1'000'000}), std::invalid_argument);
  CHECK_THROWS_WITH(mb::runtime({.num_cpus = 1'000'000}), Catch::Contains("num_cpus"));
  CHECK_THROWS_AS(mb::remote(add)(1, 2), mb::no_runtime);  // it left nothing behind
}

TEST_CASE("runtimes can live one after the other", "[core]") {
  for (int i = 0; i < 20; ++i) {
    mb::runtime rt({.num_cpus = 2});
    CHECK(mb::get(mb::remote(add)(i, 1)) == i + 1);
  }
}

TEST_CASE("several runtimes live at once, and each runs its own tasks", "[core]") {
  mb::runtime one({.num_cpus = 1});
  mb::runtime three({.num_cpus = 3});
  auto const cpus = [] { return mb::detail::current_scheduler().concurrency(); };
  CHECK(mb::get(mb::remote(cpus)()) == 1);
  CHECK(mb::get(one.remote(cpus)()) == 1);
  CHECK(mb::get(three.remote(cpus)()) == 3);
  CHECK(mb::get(one.remote([&] { return mb::get(mb::remote(cpus)()); })()) == 1);
}

TEST_CASE("a task can wait for one of another runtime, in every way", "[core]") {
  mb::runtime a({.num_cpus = 1});
  mb::runtime b({.num_cpus = 1});
  for (int i = 0; i < 200; ++i) {
    auto const f = b.remote(add)(i, 1);
    CHECK(mb::get(a.remote([f] { return mb::get(f); })()) == i + 1);
    CHECK(mb::get(a.remote([](mb::future<int> x) -> mb::task<int> { co_return co_await x; })(f)) == i + 1);
    CHECK(mb::get(a.remote(add)(b.remote(add)(i, 1), 1)) == i + 2);
  }
}

TEST_CASE("a coroutine goes on in the runtime that it belongs to", "[core]") {
  mb::runtime one({.num_cpus = 1});
  mb::runtime two({.num_cpus = 2});
  auto const cpus = [] { return mb::detail::current_scheduler().concurrency(); };
  CHECK(mb::get(one.remote([&]() -> mb::task<unsigned> {
          static_cast<void>(co_await two.remote(cpus)());
          co_await mb::sleep_for(1us);
          co_return cpus();
        })()) == 1);
}

TEST_CASE("the end of a runtime waits for all tasks, children of children included", "[core]") {
  std::atomic<int> done{0};
  {
    mb::runtime rt({.num_cpus = 2});
    for (int i = 0; i < 20; ++i)
      static_cast<void>(mb::remote([&]() -> mb::task<> {
        co_await mb::sleep_for(1ms);
        static_cast<void>(mb::remote([&] {
          static_cast<void>(mb::remote([&]() -> mb::task<> {
            co_await mb::sleep_for(1ms);
            ++done;
          })());
        })());
      })());
  }
  CHECK(done == 20);
}

TEST_CASE("futures outlive their runtime", "[core]") {
  std::optional<mb::runtime> rt(std::in_place, mb::runtime_options{.num_cpus = 2});
  auto const f = mb::remote([] { return std::string("still here"); })();
  auto const failed = mb::remote([]() -> int { throw std::domain_error("no"); })();
  rt.reset();
  CHECK(f.ready());
  CHECK(mb::get(f) == "still here");
  CHECK_THROWS_AS(mb::get(failed), std::domain_error);
}

TEST_CASE("dropping ends what has not started with cancelled, and what sleeps, at once", "[core]") {
  mb::runtime rt({.num_cpus = 1});
  std::latch started(1), dropped(1);
  auto const running = mb::remote([&] {
    started.count_down();
    dropped.wait();
    return 1;
  })();
  started.wait();
  std::vector<mb::future<int>> queued;
  for (int i = 0; i < 100; ++i) queued.push_back(mb::remote(add)(i, i));
  auto const asleep = mb::remote(sleep_long)();
  std::thread main([&] { rt.shutdown(mb::on_shutdown::drop); });
  // The worker is held until the runtime refuses work, and so is about to drop.
  for (bool open = true; open;) {
    try {
      queued.push_back(rt.remote(add)(1, 2));
      std::this_thread::yield();
    } catch (mb::no_runtime const&) { open = false; }
  }
  dropped.count_down();
  main.join();
  CHECK(mb::get(running) == 1);
  CHECK(asleep.ready());
  for (auto const& f : queued) CHECK(f.ready());
  CHECK_THROWS_AS(mb::get(asleep), mb::cancelled);
}

TEST_CASE("while an exception unwinds, the end of a runtime drops instead of draining", "[core]") {
  mb::future<int> asleep;
  CHECK_THROWS_AS(
      [&] {
        mb::runtime rt({.num_cpus = 1});
        asleep = mb::remote(sleep_long)();
        throw std::logic_error("out of here");
      }(),
      std::logic_error);
  CHECK_THROWS_AS(mb::get(asleep), mb::cancelled);
}

TEST_CASE("a runtime made and ended inside a destructor that runs in an unwinding drains as ever", "[core]") {
  struct worker_in_destructor {
    int& result;
    ~worker_in_destructor() {
      mb::runtime rt({.num_cpus = 1});
      auto const f = mb::remote(add)(1, 2);
      rt.shutdown();
      result = mb::get(f);
    }
  };
  int result = 0;
  try {
    worker_in_destructor const w{result};
    throw 1;
  } catch (int) {}
  CHECK(result == 3);
}

TEST_CASE("a runtime refuses work after shutdown, says why, and may be shut down again", "[core]") {
  mb::runtime rt({.num_cpus = 1});
  rt.shutdown();
  CHECK_THROWS_AS(rt.remote(add)(1, 2), mb::no_runtime);
  CHECK_THROWS_WITH(rt.remote(add)(1, 2), Catch::Contains("shut down") && Catch::Contains("new"));
  CHECK_THROWS_AS(mb::remote(add)(1, 2), mb::no_runtime);
  rt.shutdown();
  rt.shutdown(mb::on_shutdown::drop);
}

TEST_CASE("a task that shuts its own runtime down gets an error instead of a deadlock", "[core]") {
  mb::runtime rt({.num_cpus = 1});
  auto const f = mb::remote([&] { rt.shutdown(); })();
  CHECK_THROWS_AS(mb::get(f), mb::error);
  CHECK_THROWS_WITH(mb::get(f), Catch::Contains("one of its own tasks"));
  CHECK(mb::get(mb::remote(add)(1, 2)) == 3);
}

TEST_CASE("a task can make and end a runtime of its own", "[core]") {
  mb::runtime rt({.num_cpus = 1});
  CHECK(mb::get(mb::remote([] {
          mb::runtime inner({.num_cpus = 1});
          return mb::get(inner.remote(add)(1, 2));
        })()) == 3);
}

TEST_CASE("init and shutdown make and end the runtime of a program, again and again", "[core]") {
  CHECK_FALSE(mb::is_initialized());
  mb::shutdown();  // harmless
  for (int i = 0; i < 3; ++i) {
    mb::init({.num_cpus = 2});
    CHECK(mb::is_initialized());
    CHECK(mb::get(mb::remote(add)(i, 1)) == i + 1);
    mb::shutdown();
    CHECK_FALSE(mb::is_initialized());
    CHECK_THROWS_AS(mb::remote(add)(1, 2), mb::no_runtime);
  }
}

TEST_CASE("a second init throws and says what to do; the first runtime goes on", "[core]") {
  mb::init({.num_cpus = 1});
  CHECK_THROWS_AS(mb::init(), mb::error);
  CHECK_THROWS_WITH(mb::init(), Catch::Contains("shutdown"));
  CHECK(mb::get(mb::remote(add)(1, 2)) == 3);
  mb::shutdown();
}

TEST_CASE("a task that calls mobula::shutdown gets an error, and the runtime goes on", "[core]") {
  mb::init({.num_cpus = 1});
  auto const f = mb::remote([] { mb::shutdown(); })();
  CHECK_THROWS_AS(mb::get(f), mb::error);
  CHECK(mb::is_initialized());
  CHECK(mb::get(mb::remote(add)(1, 2)) == 3);
  mb::shutdown();
}

TEST_CASE("tasks may be submitted and read from many threads at once", "[core]") {
  mb::runtime rt({.num_cpus = 2});
  std::atomic<long> sum{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < 500; ++i) sum += mb::get(mb::remote(add)(i, 1));
    });
  for (auto& t : threads) t.join();
  CHECK(sum == 4 * (500 * 499 / 2 + 500));
}

TEST_CASE("a thread that drives a manual runtime can't wait for another one, and is told so", "[core]") {
  mb::manual_runtime manual;
  mb::runtime threads({.num_cpus = 1});
  std::latch go(1);
  auto const f = threads.remote([&] {
    go.wait();
    return 1;
  })();
  CHECK_THROWS_AS(mb::get(f), mb::deadlock_error);
  CHECK_THROWS_WITH(mb::get(f), Catch::Contains("other runtimes"));
  go.count_down();
  threads.shutdown();
  CHECK(mb::get(f) == 1);
  CHECK(mb::get(manual.remote(add)(1, 2)) == 3);
}

TEST_CASE("a thread that gets each task before it submits the next is told so, once", "[core]") {
  std::vector<std::string> told;
  mb::runtime ray({.num_cpus = 2, .on_warning = [&](char const* text) { told.emplace_back(text); }});
  auto const nap = mb::remote([] { std::this_thread::sleep_for(std::chrono::milliseconds(150)); });
  for (int i = 0; i < 4; ++i) {  // submits two, so it does no harm
    auto const a = nap(), b = nap();
    mb::get(a), mb::get(b);
  }
  CHECK(told.empty());
  for (int i = 0; i < 16; ++i) mb::get(nap());
  REQUIRE(told.size() == 1);
  CHECK(told[0].find("mobula::map") != std::string::npos);
}
