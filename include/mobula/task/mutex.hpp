#pragma once

#include <mobula/task/guard.hpp>

#include <cassert>
#include <cstdint>

namespace mobula {

/// A lock that one holds at a time, and that may be held over a co_await or a get: whoever waits for it holds up no
/// worker.
///
///     mb::mutex m;
///     auto guard = co_await m.lock();   // in a coroutine
///     auto guard = mb::get(m.lock());   // in a plain task, or on a thread
///     auto guard = co_await mb::timeout(m.lock(), 1s);
///
/// It belongs to no runtime. It is fair: who unlocks it hands it to the first in line, who owns it from then on.
/// Threads: any; it may be unlocked on another one than it was locked on.
/// Lifetime: outlives its guards and those who wait for it.
class mutex : detail::gate<mutex> {
  void unlock() noexcept {
    change([this]() noexcept {
      assert(locked_);
      locked_ = false;
    });
  }

 public:
  /// Holds the lock until its end.
  using guard = detail::guard<mutex, &mutex::unlock>;

  constexpr mutex() noexcept : gate("mutex") {}

  /// Waits for the lock, and gives a guard.
  [[nodiscard]] auto lock() & noexcept { return detail::lock_operation<mutex, guard>(*this, *this, 0); }

  /// Locks it if it is free; else the guard holds nothing.
  [[nodiscard]] guard try_lock() & noexcept { return guard(try_pass(0) ? this : nullptr); }

 private:
  friend detail::gate<mutex>;
  friend detail::passage<mutex>;
  friend detail::condition_wait;

  static constexpr auto waits_for = "a lock of a mutex";

  [[nodiscard]] bool admits(std::uint64_t) const noexcept { return !locked_; }
  void enter(std::uint64_t) noexcept { locked_ = true; }

  bool locked_ = false;
};

}  // namespace mobula
