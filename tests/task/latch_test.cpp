#include "mobula/task/latch.hpp"

#include <vector>

#include "mobula/mobula.hpp"
#include "support/catch.hpp"

namespace mb = mobula;
using namespace std::chrono_literals;

TEST_CASE("who waits for a latch goes on when it has come to zero: coroutines, plain tasks and main", "[task]") {
  mb::explore(
      [](mb::manual_options const& seeded) {
        mb::latch l(4);
        int counted = 0;
        mb::manual_runtime rt(seeded);
        std::vector<mb::future<int>> waiters;
        for (int i = 0; i < 2; ++i) {
          waiters.push_back(mb::remote([&]() -> mb::task<int> {
            co_await l.wait();
            co_return counted;
          })());
          waiters.push_back(mb::remote([&] {
            mb::get(l.wait());
            return counted;
          })());
        }
        auto const count = [&](int n) -> mb::task<> {
          co_await mb::yield();
          counted += n;
          l.count_down(n);
        };
        auto a = mb::remote(count)(1), b = mb::remote(count)(2), c = mb::remote(count)(1);
        mb::get(l.wait());
        REQUIRE(counted == 4);
        for (int const n : mb::get(waiters)) REQUIRE(n == 4);
        REQUIRE(l.try_wait());
        mb::get(a, b, c);
      },
      {.seeds = 300});
}

TEST_CASE("a latch of zero keeps nobody", "[task]") {
  mb::latch l(0);
  CHECK(l.try_wait());
  mb::get(l.wait());
}

TEST_CASE("to arrive at a latch counts at once, whether or not the wait is given up", "[task]") {
  mb::latch l(2);
  mb::manual_runtime rt;
  CHECK_THROWS_AS(mb::get(l.arrive_and_wait(), 1ms), mb::timeout_error);
  CHECK_FALSE(l.try_wait());
  mb::get(mb::remote([&]() -> mb::task<> { co_await l.arrive_and_wait(); })());
  CHECK(l.try_wait());
}
