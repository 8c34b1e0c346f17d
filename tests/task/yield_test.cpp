#include "mobula/task/yield.hpp"

#include <set>
#include <string>
#include <vector>

#include "mobula/mobula.hpp"
#include "support/catch.hpp"

namespace mb = mobula;

namespace {

mb::task<> note(std::string& to, char what) {
  for (int i = 0; i < 3; ++i) {
    to += what;
    co_await mb::yield();
  }
}

void note_plainly(std::string& to, char what) {
  for (int i = 0; i < 3; ++i) {
    to += what;
    mb::get(mb::yield());
  }
}

}  // namespace

TEST_CASE("yield lets tasks come between, coroutines and plain ones alike", "[task]") {
  std::set<std::string> coroutines, plain;
  for (std::uint64_t seed = 0; seed < 600; ++seed) {
    std::string a, b;
    mb::manual_runtime rt({.seed = seed});
    for (char const c : {'x', 'y'}) {
      static_cast<void>(mb::remote(note)(std::ref(a), c));
      static_cast<void>(mb::remote(note_plainly)(std::ref(b), c));
    }
    rt.run_until_idle();
    REQUIRE(a.size() == 6);
    REQUIRE(b.size() == 6);
    coroutines.insert(a);
    plain.insert(b);
  }
  CHECK(coroutines.size() == 20);  // all orders that there are of three x and three y
  CHECK(plain.size() == 20);
}

TEST_CASE("yield on a thread that drives a manual runtime runs one job", "[task]") {
  mb::manual_runtime rt;
  for (int i = 0; i < 3; ++i) static_cast<void>(mb::remote([] {})());
  mb::get(mb::yield());
  CHECK(rt.pending().ready == 2);
  rt.run_until_idle();
  mb::get(mb::yield());  // nothing to do: returns
}

TEST_CASE("a task that yields until another has run does not wait for ever, on one worker", "[task]") {
  mb::runtime rt({.num_cpus = 1});
  CHECK(mb::get(mb::remote([]() -> mb::task<bool> {
    auto const other = mb::remote([] {})();
    while (!other.ready()) co_await mb::yield();
    co_return true;
  })()));
  CHECK(mb::get(mb::remote([] {
    auto const other = mb::remote([] {})();
    while (!other.ready()) mb::get(mb::yield());
    return true;
  })()));
  auto const outside = mb::remote([] {})();
  while (!outside.ready()) mb::get(mb::yield());
}

TEST_CASE("many tasks that yield on several workers all end", "[task]") {
  mb::runtime rt({.num_cpus = 4});
  std::vector<mb::future<int>> all;
  for (int i = 0; i < 50; ++i) {
    all.push_back(mb::remote([]() -> mb::task<int> {
      for (int k = 0; k < 100; ++k) co_await mb::yield();
      co_return 1;
    })());
    all.push_back(mb::remote([] {
      for (int k = 0; k < 100; ++k) mb::get(mb::yield());
      return 1;
    })());
  }
  for (int const n : mb::get(all)) REQUIRE(n == 1);
}
