#pragma once

#include <mobula/core/spin_lock.hpp>

#include <atomic>

namespace mobula::detail {

struct resumer;

/// Waits for what nobody may ever do, a message, a lock, a promise: those that began on one worker, or on other threads.
/// They end when the runtime is shut down with `drop`. Whatever ends then by itself is not in here: the results of tasks,
/// sleeps.
///
/// Threads: any. The lock is held for a few instructions, and mostly wanted by one thread.
class droppable_waits {
 public:
  /// A wait; lives in an operation.
  class node {
   public:
    node() noexcept = default;
    node(node const&) = delete;

   private:
    friend droppable_waits;
    resumer* waiting_ = nullptr;
    node* next_ = nullptr;
    node* previous_ = nullptr;
    bool listed_ = false;  // under the lock
  };

  droppable_waits() noexcept = default;
  droppable_waits(droppable_waits const&) = delete;

  /// Adds a wait of `r`; false if they have been dropped.
  [[nodiscard]] bool add(node& n, resumer& r) noexcept;

  /// Takes a wait out; false if it isn't in: then its resumer has been woken or is about to be.
  [[nodiscard]] bool remove(node& n) noexcept;

  /// Ends all, now and from now on: claims and wakes each. Any number of times.
  void drop() noexcept;

  [[nodiscard]] bool dropped() const noexcept { return dropped_.load(std::memory_order_relaxed); }

 private:
  spin_lock lock_;
  node* first_ = nullptr;
  std::atomic<bool> dropped_{
      false};  // set once, under the lock, by which `add` reads it; who reads without comes early
};

/// Happens when such a wait is dropped. An operation, but for its result.
class drop_operation {
 public:
  /// Null for never. The waits outlive it.
  explicit drop_operation(droppable_waits* waits) noexcept : waits_(waits) {}

  [[nodiscard]] bool ready() const noexcept { return waits_->dropped(); }
  bool start(resumer& r) noexcept;
  bool cancel() noexcept { return waits_->remove(node_); }

 private:
  droppable_waits* waits_;
  droppable_waits::node node_;
};

}  // namespace mobula::detail
