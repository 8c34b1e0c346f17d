#include "mobula/core/select.hpp"

#include <stdexcept>
#include <string>
#include <variant>

#include "mobula/mobula.hpp"
#include "support/catch.hpp"

namespace mb = mobula;
using namespace std::chrono_literals;

namespace {

mb::task<int> slow(int x, std::chrono::milliseconds d) {
  co_await mb::sleep_for(d);
  co_return x;
}

}  // namespace

TEST_CASE("select gives the result of the first, at its index", "[task]") {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    mb::manual_runtime rt({.seed = seed});
    auto const race = [](std::chrono::milliseconds a, std::chrono::milliseconds b) -> mb::task<std::string> {
      auto const first = mb::remote(slow)(1, a);
      auto winner = co_await mb::select(first, mb::remote(slow)(2, b), mb::sleep_for(50ms));
      static_assert(
          std::is_same_v<decltype(winner), std::variant<std::reference_wrapper<int const>, int, std::monostate>>);
      if (winner.index() == 0) co_return "first " + std::to_string(std::get<0>(winner));
      if (winner.index() == 1) co_return "second " + std::to_string(std::get<1>(winner));
      co_return "nobody";
    };
    CHECK(mb::get(mb::remote(race)(1ms, 2ms)) == "first 1");
    CHECK(mb::get(mb::remote(race)(2ms, 1ms)) == "second 2");
    CHECK(mb::get(mb::remote(race)(70ms, 60ms)) == "nobody");
  }
}

TEST_CASE("of several that are ready, select takes the first in order", "[task]") {
  mb::manual_runtime rt;
  auto const a = mb::put(1), b = mb::put(2);
  CHECK(mb::get(mb::select(a, b)).index() == 0);
  CHECK(mb::get(mb::select(mb::sleep_for(1h), b, a)).index() == 1);
}

TEST_CASE("select works in plain tasks and on threads outside", "[task]") {
  mb::manual_runtime rt;
  CHECK(mb::get(mb::select(mb::sleep_for(1h), mb::remote(slow)(1, 1ms))).index() == 1);
  auto const plain = mb::remote([] { return mb::get(mb::select(mb::sleep_for(1h), mb::sleep_for(1ms))).index(); });
  CHECK(mb::get(plain()) == 1);
}

TEST_CASE("a select throws what its winner does, and only that", "[task]") {
  mb::manual_runtime rt;
  auto const bad = mb::remote([]() -> int { throw std::runtime_error("bad"); })();
  auto const good = mb::remote(slow)(1, 1ms);
  CHECK_THROWS_AS(mb::get(mb::select(mb::sleep_for(1h), bad)), std::runtime_error);
  CHECK(mb::get(mb::select(good, mb::sleep_for(1h))).index() == 0);
}

TEST_CASE("selects may be nested, and the losers leave nothing behind", "[task]") {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    mb::manual_runtime rt({.seed = seed});
    auto const nested = [](std::chrono::milliseconds a) -> mb::task<std::size_t> {
      auto const f = mb::remote(slow)(1, a);
      auto v = co_await mb::select(mb::select(f, mb::sleep_for(30ms)), mb::timeout(f, 1h), mb::sleep_for(20ms));
      co_return v.index() == 0 ? std::get<0>(v).index() : v.index() * 10;
    };
    auto const early = mb::get(mb::remote(nested)(10ms));
    CHECK((early == 0 || early == 10));  // two wait for the same future
    CHECK(mb::get(mb::remote(nested)(40ms)) == 20);
    rt.advance(1s);
    CHECK(rt.pending().timers == 0);
  }
}

TEST_CASE("a select that is given a limit is one operation like any other", "[task]") {
  mb::manual_runtime rt;
  CHECK_THROWS_AS(mb::get(mb::select(mb::sleep_for(1h), mb::sleep_for(2h)), 1ms), mb::timeout_error);
  CHECK(rt.pending().timers == 0);
}
