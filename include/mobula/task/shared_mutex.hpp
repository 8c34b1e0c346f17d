#pragma once

#include <mobula/task/guard.hpp>

#include <cassert>
#include <cstddef>
#include <cstdint>

namespace mobula {

/// A lock that one writer or many readers hold at a time; see mutex.
///
///     mb::shared_mutex m;
///     auto writes = co_await m.lock();
///     auto reads = mb::get(m.lock_shared());
///
/// It is fair: readers that come after a writer who waits wait behind it, so neither starves the other. Hence a task that
/// reads must not ask to read once more.
/// Threads: any; it may be unlocked on another one than it was locked on.
/// Lifetime: outlives its guards and those who wait for it.
class shared_mutex : detail::gate<shared_mutex> {
  void unlock() noexcept {
    change([this]() noexcept {
      assert(written_);
      written_ = false;
    });
  }
  void unlock_shared() noexcept {
    change([this]() noexcept {
      assert(readers_ > 0);
      --readers_;
    });
  }

 public:
  /// Hold the lock until their end.
  using guard = detail::guard<shared_mutex, &shared_mutex::unlock>;
  using shared_guard = detail::guard<shared_mutex, &shared_mutex::unlock_shared>;

  constexpr shared_mutex() noexcept : gate("shared_mutex") {}

  /// Waits for the lock, alone or with other readers, and gives a guard.
  [[nodiscard]] auto lock() & noexcept { return detail::lock_operation<shared_mutex, guard>(*this, *this, write); }
  [[nodiscard]] auto lock_shared() & noexcept {
    return detail::lock_operation<shared_mutex, shared_guard>(*this, *this, read);
  }

  /// Locks it if that needs no waiting, for readers also not for a writer who waits; else the guard holds nothing.
  [[nodiscard]] guard try_lock() & noexcept { return guard(try_pass(write) ? this : nullptr); }
  [[nodiscard]] shared_guard try_lock_shared() & noexcept { return shared_guard(try_pass(read) ? this : nullptr); }

 private:
  friend detail::gate<shared_mutex>;
  friend detail::passage<shared_mutex>;

  static constexpr auto waits_for = "a lock of a shared_mutex";
  static constexpr std::uint64_t write = 0, read = 1;

  [[nodiscard]] bool admits(std::uint64_t wish) const noexcept { return !written_ && (wish == read || readers_ == 0); }
  void enter(std::uint64_t wish) noexcept {
    if (wish == read)
      ++readers_;
    else
      written_ = true;
  }

  bool written_ = false;
  std::size_t readers_ = 0;
};

}  // namespace mobula
