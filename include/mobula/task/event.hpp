#pragma once

#include <mobula/task/gate.hpp>

#include <atomic>
#include <cstdint>

namespace mobula {

/// A flag to wait for: while it is set, nobody waits for it.
///
///     mb::event ready;
///     co_await ready.wait();   // in a coroutine; elsewhere mb::get(ready.wait())
///     ready.set();             // all who wait go on, and who comes later needs not wait
///     ready.reset();           // who comes now waits
///
/// Who waits when it is set goes on, also if it is reset at once. One that resets itself, so that each `set` lets one go
/// on, is a semaphore of no permits, with `release` for `set`; there, several add up.
/// It belongs to no runtime. Threads: any. Lifetime: outlives those who wait for it.
class event : detail::gate<event> {
 public:
  explicit constexpr event(bool set = false) noexcept : gate("event"), set_(set) {}

  void set() noexcept {
    change([this]() noexcept { set_.store(true, std::memory_order_release); });
  }
  void reset() noexcept {
    inspect([this]() noexcept { set_.store(false, std::memory_order_release); });
  }

  /// Tells whether it is set now. Unlike who has waited, who has seen that must not end the event: `set` may not have
  /// returned.
  [[nodiscard]] bool is_set() const noexcept { return set_.load(std::memory_order_acquire); }

  /// Waits until it is set.
  [[nodiscard("it waits for nothing until it is awaited: co_await it, or give it to get")]] auto wait() & noexcept {
    return detail::passage<event>(*this);
  }

 private:
  friend detail::gate<event>;
  friend detail::passage<event>;

  static constexpr auto waits_for = "an event";

  [[nodiscard]] bool admits(std::uint64_t) const noexcept { return set_.load(std::memory_order_relaxed); }
  void enter(std::uint64_t) noexcept {}

  // Written under the lock. `is_set` reads it without: its acquire pairs with the release in `set`.
  std::atomic<bool> set_;
};

}  // namespace mobula
