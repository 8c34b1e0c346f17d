// Tasks that block in get and wait: their stacks move between workers.
#include <mobula/mobula.hpp>

#include "support/catch.hpp"
#include "support/watchdog.hpp"

#include <atomic>
#include <chrono>
#include <random>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace mb = mobula;
using mobula::test::repeats;
using mobula::test::watchdog;
using mobula::test::workers;
using namespace std::chrono_literals;

namespace {

mb::runtime_options options() { return {.num_cpus = static_cast<unsigned>(workers())}; }

// Keeps something on the stack over each wait, and notices if it comes back changed.
int storm(int depth, unsigned seed) {
  std::mt19937 random(seed);
  char mark[64];
  for (char& c : mark) c = static_cast<char>(seed);
  int sum = 1;
  if (depth > 0) {
    std::vector<mb::future<int>> fs;
    for (int i = 0; i < 3; ++i) fs.push_back(mb::remote(storm)(depth - 1, static_cast<unsigned>(random())));
    if (random() % 4 == 0) mb::get(mb::sleep_for(std::chrono::microseconds(random() % 30)));
    if (random() % 2 == 0) std::swap(fs[0], fs[2]);
    for (auto& f : fs) sum += mb::get(f);
  }
  for (char const c : mark)
    if (c != static_cast<char>(seed)) throw std::logic_error("the stack has changed");
  return sum;
}

int deep(int n) { return n == 0 ? 0 : 1 + mb::get(mb::remote(deep)(n - 1)); }

// The same where the child is never at the end of its parent's queue, so that each level takes a stack.
int deep_on_stacks(int n) {
  if (n == 0) return 0;
  auto child = mb::remote(deep_on_stacks)(n - 1);
  auto other = mb::remote([] {})();
  int const m = 1 + mb::get(child);
  mb::get(other);
  return m;
}

struct failure : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// Waits while exceptions are being handled, on every level.
int failing(int depth) {
  if (depth == 0) throw failure("0");
  auto f = mb::remote(failing)(depth - 1);
  auto other = mb::remote([] { std::this_thread::yield(); })();
  try {
    mb::get(f);
  } catch (failure const& e) {
    int const n = std::stoi(e.what());
    mb::get(other);
    mb::get(mb::remote([] {})());
    try {
      mb::get(mb::remote([] { throw std::logic_error("inner"); })());
    } catch (std::logic_error const&) {
      mb::get(mb::remote([] { std::this_thread::yield(); })());
    }
    if (n != depth - 1 || std::stoi(e.what()) != n) throw std::logic_error("the wrong exception");
    throw failure(std::to_string(depth));
  }
  throw std::logic_error("no exception");
}

}  // namespace

TEST_CASE("storms of nested get") {
  watchdog const dog("nested get");
  mb::runtime const rt(options());
  for (int r = 0; r < 30 * repeats(); ++r) {
    auto f = mb::remote(storm)(5, static_cast<unsigned>(r));
    REQUIRE(mb::get(f) == 364);
  }
}

TEST_CASE("nested get of depth 1000") {
  watchdog const dog("deep get");
  mb::runtime const rt(options());
  for (int r = 0; r < 5 * repeats(); ++r) {
    REQUIRE(mb::get(mb::remote(deep)(1000)) == 1000);
    REQUIRE(mb::get(mb::remote(deep_on_stacks)(1000)) == 1000);
  }
}

TEST_CASE("waits inside of catch blocks") {
  watchdog const dog("waits in catch blocks");
  mb::runtime const rt(options());
  for (int r = 0; r < 20 * repeats(); ++r) {
    std::vector<mb::future<int>> fs;
    for (int i = 0; i < 10; ++i) fs.push_back(mb::remote(failing)(8));
    for (auto& f : fs) {
      try {
        static_cast<void>(mb::get(f));
        FAIL("no exception");
      } catch (failure const& e) { REQUIRE(std::string(e.what()) == "8"); }
    }
  }
}

TEST_CASE("many read one future, by copies that are dropped everywhere") {
  watchdog const dog("many readers");
  mb::runtime const rt(options());
  for (int r = 0; r < 100 * repeats(); ++r) {
    auto f = mb::remote([] {
      std::this_thread::yield();
      return std::string(100, 'x');
    })();
    std::vector<mb::future<std::size_t>> readers;
    for (int i = 0; i < 20; ++i) {
      if (i % 3 == 0)
        readers.push_back(mb::remote([f] { return mb::get(f).size(); })());
      else if (i % 3 == 1)
        readers.push_back(mb::remote([](std::string s) { return s.size(); })(f));
      else
        readers.push_back(mb::remote([f]() -> mb::task<std::size_t> { co_return (co_await f).size(); })());
    }
    std::size_t seen_outside = 0;
    std::thread outside([f, &seen_outside] { seen_outside = mb::get(f).size(); });
    f = {};
    for (auto const n : mb::get(readers)) REQUIRE(n == 100);
    outside.join();
    REQUIRE(seen_outside == 100);
  }
}

TEST_CASE("the last handle moves the value out while others let go of theirs") {
  watchdog const dog("last handle");
  mb::runtime const rt(options());
  for (int r = 0; r < 300 * repeats(); ++r) {
    auto f = mb::remote([] { return std::vector<int>(20, 7); })();
    std::vector<mb::future<int>> fs;
    for (int i = 0; i < 4; ++i) fs.push_back(mb::remote([f]() mutable { return mb::get(std::move(f)).at(19); })());
    for (int const n : mb::get(fs)) REQUIRE(n == 7);
    REQUIRE(mb::get(std::move(f)).at(19) == 7);
  }
}

TEST_CASE("wait with timeouts that race the tasks' ends") {
  watchdog const dog("wait with timeouts");
  mb::runtime const rt(options());
  auto const race = [](unsigned seed) {
    std::mt19937 random(seed);
    for (int i = 0; i < 40; ++i) {
      std::vector<mb::future<int>> fs;
      for (int k = 0; k < 5; ++k)
        fs.push_back(mb::remote([](int d) -> mb::task<int> {
          if (d > 0) co_await mb::sleep_for(std::chrono::microseconds(d));
          co_return d;
        })(static_cast<int>(random() % 80)));
      std::size_t const wanted = 1 + random() % 5;
      mb::wait_options o{.num_returns = wanted};
      if (i % 4 != 0) o.timeout = std::chrono::microseconds(random() % 100);
      auto const [ready, pending] = mb::wait(fs, o);
      if (ready.size() + pending.size() != 5 || ready.size() > wanted) return false;
      if (!o.timeout && ready.size() != wanted) return false;
      for (auto const& f : ready)
        if (!f.ready()) return false;
    }
    return true;
  };
  for (int r = 0; r < 3 * repeats(); ++r) {
    std::vector<mb::future<bool>> fs;
    for (unsigned i = 0; i < 20; ++i) fs.push_back(mb::remote(race)(i));
    bool right_outside = false;
    std::thread outside([&] { right_outside = race(99); });
    for (bool const right : mb::get(fs)) REQUIRE(right);
    outside.join();
    REQUIRE(right_outside);
  }
}

TEST_CASE("wait for some of many, in many tasks at once") {
  watchdog const dog("wait for some");
  mb::runtime const rt(options());
  for (int r = 0; r < 50 * repeats(); ++r) {
    std::vector<mb::future<void>> fs;
    for (int i = 0; i < 30; ++i) fs.push_back(mb::remote([] { std::this_thread::yield(); })());
    std::vector<mb::future<std::size_t>> waits;
    for (std::size_t n = 1; n <= 30; ++n)
      waits.push_back(mb::remote([fs, n] { return mb::wait(fs, {.num_returns = n}).ready.size(); })());
    std::size_t n = 1;
    for (auto const there : mb::get(waits)) REQUIRE(there == n++);
  }
}

TEST_CASE("too many that block at once get an error, and the rest goes on") {
  watchdog const dog("too many blocked");
  int refused = 0;
  for (int r = 0; r < 10 * repeats(); ++r) {
    mb::runtime const rt({.num_cpus = static_cast<unsigned>(workers()), .max_blocked = 20});
    auto gate = mb::remote([]() -> mb::task<void> { co_await mb::sleep_for(10ms); })();
    std::vector<mb::future<int>> fs;
    for (int i = 0; i < 60; ++i)
      fs.push_back(mb::remote([gate] {
        try {
          mb::get(gate);
          return 1;
        } catch (mb::too_many_blocked const&) { return 0; }
      })());
    int through = 0;
    for (int const n : mb::get(fs)) through += n;
    REQUIRE(through > 0);
    refused += 60 - through;
  }
  REQUIRE(refused > 0);
}
