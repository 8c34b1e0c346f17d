#pragma once

#include <mobula/requirements.hpp>

#include <chrono>

namespace mobula::detail {

using time_point = std::chrono::steady_clock::time_point;
using duration = std::chrono::steady_clock::duration;

[[noreturn]] void throw_no_duration();

/// A duration of any type in the clock's own, rounded up; the longest, or shortest, for what is beyond.
///
/// Errors: throws mobula::error for what is not a number.
template <class Rep, class Period>
[[nodiscard]] constexpr duration to_clock(std::chrono::duration<Rep, Period> const& d) {
  using nanoseconds = std::chrono::duration<double, std::nano>;  // in floating point: nothing overflows
  nanoseconds const rough(d);
  if (rough >= nanoseconds(duration::max())) return duration::max();
  if (rough <= nanoseconds(duration::min())) return duration::min();
  if (rough != rough) throw_no_duration();
  return std::chrono::ceil<duration>(d);
}

/// A duration in options: made of one of any type, and the longest for what is longer, so that hours::max() means for ever.
class time_span : public duration {
 public:
  constexpr time_span() noexcept : duration(zero()) {}
  template <class Rep, class Period>
  constexpr time_span(std::chrono::duration<Rep, Period> const& d)  // NOLINT: durations convert
      : duration(to_clock(d)) {}
};

/// The point in time that comes `d` after `t`; the last, or first, there is for what is beyond.
[[nodiscard]] constexpr time_point time_after(time_point t, duration d) noexcept {
  duration const since = t.time_since_epoch();
  if (d > duration::zero() && since > duration::max() - d) return time_point::max();
  if (d < duration::zero() && since < duration::min() - d) return time_point::min();
  return t + d;
}

/// How long it is from one point in time to another; the longest, or shortest, duration for what is beyond.
[[nodiscard]] constexpr duration time_between(time_point from, time_point to) noexcept {
  duration const a = from.time_since_epoch(), b = to.time_since_epoch();
  if (a < duration::zero() && b > duration::max() + a) return duration::max();
  if (a > duration::zero() && b < duration::min() + a) return duration::min();
  return b - a;
}

}  // namespace mobula::detail
