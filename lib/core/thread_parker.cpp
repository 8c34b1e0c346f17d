#include "thread_parker.hpp"

#include <algorithm>

namespace mobula::detail {

bool thread_parker::park(int most_spins, time_point limit) {
  int const least = std::min(32, most_spins);
  for (int i = 0, n = std::min(spins_, most_spins); i < n; ++i) {
    if (token_.load(std::memory_order_acquire)) {
      spins_ = std::min(std::max(spins_, 1) * 2, most_spins);
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

// A turn is a pause of some 10 ns.
int spins_for(duration d) noexcept { return static_cast<int>(std::chrono::nanoseconds(d).count() * 2048 / 20'000); }

void thread_parker::unpark() noexcept {
  std::lock_guard const lock(mutex_);  // held while notifying: the sleeper can't return and end before that
  token_.store(true, std::memory_order_release);
  wake_.notify_one();
}

}  // namespace mobula::detail
