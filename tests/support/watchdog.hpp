#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <thread>

namespace mobula::test {

/// Ends the program with a message if the scope isn't left in time: a test that hangs says where, instead of hanging.
class watchdog {
 public:
  explicit watchdog(char const* what, std::chrono::seconds limit = std::chrono::seconds(60))
      : thread_([this, what, limit] {
          std::unique_lock lock(mutex_);
          if (changed_.wait_for(lock, limit, [this] { return over_; })) return;
          std::fprintf(stderr, "HANG: %s: not over after %lld s: a wake-up was lost, or something waits in a circle\n",
                       what, static_cast<long long>(limit.count()));
          std::abort();  // leaves a core to look at
        }) {}
  watchdog(watchdog const&) = delete;
  ~watchdog() {
    {
      std::lock_guard const lock(mutex_);
      over_ = true;
    }
    changed_.notify_all();
    thread_.join();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool over_ = false;
  std::thread thread_;
};

}  // namespace mobula::test
