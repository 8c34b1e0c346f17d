#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <latch>

#include "mobula/mobula.hpp"
#include "process/child.hpp"
#include "support/catch.hpp"

namespace mb = mobula;
using mobula::test::run_process;

namespace {

// Uses the stack up; `depth` keeps the compiler from seeing that it never ends.
[[gnu::noinline]] int dig(int volatile* depth) {
  int volatile here[64];
  here[0] = *depth + 1;
  return *depth < 0 ? 0 : dig(here) + here[0];
}

int overflow() {
  int volatile start = 0;
  return dig(&start);
}

// A fault that is no overflow: at an address that is not mapped, and looks like the beginning of a stack.
int wild() { return *reinterpret_cast<int volatile*>(std::uintptr_t{1} << 20); }

void users_handler(int) {
  static char const text[] = "the user's handler\n";
  static_cast<void>(!::write(STDERR_FILENO, text, sizeof text - 1));
  std::_Exit(42);
}

}  // namespace

TEST_CASE("a task that overflows its stack says so, and the process ends as ever by SIGSEGV", "[process]") {
  auto const [how, said] = run_process([] {
    mb::runtime const rt({.num_cpus = 2, .stack_size = 64 * 1024});
    return mb::get(mb::remote(overflow)());
  });
  CHECK(how == -SIGSEGV);
  CHECK_THAT(said, Catch::Contains("mobula: stack overflow in a task (stack_size = 65536)") &&
                       Catch::Contains("runtime_options::stack_size") && Catch::Contains("coroutine"));
}

TEST_CASE("overflow is told on the stack of a task that has blocked, and on a manual runtime", "[process]") {
  auto const threads = run_process([] {
    mb::runtime const rt({.num_cpus = 1});
    return mb::get(mb::remote([] {
      mb::get(mb::sleep_for(std::chrono::microseconds(1)));
      return overflow();
    })());
  });
  CHECK(threads.how == -SIGSEGV);
  CHECK_THAT(threads.said, Catch::Contains("stack overflow in a task (stack_size = 262144)"));
  auto const manual = run_process([] {
    mb::manual_runtime const rt({.stack_size = 32 * 1024});
    return mb::get(mb::remote(overflow)());
  });
  CHECK(manual.how == -SIGSEGV);
  CHECK_THAT(manual.said, Catch::Contains("stack overflow in a task (stack_size = 32768)"));
}

TEST_CASE("a handler that was there before is called after the report, and ends the process as it likes", "[process]") {
  auto const [how, said] = run_process([] {
    std::signal(SIGSEGV, &users_handler);
    mb::runtime const rt({.num_cpus = 1});
    return mb::get(mb::remote(overflow)());
  });
  CHECK(how == 42);
  CHECK(said.find("stack overflow") < said.find("the user's handler"));
}

TEST_CASE("other faults are no overflow: in a task, outside, or sent; who listened before hears of them", "[process]") {
  for (bool const listens : {false, true}) {
    auto const ends = [listens](auto fault) {
      auto const [how, said] = run_process([=] {
        if (listens) std::signal(SIGSEGV, &users_handler);
        mb::runtime const rt({.num_cpus = 1});
        return fault();
      });
      CHECK_THAT(said, !Catch::Contains("overflow"));
      return how;
    };
    int const expected = listens ? 42 : -SIGSEGV;
    CHECK(ends([] { return mb::get(mb::remote(wild)()); }) == expected);
    CHECK(ends([] { return wild(); }) == expected);
    CHECK(ends([] { return std::raise(SIGSEGV); }) == expected);
  }
}

TEST_CASE("a handler that the program installs later is left alone", "[process]") {
  auto const [how, said] = run_process([] {
    mb::runtime const first({.num_cpus = 1});
    std::signal(SIGSEGV, &users_handler);
    mb::runtime const second({.num_cpus = 1});
    return wild();
  });
  CHECK(how == 42);
  CHECK_THAT(said, !Catch::Contains("overflow"));
}

TEST_CASE("a runtime can be asked not to listen for overflow", "[process]") {
  auto const [how, said] = run_process([] {
    mb::runtime const rt({.num_cpus = 1, .report_stack_overflow = false});
    return mb::get(mb::remote(overflow)());
  });
  CHECK(how == -SIGSEGV);
  CHECK(said.empty());
}
