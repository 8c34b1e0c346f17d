#pragma once

#include <mobula/task/gate.hpp>

#include <cassert>
#include <cstddef>
#include <cstdint>

namespace mobula {

/// Counts down, once: who waits goes on when it has come to zero.
///
///     mb::latch loaded(3);
///     loaded.count_down();    // three times, by whomever
///     co_await loaded.wait();   // in a coroutine; elsewhere mb::get(loaded.wait())
///
/// It belongs to no runtime. Threads: any.
/// Lifetime: outlives those who wait for it; they may end it then, though the last `count_down` has not returned.
class latch : detail::gate<latch> {
 public:
  explicit constexpr latch(std::ptrdiff_t count) noexcept : gate("latch"), count_(count) { assert(count >= 0); }

  /// Counts down by `n`, which must not be more than is left.
  void count_down(std::ptrdiff_t n = 1) noexcept {
    change([&]() noexcept {
      assert(n >= 0 && n <= count_);
      count_ -= n;
    });
  }

  /// Tells whether it has come to zero.
  [[nodiscard]] bool try_wait() noexcept { return try_pass(0); }

  /// Waits until it has come to zero.
  [[nodiscard("it waits for nothing until it is awaited: co_await it, or give it to get")]] auto wait() & noexcept {
    return detail::passage<latch>(*this);
  }

  /// Counts down at once, and gives what waits for the others. To give up waiting does not take that back.
  [[nodiscard("it has counted down, but waits for nothing until it is awaited")]] auto arrive_and_wait(
      std::ptrdiff_t n = 1) & noexcept {
    count_down(n);
    return wait();
  }

 private:
  friend detail::gate<latch>;
  friend detail::passage<latch>;

  static constexpr auto waits_for = "a latch";

  [[nodiscard]] bool admits(std::uint64_t) const noexcept { return count_ == 0; }
  void enter(std::uint64_t) noexcept {}

  std::ptrdiff_t count_;
};

}  // namespace mobula
