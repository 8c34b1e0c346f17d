#include "stall_watch.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <string>

namespace mobula::detail {
namespace {

constexpr duration most_pause = std::chrono::milliseconds(100);

}  // namespace

stall_watch::stall_watch(scheduler const& owner, duration stall_after, int signal)
    : dumps_(signal, true), owner_(owner), stall_after_(stall_after), thread_([this] { watch(); }) {}

stall_watch::~stall_watch() {
  {
    std::lock_guard const lock(mutex_);
    over_ = true;
  }
  ends_.notify_one();
  thread_.join();
}

// Of several watches one tells of a stall.
void stall_watch::watch() {
  using std::chrono::steady_clock;
  static std::atomic<std::uint64_t> last_told{0};  // the progress; relaxed, as nothing else is read by it
  task_registry const& all = task_registry::it();
  bool const reports = stall_after_ > duration::zero();
  duration const pause =
      reports ? std::clamp<duration>(stall_after_ / 4, std::chrono::milliseconds(1), most_pause) : most_pause;
  std::uint64_t seen = all.progress();
  auto since = steady_clock::now();
  std::unique_lock lock(mutex_);
  while (!ends_.wait_for(lock, pause, [this] { return over_; })) {
    lock.unlock();
    try {
      auto const now = steady_clock::now();
      if (auto const p = all.progress(); p != seen || !owner_.all_sleep()) {
        seen = p;
        since = now;
      } else if (reports && now - since >= stall_after_ && last_told.load(std::memory_order_relaxed) != seen) {
        auto const dump = all.dump_if_stuck(seen);
        if (dump && last_told.exchange(seen, std::memory_order_relaxed) != seen) {
          auto const ms = std::chrono::duration_cast<std::chrono::milliseconds>(now - since);
          owner_.warn("mobula: stall: nothing has run for " + std::to_string(ms.count()) +
                      " ms, while something waits.\n" + *dump);
        }
      }
    } catch (...) {}  // no memory for that, or who is told has failed
    lock.lock();
  }
}

}  // namespace mobula::detail
