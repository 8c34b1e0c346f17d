#include "mobula/core/wake_credit.hpp"

#include "support/catch.hpp"

using mobula::detail::wake_credit;

namespace {

constexpr std::uint64_t microsecond = 1000;

// How many calls of so many microseconds, with such pauses between them, come before one that wakes; 0 if none does.
int calls_until_wake(std::uint64_t took, std::uint64_t pause) {
  wake_credit c;
  std::uint64_t now = 1'000'000 * microsecond;
  for (int n = 1; n <= 10'000; ++n) {
    now += (pause + took) * microsecond;
    if (c.add(now, took * microsecond, microsecond)) return n;
  }
  return 0;
}

}  // namespace

TEST_CASE("calls that follow each other closely wake somebody when they have taken long enough together", "[core]") {
  CHECK(calls_until_wake(10, 1) == static_cast<int>(wake_credit::price / 10) + 1);
  CHECK(calls_until_wake(100, 1) == static_cast<int>(wake_credit::price / 100) + 1);
}

TEST_CASE("calls with pauses between them wake nobody, however many there are", "[core]") {
  CHECK(calls_until_wake(10, wake_credit::longest_pause + 5) == 0);
  CHECK(calls_until_wake(100, 1000) == 0);
}

TEST_CASE("after a wake, as much has to come together again", "[core]") {
  wake_credit c;
  std::uint64_t now = 1'000'000 * microsecond;
  int wakes = 0;
  for (int n = 0; n < 10'000; ++n) wakes += c.add(now += 11 * microsecond, 10 * microsecond, microsecond) ? 1 : 0;
  CHECK(wakes == 10'000 / (static_cast<int>(wake_credit::price / 10) + 1));
}
