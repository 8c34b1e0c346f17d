#pragma once

#include <mobula/core/job.hpp>
#include <mobula/core/placement.hpp>
#include <mobula/core/spin_lock.hpp>

#include <array>
#include <atomic>
#include <cstddef>
#include <mutex>
#include <utility>

namespace mobula::detail {

/// Jobs of one place, a worker, a node or all workers, that have a priority: those of each in order.
///
/// What is below normal ages: with each call of `age`, what has been there since the one before rises by one level.
/// Threads: any.
class placed_jobs {
 public:
  /// Queues a job; then, while nobody can take it yet, calls `wake`.
  template <class Wake>
  void push(job& j, priority level, Wake wake) noexcept {
    std::lock_guard const lock(mutex_);
    lists_[index(level)].push(j);
    add(1);
    wake();
  }

  struct taken {
    job* what = nullptr;
    priority level = priority::normal;
  };

  /// Takes the first job of the highest priority, of those from `most` down to `least`; null for none.
  [[nodiscard]] taken take(priority most, priority least) noexcept;

  /// Tells how many have become normal.
  std::size_t age() noexcept;

  [[nodiscard]] bool empty() const noexcept { return size_.load(std::memory_order_seq_cst) == 0; }

 private:
  struct list {
    void push(job& j) noexcept {
      j.next = nullptr;
      (last != nullptr ? last->next : first) = &j;
      last = &j;
      ++size;
    }
    job* take() noexcept {
      job* const j = first;
      if (j == nullptr) return nullptr;
      first = j->next;
      if (first == nullptr) last = nullptr;
      --size;
      return j;
    }
    void append(list& other) noexcept {
      if (other.first == nullptr) return;
      (last != nullptr ? last->next : first) = other.first;
      last = other.last;
      size += other.size;
      other = {};
    }

    job* first = nullptr;
    job* last = nullptr;
    std::size_t size = 0;
  };

  static std::size_t index(priority p) noexcept { return static_cast<std::size_t>(p); }
  void add(std::size_t n) noexcept {
    size_.store(size_.load(std::memory_order_relaxed) + n, std::memory_order_seq_cst);
  }

  spin_lock mutex_;  // of the lists
  std::array<list, 4> lists_;
  std::array<list, 2> old_;  // of background and low: what was there when it aged last
  // Written under the mutex, read without it, sequentially consistent, as part of the protocol of idle_state.
  std::atomic<std::size_t> size_{0};
};

}  // namespace mobula::detail
