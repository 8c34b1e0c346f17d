#include "mobula/remote/remote.hpp"

#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "mobula/mobula.hpp"
#include "support/catch.hpp"

namespace mb = mobula;
using namespace std::chrono_literals;

namespace {

int add(int a, int b) { return a + b; }

mb::task<int> slow_add(int a, int b) {
  co_await mb::sleep_for(2s);
  co_return a + b;
}

struct point {
  int x = 0;
  int twice() const { return 2 * x; }
  int set(int value) { return x = value; }
  mb::task<int> later() const {
    co_await mb::sleep_for(1s);
    co_return x;
  }
};

}  // namespace

TEST_CASE("functions, lambdas, function objects, members and coroutine functions can be remote", "[remote]") {
  mb::manual_runtime rt;
  CHECK(mb::get(mb::remote(add)(1, 2)) == 3);
  CHECK(mb::get(mb::remote(&add)(1, 2)) == 3);
  CHECK(mb::get(mb::remote([](int x) { return -x; })(5)) == -5);
  CHECK(mb::get(mb::remote(std::plus<>())(1, 2)) == 3);
  CHECK(mb::get(mb::remote(std::function<int(int, int)>(add))(1, 2)) == 3);
  CHECK(mb::get(mb::remote(&point::twice)(point{4})) == 8);
  CHECK(mb::get(mb::remote(&point::x)(point{4})) == 4);
  CHECK(mb::get(mb::remote(slow_add)(1, 2)) == 3);
  CHECK(mb::get(mb::remote(&point::later)(point{6})) == 6);
}

TEST_CASE("members may be called on what std::ref, a pointer or a shared pointer names", "[remote]") {
  mb::manual_runtime rt;
  point p;
  CHECK(mb::get(mb::remote(&point::set)(std::ref(p), 3)) == 3);
  CHECK(p.x == 3);
  CHECK(mb::get(mb::remote(&point::set)(&p, 4)) == 4);
  CHECK(p.x == 4);
  auto const shared = std::make_shared<point>(point{5});
  CHECK(mb::get(mb::remote(&point::twice)(shared)) == 10);
}

TEST_CASE("std::ref passes by reference; other arguments are copied when the call is made", "[remote]") {
  mb::manual_runtime rt;
  int a = 1, b = 1;
  auto const f = mb::remote([](int& x, int y) {
    x += 10;
    return y;
  })(std::ref(a), b);
  b = 2;
  CHECK(mb::get(f) == 1);
  CHECK(a == 11);
}

TEST_CASE("a mutable lambda starts each task from its own copy", "[remote]") {
  mb::manual_runtime rt;
  auto const counter = mb::remote([n = 0]() mutable { return ++n; });
  CHECK(mb::get(counter()) == 1);
  CHECK(mb::get(counter()) == 1);
}

TEST_CASE("captures and arguments that can only be moved go into the task", "[remote]") {
  mb::manual_runtime rt;
  auto f =
      mb::remote([p = std::make_unique<int>(1)](std::unique_ptr<int> q) { return *p + *q; })(std::make_unique<int>(2));
  CHECK(mb::get(f) == 3);
  auto by_reference = [](std::unique_ptr<int> const& q) { return *q; };
  CHECK(mb::get(mb::remote(by_reference)(std::make_unique<int>(4))) == 4);
}

TEST_CASE("a task lets captures and arguments go before its result can be read", "[remote]") {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    mb::manual_runtime rt({.seed = seed});
    auto const captured = std::make_shared<int>();
    auto const argument = std::make_shared<int>();
    auto const f = mb::remote([captured](std::shared_ptr<int> const&) {})(argument);
    auto const seen = mb::remote([&](mb::future<void> g) -> mb::task<long> {
      co_await g;
      co_return captured.use_count() * 10 + argument.use_count();
    })(f);
    REQUIRE(captured.use_count() == 2);
    REQUIRE(argument.use_count() == 2);
    REQUIRE(mb::get(seen) == 11);
  }
}

TEST_CASE("a task that is dropped lets captures and arguments go too", "[remote]") {
  mb::manual_runtime rt;
  auto const alive = std::make_shared<int>();
  auto const f = mb::remote([alive](std::shared_ptr<int> const&) {})(alive);
  CHECK(alive.use_count() == 3);
  rt.shutdown(mb::on_shutdown::drop);
  CHECK(alive.use_count() == 1);
}

TEST_CASE("a call that is refused lets captures and arguments go too", "[remote]") {
  mb::manual_runtime rt;
  rt.shutdown();
  auto const alive = std::make_shared<int>();
  CHECK_THROWS_AS(rt.remote([alive](std::shared_ptr<int> const&) {})(alive), mb::no_runtime);
  CHECK_THROWS_AS(rt.remote([alive](int) {})(mb::put(1)), mb::no_runtime);
  CHECK(alive.use_count() == 1);
}

TEST_CASE("a task runs though nobody keeps its future", "[remote]") {
  mb::manual_runtime rt;
  bool ran = false;
  static_cast<void>(mb::remote([&] { ran = true; })());
  rt.run_until_idle();
  CHECK(ran);
}

TEST_CASE("a remote function can be kept and called many times", "[remote]") {
  mb::manual_runtime rt;
  auto const adds = mb::remote(add);
  std::vector<mb::future<int>> futures;
  for (int i = 0; i < 10; ++i) futures.push_back(adds(i, i));
  CHECK(mb::get(futures).back() == 18);
}

TEST_CASE("an argument whose copy throws fails the call at once, and leaves nothing behind", "[remote]") {
  struct throws_when_copied {
    throws_when_copied() = default;
    throws_when_copied(throws_when_copied const&) { throw std::domain_error("no copy"); }
  };
  mb::manual_runtime rt;
  throws_when_copied const argument;
  CHECK_THROWS_AS(mb::remote([](throws_when_copied const&) {})(argument), std::domain_error);
  CHECK(rt.run_until_idle() == 0);
  rt.shutdown();
}

TEST_CASE("errors keep their type, through plain tasks and coroutines", "[remote]") {
  mb::manual_runtime rt;
  auto const plain = mb::remote([]() -> int { throw std::out_of_range("plain"); })();
  auto const coroutine = mb::remote([]() -> mb::task<int> {
    co_await mb::sleep_for(1s);
    throw std::length_error("coroutine");
  })();
  auto const before_coroutine = mb::remote([]() -> mb::task<int> { throw std::range_error("in the call itself"); })();
  auto const not_a_coroutine = mb::remote([](bool fail) -> mb::task<int> {
    if (fail) throw std::overflow_error("no coroutine was made");
    return slow_add(1, 2);
  })(true);
  CHECK_THROWS_AS(mb::get(plain), std::out_of_range);
  CHECK_THROWS_AS(mb::get(coroutine), std::length_error);
  CHECK_THROWS_AS(mb::get(before_coroutine), std::range_error);
  CHECK_THROWS_AS(mb::get(not_a_coroutine), std::overflow_error);
}

TEST_CASE("a task can submit tasks to another runtime by name", "[remote]") {
  mb::manual_runtime first;
  mb::manual_runtime second;
  mb::future<int> child;
  static_cast<void>(second.remote([&] { child = first.remote(add)(1, 2); })());
  second.run_until_idle();
  CHECK_FALSE(child.ready());
  CHECK(first.run_until_idle() == 1);
  CHECK(mb::get(child) == 3);
}
