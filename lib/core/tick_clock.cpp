#include <mobula/core/tick_clock.hpp>

#include <algorithm>

namespace mobula::detail {
namespace {

std::uint64_t measure() noexcept {
  using clock = std::chrono::steady_clock;
  auto const start = clock::now();
  auto const first = ticks();
  auto elapsed = clock::duration::zero();
  while (elapsed < std::chrono::microseconds(50)) elapsed = clock::now() - start;
  auto const ns = std::chrono::duration_cast<std::chrono::nanoseconds>(elapsed).count();
  return std::max<std::uint64_t>(1, (ticks() - first) * 1000 / static_cast<std::uint64_t>(ns));
}

}  // namespace

std::uint64_t ticks_per_microsecond() noexcept {
  static std::uint64_t const n = measure();
  return n;
}

}  // namespace mobula::detail
