#include "mobula/remote/map_outcomes.hpp"

#include <memory>
#include <numeric>
#include <stdexcept>
#include <vector>

#include "mobula/mobula.hpp"
#include "support/catch.hpp"

namespace mb = mobula;
using namespace std::chrono_literals;

namespace {

std::vector<int> const numbers = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9};

int odd_only(int x) { return x % 2 == 1 ? x : throw std::runtime_error("even: " + std::to_string(x)); }

mb::task<int> odd_only_later(int x) {
  co_await mb::sleep_for((10 - x) * 1s);
  co_return odd_only(x);
}

bool right(std::vector<mb::outcome<int>> const& ys) {
  bool ok = ys.size() == 10;
  for (std::size_t i = 0; ok && i < 10; ++i)
    ok = i % 2 == 1 ? ys[i].has_value() && ys[i].get() == static_cast<int>(i)
                    : ys[i].failure()->message().find("even: " + std::to_string(i)) != std::string::npos;
  return ok;
}

}  // namespace

TEST_CASE("map_outcomes gives each item's value or failure in order, and does them all", "[remote]") {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    mb::manual_runtime rt({.seed = seed});
    REQUIRE(right(mb::map_outcomes(odd_only, numbers)));
    REQUIRE(right(mb::map_outcomes(odd_only_later, numbers)));
    REQUIRE(right(mb::map_outcomes(odd_only_later, numbers, {.in_flight = 3})));
    auto const awaits = []() -> mb::task<bool> {
      auto const ys = co_await mb::async_map_outcomes(odd_only, numbers);
      auto const zs = co_await mb::async_map_outcomes(odd_only_later, numbers);
      co_return right(ys) && right(zs);
    };
    REQUIRE(mb::get(mb::remote(awaits)()));
  }
  for (unsigned workers : {1U, 2U, 8U}) {
    mb::runtime rt({.num_cpus = workers});
    CHECK(right(mb::map_outcomes(odd_only, numbers, {.chunk = 1})));
  }
}

TEST_CASE("outcomes may be of void, and of what is move-only or has no default", "[remote]") {
  mb::manual_runtime rt;
  struct fixed {
    explicit fixed(int v) : value(v) {}
    int value;
  };
  CHECK(mb::map_outcomes([](int) {}, numbers)[3].has_value());
  CHECK(mb::map_outcomes([](int x) { return fixed(x); }, numbers)[3].get().value == 3);
  CHECK(*mb::map_outcomes([](int x) { return std::make_unique<int>(x); }, numbers)[3].take() == 3);
  CHECK(mb::map_outcomes([](int x) -> mb::task<> { co_return x == 3 ? throw x : void(); }, numbers)[3].has_failure());
}
