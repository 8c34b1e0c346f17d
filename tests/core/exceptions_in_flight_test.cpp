#include "core/exceptions_in_flight.hpp"

#include <exception>
#include <stdexcept>
#include <string>
#include <vector>

#include "mobula/mobula.hpp"
#include "support/catch.hpp"

namespace mb = mobula;
using namespace std::chrono_literals;

namespace {

mb::task<int> later(int x) {
  co_await mb::sleep_for(1us);
  co_return x;
}

// Waits inside a catch block and then throws on what it caught.
int wait_in_handler(int x) {
  try {
    throw x;
  } catch (int) {
    int const y = mb::get(mb::remote(later)(x));
    try {
      throw;
    } catch (int same) { return same == y && std::current_exception() != nullptr ? x : -1; }
  }
}

struct waits_when_destroyed {
  int& result;
  ~waits_when_destroyed() { result = std::uncaught_exceptions() * 1000 + mb::get(mb::remote(later)(7)); }
};

int wait_in_unwinding() {
  int result = 0;
  try {
    waits_when_destroyed const w{result};
    throw std::runtime_error("unwinding");
  } catch (std::runtime_error const&) {}
  return result;
}

}  // namespace

TEST_CASE("a task may wait inside a catch block, whoever else throws meanwhile", "[core]") {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    mb::manual_runtime rt({.seed = seed});
    std::vector<mb::future<int>> tasks;
    for (int i = 0; i < 10; ++i) tasks.push_back(mb::remote(wait_in_handler)(i));
    int i = 0;
    for (int x : mb::get(tasks)) REQUIRE(x == i++);
    CHECK(std::current_exception() == nullptr);
  }
}

TEST_CASE("a task may wait in a destructor while an exception unwinds", "[core]") {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    mb::manual_runtime rt({.seed = seed});
    std::vector<mb::future<int>> tasks;
    for (int i = 0; i < 5; ++i) tasks.push_back(mb::remote(wait_in_unwinding)());
    for (int x : mb::get(tasks)) REQUIRE(x == 1007);
    CHECK(std::uncaught_exceptions() == 0);
  }
}

TEST_CASE("exceptions in flight go along when a task goes on in another thread", "[core]") {
  mb::runtime rt({.num_cpus = 4});
  std::vector<mb::future<int>> handlers, unwindings;
  for (int i = 0; i < 300; ++i) {
    handlers.push_back(mb::remote(wait_in_handler)(i));
    unwindings.push_back(mb::remote(wait_in_unwinding)());
  }
  int i = 0;
  bool right = true;
  for (int x : mb::get(handlers)) right &= x == i++;
  for (int x : mb::get(unwindings)) right &= x == 1007;
  CHECK(right);
}

TEST_CASE("the thread's own exceptions are not seen in tasks that it drives", "[core]") {
  mb::manual_runtime rt;
  try {
    throw 1;
  } catch (int) {
    auto const f = mb::remote([] {
      mb::get(mb::remote(later)(1));
      return std::current_exception() == nullptr;
    })();
    static_cast<void>(mb::get(f));
    CHECK(std::current_exception() != nullptr);
  }
}
