#include "mobula/future/when_all.hpp"

#include <array>
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
  co_return x;
}

int fail_with(int x) { throw x; }

// Apart from the co_await: g++ 12 takes no initializer list in the same expression.
std::array<mb::future<int>, 2> two_futures() { return {mb::remote(after)(1s, 3), mb::put(4)}; }
std::vector<mb::future<int>> one_future() { return {mb::remote(after)(1s, 5)}; }

// Runs a coroutine to its end under a hundred orders.
template <class F>
void under_many_seeds(F coroutine) {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    mb::manual_runtime rt({.seed = seed});
    mb::get(mb::remote(coroutine)());
  }
}

}  // namespace

TEST_CASE("awaiting a list of futures gives their values in order, after the time of the longest", "[future]") {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    mb::manual_runtime rt({.seed = seed});
    auto const sums = mb::remote([]() -> mb::task<std::vector<int>> {
      std::vector<mb::future<int>> futures;
      for (int i = 0; i < 10; ++i) futures.push_back(mb::remote(after)((i * 3 % 10) * 1s, i));
      co_return co_await mb::when_all(futures);
    })();
    REQUIRE(mb::get(sums) == std::vector{0, 1, 2, 3, 4, 5, 6, 7, 8, 9});
    REQUIRE(rt.now().time_since_epoch() == 9s);
  }
}

TEST_CASE("a list, an array or a temporary of futures can be awaited like one", "[future]") {
  mb::manual_runtime rt;
  CHECK(mb::get(mb::remote([]() -> mb::task<int> {
          std::vector<mb::future<int>> const list{mb::remote(after)(1s, 1), mb::put(2)};
          std::vector<int> const a = co_await list;
          std::array<int, 2> const b = co_await two_futures();
          std::vector<int> const c = co_await one_future();
          co_return ((a[0] * 10 + a[1]) * 10 + b[0]) * 100 + b[1] * 10 + c[0];
        })()) == 12345);
}

TEST_CASE("futures of mixed types can be awaited together", "[future]") {
  under_many_seeds([]() -> mb::task<> {
    auto const number = mb::remote(after)(1s, 1);
    auto [a, b, c] = co_await mb::when_all(number, mb::put(std::string("two")), mb::remote([] {})());
    static_assert(std::is_same_v<decltype(c), std::monostate>);
    if (a != 1 || b != "two") throw std::logic_error("wrong values");
  });
}

TEST_CASE("awaiting futures of nothing waits for them, and an empty list is there at once", "[future]") {
  under_many_seeds([]() -> mb::task<> {
    int ran = 0;
    std::vector<mb::future<void>> futures;
    co_await mb::when_all(futures);
    for (int i = 0; i < 5; ++i) futures.push_back(mb::remote([&] { ++ran; })());
    co_await mb::when_all(futures);
    if (ran != 5) throw std::logic_error("not all were waited for");
    if (!(co_await mb::when_all(std::vector<mb::future<int>>())).empty()) throw std::logic_error("not empty");
  });
}

TEST_CASE("values of last handles are moved out of an awaited temporary", "[future]") {
  under_many_seeds([]() -> mb::task<> {
    auto const make = [](int x) { return std::make_unique<int>(x); };
    std::vector<mb::future<std::unique_ptr<int>>> futures;
    for (int i = 0; i < 3; ++i) futures.push_back(mb::remote(make)(i));
    auto const values = co_await mb::when_all(std::move(futures));
    auto [p, n] = co_await mb::when_all(mb::remote(make)(7), mb::put(8));
    if (*values[2] != 2 || *p != 7 || n != 8) throw std::logic_error("wrong values");
  });
}

TEST_CASE("of several awaited errors the first in order is thrown, after all are over", "[future]") {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    mb::manual_runtime rt({.seed = seed});
    bool list_over = false, tuple_over = false;
    auto const slow = [](bool& over) -> mb::task<int> {
      co_await mb::sleep_for(5s);
      co_return over = true;
    };
    auto const caught = mb::remote([&]() -> mb::task<int> {
      int sum = 0;
      try {
        std::vector<mb::future<int>> futures;
        futures.push_back(mb::remote(fail_with)(1));
        futures.push_back(mb::remote(fail_with)(2));
        futures.push_back(mb::remote(slow)(std::ref(list_over)));
        static_cast<void>(co_await futures);
      } catch (int which) { sum = list_over ? which : -100; }
      try {
        static_cast<void>(co_await mb::when_all(mb::put(0), mb::remote(fail_with)(30), mb::remote(fail_with)(40),
                                                mb::remote(slow)(std::ref(tuple_over))));
      } catch (int which) { sum += tuple_over ? which : -100; }
      co_return sum;
    })();
    REQUIRE(mb::get(caught) == 31);
  }
}

TEST_CASE("get waits for when_all where there is no co_await", "[future]") {
  mb::manual_runtime rt;
  auto const [a, b] = mb::get(mb::when_all(mb::remote(after)(1s, 1), mb::put(std::string("two"))));
  CHECK(a == 1);
  CHECK(b == "two");
  std::vector<mb::future<int>> const list{mb::put(1), mb::put(2)};
  CHECK(mb::get(mb::when_all(list)) == std::vector{1, 2});
}

TEST_CASE("awaiting a handle to nothing among others throws an error that says so", "[future]") {
  mb::manual_runtime rt;
  auto const f = mb::remote([]() -> mb::task<int> {
    std::vector<mb::future<int>> const list{mb::put(1), mb::future<int>()};
    co_return (co_await mb::when_all(list))[0];
  })();
  CHECK_THROWS_AS(mb::get(f), mb::error);
}

TEST_CASE("a future may be awaited twice in one list", "[future]") {
  mb::manual_runtime rt;
  CHECK(mb::get(mb::remote([]() -> mb::task<int> {
          auto const f = mb::remote(after)(1s, 2);
          auto const [a, b] = co_await mb::when_all(f, f);
          co_return a + b;
        })()) == 4);
}
