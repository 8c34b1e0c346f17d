#pragma once

#include <mobula/core/scheduler.hpp>

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace mobula::detail {

/// The runtimes with threads that live in this process, and which of them is current outside of tasks: that of `init`,
/// else the first that the calling thread has made, else the first of all. From when it is being shut down, a runtime is
/// nobody's current one. The child of a fork has none, as it has none of their threads.
///
/// Threads: any. Never destroyed, as programs may end in any order.
class living_runtimes {
 public:
  [[nodiscard]] static living_runtimes& it();

  /// Throws std::bad_alloc.
  void add(std::shared_ptr<scheduler> s, duration spin);
  /// It is that of `init`.
  void prefer(scheduler const& s) noexcept;
  /// It is being shut down.
  void retire(scheduler const& s) noexcept;
  /// It is over.
  void remove(scheduler const& s) noexcept;

  /// The current one; it lives at least until the calling thread asks again. Throws no_runtime.
  [[nodiscard]] scheduler& current();
  /// The same; null if there is none.
  [[nodiscard]] std::shared_ptr<scheduler> shared_current() noexcept;

 private:
  struct entry {
    std::shared_ptr<scheduler> what;
    std::thread::id maker;
    int spins_outside;  // see most_spins_outside
    bool preferred = false;
    bool ending = false;
  };
  struct held_scheduler;

  living_runtimes();
  static void before_fork();
  static void after_fork();
  static void in_child();

  template <class F>
  void change(scheduler const& s, F f) noexcept;
  void changed() noexcept;  // under the mutex
  [[nodiscard]] std::shared_ptr<scheduler> find() const noexcept;
  void look();

  mutable std::mutex mutex_;
  std::vector<entry> living_;                     // in order of birth
  std::vector<entry> lost_;                       // of the process that this one was forked from; kept for ever
  std::vector<std::shared_ptr<scheduler>> kept_;  // by threads that end, which have no place for one any more
  // Another number whenever something changes here, never 0. Written under the mutex (release); a thread that reads the
  // number it knows (acquire) keeps what it has found, else it looks again under the mutex.
  std::atomic<std::uint64_t> version_{1};
};

}  // namespace mobula::detail
