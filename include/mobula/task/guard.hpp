#pragma once

#include <mobula/task/gate.hpp>

#include <cstdint>
#include <utility>

namespace mobula::detail {

class condition_wait;

/// Holds a lock and gives it back in its end; see mutex and shared_mutex. It may end on another thread than it began.
template <class Mutex, void (Mutex::*Unlock)() noexcept>
class [[nodiscard("its end unlocks: give it a name that lives as long as the lock is needed")]] guard {
 public:
  /// Holds nothing.
  guard() noexcept = default;
  guard(guard&& other) noexcept : mutex_(std::exchange(other.mutex_, nullptr)) {}
  guard& operator=(guard other) noexcept {
    std::swap(mutex_, other.mutex_);
    return *this;
  }
  ~guard() { unlock(); }

  /// Gives the lock back now, if it holds one.
  void unlock() noexcept {
    if (Mutex* const m = std::exchange(mutex_, nullptr)) (m->*Unlock)();
  }

  [[nodiscard]] bool owns_lock() const noexcept { return mutex_ != nullptr; }
  [[nodiscard]] explicit operator bool() const noexcept { return owns_lock(); }

 private:
  friend Mutex;
  friend condition_wait;
  template <class M, class G>
  friend class lock_operation;
  explicit guard(Mutex* m) noexcept : mutex_(m) {}

  Mutex* mutex_ = nullptr;
};

/// Waits for a lock, and gives a guard that holds it.
template <class Mutex, class Guard>
class [[nodiscard("it locks nothing until it is awaited: co_await it, or give it to get")]] lock_operation
    : public passage<Mutex> {
 public:
  lock_operation(gate<Mutex>& g, Mutex& m, std::uint64_t wish) noexcept : passage<Mutex>(g, wish), mutex_(&m) {}
  lock_operation(lock_operation&&) noexcept = default;
  /// Unlocks, if it has got the lock and nobody has asked for it.
  ~lock_operation() {
    if (this->passed()) static_cast<void>(result());
  }

  Guard result() noexcept {
    passage<Mutex>::result();
    return Guard(mutex_);
  }

 private:
  Mutex* mutex_;
};

}  // namespace mobula::detail
