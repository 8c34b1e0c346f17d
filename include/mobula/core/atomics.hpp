#pragma once

#include <mobula/core/process_barrier.hpp>

#include <atomic>
#include <thread>

namespace mobula::detail {

/// The atomics of the standard library, as the lock-free parts name them. They take this as a parameter so that
/// the model checker can run the very same code on atomics of its own (tests/models).
struct std_atomics {
  template <class T>
  using atomic = std::atomic<T>;
  static constexpr auto relaxed = std::memory_order_relaxed;
  static constexpr auto acquire = std::memory_order_acquire;
  static constexpr auto release = std::memory_order_release;
  static constexpr auto acq_rel = std::memory_order_acq_rel;
  static constexpr auto seq_cst = std::memory_order_seq_cst;

  // See process_barrier.hpp.
  static bool has_process_barrier() noexcept { return process_barrier_available; }
  static void process_barrier() noexcept { detail::process_barrier(); }
  static void compiler_barrier() noexcept { std::atomic_signal_fence(std::memory_order_seq_cst); }
  /// Between two looks at what another is about to change.
  static void pause() noexcept { std::this_thread::yield(); }
};

/// Keeps what two threads write apart: two cache lines, as processors fetch them in pairs.
inline constexpr unsigned cache_line = 128;

}  // namespace mobula::detail
