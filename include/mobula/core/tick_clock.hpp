#pragma once

#include <mobula/requirements.hpp>

#include <chrono>
#include <cstdint>

namespace mobula::detail {

/// The cheapest clock there is: for deciding how to split work, never for what a user sees.
[[gnu::always_inline]] inline std::uint64_t ticks() noexcept {
#if defined(__x86_64__)
  return __builtin_ia32_rdtsc();
#else
  return static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count());
#endif
}

/// How many ticks make a microsecond; measured once, in some microseconds, at the first call.
[[nodiscard]] std::uint64_t ticks_per_microsecond() noexcept;

}  // namespace mobula::detail
