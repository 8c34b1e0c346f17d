#pragma once

#include <mobula/core/scheduler.hpp>

#include <condition_variable>
#include <cstddef>
#include <list>
#include <mutex>
#include <string>
#include <thread>

namespace mobula::detail {

/// Threads for calls that may block in the kernel, beside the workers: as many as there are such calls, up to a bound,
/// beyond which calls wait in order. A thread without work ends after some time.
///
/// Threads: any.
class blocking_pool {
 public:
  struct settings {
    std::size_t most_threads;
    duration idle;            // after which a thread ends
    std::string thread_name;  // of the workers
  };

  /// The owner outlives it.
  blocking_pool(scheduler& owner, settings s);
  ~blocking_pool() { stop(); }

  /// Queues a job. False if there is no thread for it and none can be started, or the pool takes none any more.
  [[nodiscard]] bool submit(job& j) noexcept;

  /// Takes no more jobs from now on, and gives those that no thread has begun, linked by `next`.
  [[nodiscard]] job* close() noexcept;

  /// Waits until all jobs are over, and ends the threads.
  void stop() noexcept;

  [[nodiscard]] std::size_t threads() const noexcept;

 private:
  using thread_list = std::list<std::thread>;

  bool start_thread() noexcept;
  void live(thread_list::iterator me) noexcept;
  job* next(std::unique_lock<std::mutex>& lock);

  scheduler& owner_;
  settings const settings_;
  mutable std::mutex mutex_;  // of what follows
  std::condition_variable changed_;
  job* first_ = nullptr;  // linked by `next`
  job* last_ = nullptr;
  std::size_t queued_ = 0;
  std::size_t idle_ = 0;  // threads that wait for a job
  bool closed_ = false;
  bool stopping_ = false;
  thread_list running_;
  thread_list ended_;  // to be joined
};

}  // namespace mobula::detail
