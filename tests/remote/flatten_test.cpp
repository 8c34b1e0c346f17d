#include "mobula/remote/flatten.hpp"

#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "mobula/mobula.hpp"
#include "support/catch.hpp"

namespace mb = mobula;
using namespace std::chrono_literals;

namespace {

mb::task<int> after(mb::detail::duration d, int x) {
  co_await mb::sleep_for(d);
  if (x < 0) throw std::domain_error("negative");
  co_return x;
}

mb::future<int> submits(int x) { return mb::remote(after)(1s, x); }
mb::task<mb::future<int>> task_of_future(int x) { co_return submits(x); }
mb::task<mb::task<int>> task_of_task(int x) { co_return after(1s, x); }
mb::task<mb::future<int>> layers(int x) {
  co_await mb::sleep_for(1s);
  co_return mb::remote(task_of_task)(x);
}

}  // namespace

TEST_CASE("a task that returns a future or a task has the result of that one", "[remote]") {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    mb::manual_runtime rt({.seed = seed});
    mb::future<int> const a = mb::remote(submits)(1);
    mb::future<int> const b = mb::remote(task_of_future)(2);
    mb::future<int> const c = mb::remote(task_of_task)(3);
    mb::future<int> const d = mb::remote(layers)(4);
    REQUIRE(mb::get(std::vector{a, b, c, d}) == std::vector{1, 2, 3, 4});
    REQUIRE(rt.now().time_since_epoch() == 2s);
  }
}

TEST_CASE("what is flattened may be nothing, a reference, or only movable", "[remote]") {
  mb::manual_runtime rt;
  int object = 1;
  mb::future<void> const nothing = mb::remote([] { return mb::remote([] {})(); })();
  mb::get(nothing);
  mb::future<int&> const reference = mb::remote([&] { return mb::remote([&]() -> int& { return object; })(); })();
  CHECK(&mb::get(reference) == &object);
  mb::future<std::unique_ptr<int>> p = mb::remote([] { return mb::put(std::make_unique<int>(3)); })();
  CHECK(*mb::get(std::move(p)) == 3);
}

TEST_CASE("what a flattened call depends on is awaited first", "[remote]") {
  mb::manual_runtime rt;
  CHECK(mb::get(mb::remote(submits)(mb::remote(submits)(5))) == 5);
}

TEST_CASE("the failure of the inner future is that of the outer one, and its cause", "[remote]") {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    mb::manual_runtime rt({.seed = seed});
    auto const f = mb::remote(submits)(-1);
    REQUIRE_THROWS_AS(mb::get(f), std::domain_error);
    REQUIRE(f.failure()->cause().has_value());
    auto const thrown = mb::remote([]() -> mb::future<int> { throw std::range_error("in the call"); })();
    REQUIRE_THROWS_AS(mb::get(thrown), std::range_error);
    auto const nothing = mb::remote([] { return mb::future<int>(); })();
    REQUIRE_THROWS_WITH(mb::get(nothing), Catch::Contains("handle to nothing"));
  }
}

TEST_CASE("a task that hands on to the next, many times, holds no stack", "[remote]") {
  mb::manual_runtime rt;
  struct countdown {
    static mb::future<int> from(int n) { return n == 0 ? mb::put(7) : mb::remote(&from)(n - 1); }
  };
  CHECK(mb::get(mb::remote(&countdown::from)(5'000)) == 7);
}

TEST_CASE("get of a task that gives a future gives its value", "[remote]") {
  mb::manual_runtime rt;
  CHECK(mb::get(task_of_future(5)) == 5);
}

TEST_CASE("a member that is a future is awaited where it is called", "[remote]") {
  mb::manual_runtime rt;
  struct with_future {
    mb::future<int> f;
  };
  with_future const object{mb::put(3)};
  mb::future<int> const f = mb::remote(&with_future::f)(object);
  CHECK(mb::get(f) == 3);
}
