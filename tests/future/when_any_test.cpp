#include "mobula/future/when_any.hpp"

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

std::vector<mb::future<int>> five() {
  std::vector<mb::future<int>> futures;
  for (int i = 0; i < 5; ++i) futures.push_back(mb::remote(after)((1 + (i + 2) % 5) * 1s, i));
  return futures;
}

}  // namespace

TEST_CASE("when_any gives the index of the one that is ready first, and leaves the others as they are", "[future]") {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    mb::manual_runtime rt({.seed = seed});
    auto const futures = five();
    REQUIRE(mb::get(mb::when_any(futures)) == 3);
    REQUIRE(rt.now().time_since_epoch() == 1s);
    REQUIRE(mb::get(futures) == std::vector{0, 1, 2, 3, 4});
  }
}

TEST_CASE("when_any in a coroutine takes futures of any types", "[future]") {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    mb::manual_runtime rt({.seed = seed});
    auto const first = mb::remote([]() -> mb::task<std::size_t> {
      auto const slow = mb::remote(after)(3s, 1);
      auto const text = slow.then([](int) { return std::string("late"); });
      auto const nothing = mb::remote(after)(1s, 2).then([](int) {});
      std::size_t const i = co_await mb::when_any(slow, text, nothing);
      co_await mb::when_all(slow, text);
      co_return i;
    })();
    REQUIRE(mb::get(first) == 2);
  }
}

TEST_CASE("of several that are ready when_any gives the first in order, without waiting", "[future]") {
  CHECK(mb::get(mb::when_any(std::vector{mb::put(1), mb::put(2)})) == 0);
  mb::manual_runtime rt;
  CHECK(mb::get(mb::when_any(mb::remote(after)(1s, 1), mb::put(2), mb::put(3))) == 1);
  CHECK(rt.now().time_since_epoch() == 0s);
}

TEST_CASE("a failed future counts as ready for when_any", "[future]") {
  mb::manual_runtime rt;
  auto const failed = mb::remote([]() -> int { throw std::domain_error("no"); })();
  CHECK(mb::get(mb::when_any(mb::remote(after)(1s, 1), failed)) == 1);
  CHECK_THROWS_AS(mb::get(failed), std::domain_error);
}

TEST_CASE("when_any has a time limit like all that waits", "[future]") {
  mb::manual_runtime rt;
  auto const futures = five();
  CHECK_THROWS_AS(mb::get(mb::when_any(futures), 999ms), mb::timeout_error);
  CHECK_THROWS_AS(mb::get(mb::timeout(mb::when_any(futures), 500us)), mb::timeout_error);
  CHECK(mb::get(mb::when_any(futures), 1s) == 3);
}

TEST_CASE("when_any of nothing says that it would never end", "[future]") {
  CHECK_THROWS_AS(mb::when_any(std::vector<mb::future<int>>()), std::invalid_argument);
}
