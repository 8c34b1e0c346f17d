#pragma once

#include <mobula/requirements.hpp>

#include <atomic>
#include <thread>

namespace mobula::detail {

/// A mutex for a few instructions that many threads want often: a sleep in the kernel would cost more than all of them.
class spin_lock {
 public:
  void lock() noexcept {
    for (int spins = 0; held_.exchange(true, std::memory_order_acquire);) {  // pairs with unlock
      while (held_.load(std::memory_order_relaxed)) {
        __builtin_ia32_pause();
        if (++spins % 256 == 0) std::this_thread::yield();  // the holder may have been put aside
      }
    }
  }
  void unlock() noexcept { held_.store(false, std::memory_order_release); }

 private:
  std::atomic<bool> held_{false};
};

}  // namespace mobula::detail
