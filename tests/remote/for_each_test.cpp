#include "mobula/remote/for_each.hpp"

#include <atomic>
#include <list>
#include <memory>
#include <vector>

#include "mobula/mobula.hpp"
#include "support/catch.hpp"

namespace mb = mobula;
using namespace std::chrono_literals;

TEST_CASE("for_each calls a plain function with every element, which it may change", "[remote]") {
  std::vector<int> xs = {1, 2, 3};
  std::list<int> list = {1, 2, 3};
  {
    mb::manual_runtime rt;
    mb::for_each([](int& x) { x *= 10; }, xs);
    CHECK(xs == std::vector{10, 20, 30});
    mb::for_each([](int& x) { return x *= 10; }, list);  // what it returns is dropped
    CHECK(list == std::list{10, 20, 30});
    mb::get(mb::remote([&] { mb::for_each([](int& x) { ++x; }, xs); })());
    CHECK(xs == std::vector{11, 21, 31});
  }
  for (unsigned workers : {1U, 2U, 8U}) {
    mb::runtime rt({.num_cpus = workers});
    std::vector<int> many(100'000, 1);
    mb::for_each([](int& x) { x += 1; }, many, {.chunk = 100});
    CHECK(many == std::vector<int>(100'000, 2));
  }
}

TEST_CASE("for_each awaits coroutines, all at once or as many as in_flight says", "[remote]") {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    mb::manual_runtime rt({.seed = seed});
    std::vector<int> xs = {1, 2, 3, 4};
    auto const f = [](int& x) -> mb::task<std::unique_ptr<int>> {
      co_await mb::sleep_for(1s);
      x *= 10;
      co_return nullptr;
    };
    mb::for_each(f, xs);
    REQUIRE(rt.now().time_since_epoch() == 1s);
    mb::for_each(f, xs, {.in_flight = 2});
    REQUIRE(rt.now().time_since_epoch() == 3s);
    REQUIRE(xs == std::vector{100, 200, 300, 400});
  }
}

TEST_CASE("for_each throws what the first element in order that failed threw", "[remote]") {
  mb::manual_runtime rt;
  std::vector<int> const xs = {1, 2, 3, 4};
  int called = 0;
  auto const f = [&](int x) {
    ++called;
    if (x >= 3) throw x;
  };
  try {
    mb::for_each(f, xs);
    FAIL("nothing was thrown");
  } catch (int which) { CHECK(which == 3); }
  CHECK(called == 3);
}
