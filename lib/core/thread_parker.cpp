#include "thread_parker.hpp"

#include <algorithm>

namespace mobula::detail {

bool thread_parker::park(time_point limit) {
  constexpr int least = 32, most = 2048;  // of pauses of some 15 ns
  for (int i = 0; i < spins_; ++i) {
    if (token_.load(std::memory_order_acquire)) {
      spins_ = std::min(spins_ * 2, most);
      break;
    }
    __builtin_ia32_pause();
  }
  std::unique_lock lock(mutex_);
  if (!token_.load(std::memory_order_relaxed)) {
    spins_ = std::max(spins_ / 2, least);
    auto const woken = [this] { return token_.load(std::memory_order_relaxed); };
    if (limit == time_point::max())
      wake_.wait(lock, woken);
    else if (!wake_.wait_until(lock, limit, woken))
      return false;
  }
  token_.store(false, std::memory_order_relaxed);
  return true;
}

void thread_parker::unpark() noexcept {
  std::lock_guard const lock(mutex_);  // held while notifying: the sleeper can't return and end before that
  token_.store(true, std::memory_order_release);
  wake_.notify_one();
}

}  // namespace mobula::detail
