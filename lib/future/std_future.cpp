#include <mobula/future/std_future.hpp>

#include "../core/per_process.hpp"

#include <algorithm>
#include <chrono>
#include <list>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>

namespace mobula::detail {
namespace {

using namespace std::chrono_literals;

using foreign_list = std::list<std::unique_ptr<foreign_future>>;

// Waits for all of them on one thread, which begins with the first and ends with the last.
class foreign_futures {
 public:
  void add(std::unique_ptr<foreign_future> f) {
    std::lock_guard const lock(mutex_);
    added_.push_back(std::move(f));
    if (running_) return;
    try {
      std::thread([this] { run(); }).detach();
    } catch (...) {
      added_.pop_back();
      throw;
    }
    running_ = true;
  }

 private:
  void run() noexcept {
    foreign_list waited_for;
    while (take_added(waited_for)) {
      // On the first one it sleeps, which wakes it at once; at the others it looks.
      bool const over = waited_for.front()->wait(pause(waited_for));
      if (over) waited_for.pop_front();
      std::erase_if(waited_for, [](auto const& f) { return f->wait(0ns); });
    }
  }

  // False if there is nothing left to wait for; then the thread is as good as over.
  bool take_added(foreign_list& waited_for) noexcept {
    std::lock_guard const lock(mutex_);
    waited_for.splice(waited_for.end(), added_);
    running_ = !waited_for.empty();
    return running_;
  }

  // An eighth of the time that the newest one has been waited for, within bounds.
  static std::chrono::nanoseconds pause(foreign_list const& waited_for) noexcept {
    auto const waited = std::chrono::steady_clock::now() - waited_for.back()->since;
    return std::clamp<std::chrono::nanoseconds>(waited / 8, 50us, 10ms);
  }

  std::mutex mutex_;
  foreign_list added_;  // those that the thread has not seen yet
  bool running_ = false;
};

}  // namespace

void watch(std::unique_ptr<foreign_future> f) {
  per_process<foreign_futures>().add(std::move(f));  // the thread may outlive main
}

}  // namespace mobula::detail
