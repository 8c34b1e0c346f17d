#pragma once

#include <mobula/core/scheduler.hpp>

#include <atomic>
#include <condition_variable>
#include <mutex>

namespace mobula::detail {

/// Puts one thread to sleep until another wakes it. A wake that comes first is kept.
class thread_parker {
 public:
  /// Takes a wake, or waits for one; false if the limit passed before. Spins a little first, at most so many turns: a
  /// short task ends sooner than a sleeping thread is woken.
  bool park(int most_spins, time_point limit = time_point::max());

  /// Any thread. Once the parked thread has seen it, nothing of this object is touched any more.
  void unpark() noexcept;

 private:
  std::mutex mutex_;
  std::condition_variable wake_;
  std::atomic<bool> token_{false};  // set (release) under the mutex; read (acquire) without it while spinning
  int spins_ = 512;                 // how long to spin; adapts to whether it helped
};

/// How many turns of `park` take about so long.
[[nodiscard]] int spins_for(duration d) noexcept;

/// How many turns a thread outside of tasks spins at most: as the current runtime has it. Written when
/// a runtime comes or goes; a late reader spins as the one before had it.
inline std::atomic<int> most_spins_outside{2048};

}  // namespace mobula::detail
