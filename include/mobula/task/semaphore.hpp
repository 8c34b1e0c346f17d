#pragma once

#include <mobula/task/gate.hpp>

#include <cassert>
#include <cstddef>
#include <cstdint>

namespace mobula {

class semaphore;

namespace detail {

/// Waits for a permit.
class [[nodiscard("it acquires nothing until it is awaited: co_await it, or give it to get")]] acquire_operation
    : public passage<semaphore> {
 public:
  acquire_operation(gate<semaphore>& g, semaphore& s) noexcept : passage(g), semaphore_(&s) {}
  acquire_operation(acquire_operation&&) noexcept = default;
  /// Gives the permit back, if it has got one and nobody has asked for it.
  ~acquire_operation();

 private:
  semaphore* semaphore_;
};

}  // namespace detail

/// A number of permits: who acquires one while there is none waits until somebody releases one.
///
///     mb::semaphore connections(8);
///     co_await connections.acquire();   // in a coroutine; elsewhere mb::get(connections.acquire())
///     ...
///     connections.release();
///
/// It belongs to no runtime. It is fair: a permit goes to the first in line.
/// Threads: any; who releases needs not be who has acquired.
/// Lifetime: outlives those who wait for it.
class semaphore : detail::gate<semaphore> {
 public:
  explicit constexpr semaphore(std::ptrdiff_t permits) noexcept : gate("semaphore"), permits_(permits) {
    assert(permits >= 0);
  }

  /// Waits for a permit, and takes it.
  [[nodiscard]] auto acquire() & noexcept { return detail::acquire_operation(*this, *this); }

  /// Takes a permit if there is one, and nobody waits for it; tells whether it has.
  [[nodiscard]] bool try_acquire() noexcept { return try_pass(0); }

  /// Adds so many permits.
  void release(std::ptrdiff_t permits = 1) noexcept {
    assert(permits >= 0);
    change([&]() noexcept { permits_ += permits; });
  }

 private:
  friend detail::gate<semaphore>;
  friend detail::passage<semaphore>;

  static constexpr auto waits_for = "a permit of a semaphore";

  [[nodiscard]] bool admits(std::uint64_t) const noexcept { return permits_ > 0; }
  void enter(std::uint64_t) noexcept { --permits_; }

  std::ptrdiff_t permits_;
};

inline detail::acquire_operation::~acquire_operation() {
  if (passed()) semaphore_->release();
}

}  // namespace mobula
