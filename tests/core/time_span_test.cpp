#include "mobula/core/time_span.hpp"

#include <limits>
#include <optional>

#include "mobula/core/error.hpp"
#include "support/catch.hpp"

using mobula::detail::duration;
using mobula::detail::time_after;
using mobula::detail::time_between;
using mobula::detail::time_point;
using mobula::detail::time_span;
using mobula::detail::to_clock;
using namespace std::chrono_literals;

namespace {

using seconds = std::chrono::duration<double>;
constexpr double infinity = std::numeric_limits<double>::infinity();

}  // namespace

TEST_CASE("a duration of any type is that of the clock, rounded up, or the longest or shortest there is", "[core]") {
  CHECK(to_clock(1s) == 1s);
  CHECK(to_clock(seconds(1e-10)) == 1ns);
  CHECK(to_clock(seconds(-1.5)) == -1500ms);
  CHECK(to_clock(std::chrono::hours::max()) == duration::max());
  CHECK(to_clock(std::chrono::hours::min()) == duration::min());
  CHECK(to_clock(duration::max()) == duration::max());
  CHECK(to_clock(duration::min()) == duration::min());
  CHECK(to_clock(seconds(infinity)) == duration::max());
  CHECK(to_clock(seconds(-infinity)) == duration::min());
  CHECK(to_clock(seconds(1e300)) == duration::max());
  CHECK_THROWS_AS(to_clock(seconds(std::numeric_limits<double>::quiet_NaN())), mobula::error);
}

TEST_CASE("options take durations of any type without overflow", "[core]") {
  time_span const for_ever = std::chrono::hours::max();
  std::optional<time_span> const limit = seconds(infinity);
  CHECK(for_ever == duration::max());
  CHECK(limit == duration::max());
  CHECK(time_span() == duration::zero());
  CHECK(std::optional<time_span>(std::optional(2s)) == 2s);
}

TEST_CASE("sums and differences of points in time stop at the first and the last there is", "[core]") {
  time_point const zero{};
  CHECK(time_after(zero + 1s, 1s) == zero + 2s);
  CHECK(time_after(zero + 1s, duration::max()) == time_point::max());
  CHECK(time_after(zero - 1s, duration::max()) == time_point::max() - 1s);
  CHECK(time_after(zero - 1s, duration::min()) == time_point::min());
  CHECK(time_after(time_point::max(), 1ns) == time_point::max());
  CHECK(time_between(zero + 1s, zero + 3s) == 2s);
  CHECK(time_between(zero + 1s, time_point::min()) == duration::min());
  CHECK(time_between(zero - 1s, time_point::max()) == duration::max());
  CHECK(time_between(time_point::max(), time_point::max()) == duration::zero());
  CHECK(time_between(time_point::min(), time_point::max()) == duration::max());
  CHECK(time_between(time_point::max(), time_point::min()) == duration::min());
}
