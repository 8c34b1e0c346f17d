#include <csignal>
#include <cstdlib>
#include <latch>
#include <optional>
#include <stdexcept>
#include <vector>

#include "mobula/mobula.hpp"
#include "process/child.hpp"
#include "support/catch.hpp"

namespace mb = mobula;
using mobula::test::end_of_process;
using namespace std::chrono_literals;

namespace {

mb::task<int> sleep_long() {
  co_await mb::sleep_for(24h);
  co_return 1;
}

struct greeter {
  int call() { return 1; }
};

// Queued, asleep and blocked tasks, and an actor whose call waits.
void leave_work_behind() {
  auto const asleep = mb::remote(sleep_long)();
  for (int i = 0; i < 50; ++i) static_cast<void>(mb::remote([asleep] { return mb::get(asleep); })());
  for (int i = 0; i < 50; ++i) static_cast<void>(mb::remote([](int x) { return x; })(asleep));
  for (int i = 0; i < 1000; ++i) static_cast<void>(mb::remote([] { return 1; })());
  static_cast<void>(mb::make_actor<greeter>().call<&greeter::call>());
}

[[noreturn]] void spin() {
  for (int volatile forever = 0;;) forever = forever + 1;
}

}  // namespace

TEST_CASE("a program may leave main without shutdown", "[process]") {
  CHECK(end_of_process([] {
          mb::init({.num_cpus = 2});
          return mb::get(mb::remote([] { return 7; })());
        }) == 7);
}

TEST_CASE("a program that leaves main with work left ends, and the work with it", "[process]") {
  CHECK(end_of_process([] {
          mb::init({.num_cpus = 2});
          leave_work_behind();
          return 7;
        }) == 7);
}

TEST_CASE("a task that never ends doesn't keep the program", "[process]") {
  CHECK(end_of_process([] {
          mb::init({.num_cpus = 2});
          static std::latch started(1);
          static_cast<void>(mb::remote([] {
            started.count_down();
            spin();
          })());
          leave_work_behind();
          started.wait();
          return 7;
        }) == 7);
}

TEST_CASE("an exception that leaves main ends the program as ever: by terminate, without a hang", "[process]") {
  CHECK(end_of_process([]() -> int {
          mb::init({.num_cpus = 2});
          leave_work_behind();
          throw std::logic_error("out of main");
        }) == -SIGABRT);
  CHECK(end_of_process([]() -> int {
          mb::runtime const rt({.num_cpus = 2});
          leave_work_behind();
          throw std::logic_error("out of main");
        }) == -SIGABRT);
}

TEST_CASE("an exception that main catches unwinds a runtime with work left", "[process]") {
  CHECK(end_of_process([] {
          try {
            mb::runtime const rt({.num_cpus = 2});
            leave_work_behind();
            throw std::logic_error("caught");
          } catch (std::logic_error const&) { return 5; }
        }) == 5);
}

// Its status is lost: Boost.Fiber could not end in the middle of a fiber.
TEST_CASE("a task that calls exit ends the program as failed, with any kind of runtime", "[process]") {
  CHECK(end_of_process([] {
          mb::init({.num_cpus = 2});
          leave_work_behind();
          mb::get(mb::remote([] { std::exit(3); })());
          return 7;
        }) == EXIT_FAILURE);
  CHECK(end_of_process([] {
          mb::init({.num_cpus = 1});
          mb::get(mb::remote([]() -> mb::task<> {
            co_await mb::sleep_for(1us);
            std::exit(4);
          })());
          return 7;
        }) == EXIT_FAILURE);
  CHECK(end_of_process([] {
          mb::runtime const rt({.num_cpus = 2});
          mb::get(mb::remote([] { std::exit(5); })());
          return 7;
        }) == EXIT_FAILURE);
}

TEST_CASE("main may call exit while a runtime lives on its stack", "[process]") {
  CHECK(end_of_process([]() -> int {
          mb::runtime const rt({.num_cpus = 2});
          leave_work_behind();
          std::exit(6);
        }) == 6);
}

TEST_CASE("futures and actors may be statics, made before or after init", "[process]") {
  CHECK(end_of_process([] {
          static mb::actor<greeter> before_actor;
          static mb::future<int> before_future;
          mb::init({.num_cpus = 2});
          static mb::actor<greeter> after_actor;
          static mb::future<int> after_future;
          before_actor = mb::make_actor<greeter>();
          after_actor = mb::make_actor<greeter>();
          before_future = mb::remote(sleep_long)();
          after_future = after_actor.call<&greeter::call>();
          return mb::get(before_actor.call<&greeter::call>()) + 6;
        }) == 7);
}

TEST_CASE("a runtime may be a static, and have work left", "[process]") {
  CHECK(end_of_process([] {
          static std::optional<mb::runtime> rt;
          rt.emplace(mb::runtime_options{.num_cpus = 2});
          for (int i = 0; i < 1000; ++i) static_cast<void>(mb::remote([] { return 1; })());
          return 7;
        }) == 7);
}

TEST_CASE("a manual runtime may be left with work", "[process]") {
  CHECK(end_of_process([]() -> int {
          mb::manual_runtime const rt;
          leave_work_behind();
          std::exit(6);
        }) == 6);
}
