#pragma once

#include <mobula/core/timer_queue.hpp>

#include <chrono>
#include <cstdint>

namespace mobula {

/// How long a task waits before it is tried again: `first` after the first failure, `factor` times as long after each
/// other one, but no longer than `most`. To keep tasks that have failed together from trying again together, each wait
/// is shortened by up to `jitter` of it, at random: by the seed, on a manual runtime.
///
///     .max_retries = 5, .backoff = {.first = 100ms}       // about 0.1 s, 0.2 s, 0.4 s, 0.8 s, 1.6 s
struct backoff {
  detail::time_span first = detail::duration::zero();
  double factor = 2;
  detail::time_span most = std::chrono::seconds(30);
  double jitter = 0.5;
};

namespace detail {

/// The wait after so many failures, at least one; `random` is any number.
[[nodiscard]] duration wait_of(backoff const& b, unsigned failures, std::uint64_t random) noexcept;

}  // namespace detail
}  // namespace mobula
