#pragma once

#include <mobula/core/scheduler.hpp>

#include <cassert>

namespace mobula::detail {

/// One who waits in a wait_queue; lives in an operation. Whose turn has come is out of the queue and is woken once.
class queue_node {
 public:
  queue_node() noexcept = default;
  /// An operation moves before it is started: then there is nothing to move here.
  queue_node([[maybe_unused]] queue_node&& other) noexcept { assert(!other.queued_); }

  /// Tells whether it is in a queue. Under the lock of the queue, or by who waits once that is over.
  [[nodiscard]] bool queued() const noexcept { return queued_; }

 private:
  friend class wait_queue;
  friend class wake_list;

  resumer* resumer_ = nullptr;
  queue_node* next_ = nullptr;
  queue_node* previous_ = nullptr;
  bool queued_ = false;
  bool chosen_ = false;
};

/// Those whose turn has come, collected under a lock and woken after it.
class wake_list {
 public:
  wake_list() noexcept = default;
  wake_list(wake_list const&) = delete;

  void add(queue_node& n) noexcept {
    n.next_ = nullptr;
    (first_ == nullptr ? first_ : last_->next_) = &n;
    last_ = &n;
  }

  /// The first, taken out; null if there is none.
  [[nodiscard]] queue_node* pop() noexcept {
    queue_node* const n = first_;
    if (n != nullptr) first_ = n->next_;
    return n;
  }

  /// Wakes them in order; no lock is held. Each node's life may end.
  void wake() noexcept {
    while (queue_node* const n = pop()) n->resumer_->wake(*n->resumer_);
  }

 private:
  queue_node* first_ = nullptr;
  queue_node* last_ = nullptr;
};

/// Those who wait for their turn, first come first served: the base of locks, channels and the like.
///
///     bool start(resumer& r)              bool cancel()                      void release()
///       lock                                lock                               lock
///       if it is free                       return queue.remove(node)          if (node = queue.choose())
///         r.try_claim() and take it                                              it is the node's now; wakes.add(node)
///         return false                                                         else it is free
///       queue.push(node, r)                                                    unlock
///       return true                                                            wakes.wake()
///
/// Threads: the lock of whoever owns it is held in every call. What a resumer does when it is asked to claim takes no
///          lock.
class wait_queue {
 public:
  /// `what` says whose it is.
  explicit constexpr wait_queue(char const* what = "queue") noexcept : what_(what) {}
  wait_queue(wait_queue const&) = delete;
  /// Ends the program, with a message, if somebody waits: that would be for what is no more. While an exception unwinds,
  /// it lets go of them.
  ~wait_queue() {
    if (!empty()) abandon();
  }

  [[nodiscard]] bool empty() const noexcept { return first_ == nullptr; }
  /// The first in line; null if there is none.
  [[nodiscard]] queue_node* first() const noexcept { return first_; }

  /// Adds the last in line. `r` is who waits.
  void push(queue_node& n, resumer& r) noexcept {
    assert(!n.queued_);
    n.resumer_ = &r;
    n.next_ = nullptr;
    n.previous_ = last_;
    n.queued_ = true;
    n.chosen_ = false;
    (last_ == nullptr ? first_ : last_->next_) = &n;
    last_ = &n;
  }

  /// Takes the first out whose resumer claims its turn; null if none does. Those that came too late, as something else has
  /// happened to who waits, are taken out and forgotten.
  [[nodiscard]] queue_node* choose() noexcept {
    while (first_ != nullptr) {
      queue_node& n = *first_;
      if (choose_first()) return &n;
    }
    return nullptr;
  }

  /// Takes the first out, which there must be; tells whether its resumer claims its turn.
  [[nodiscard]] bool choose_first() noexcept {
    queue_node& n = *first_;
    unlink(n);
    return n.chosen_ = n.resumer_->try_claim();
  }

  /// Gives up waiting; false if the turn has come already: then it has been woken or is about to be.
  [[nodiscard]] bool remove(queue_node& n) noexcept {
    if (n.queued_) unlink(n);
    return !n.chosen_;
  }

 private:
  void abandon() noexcept;
  void unlink(queue_node& n) noexcept {
    (n.previous_ == nullptr ? first_ : n.previous_->next_) = n.next_;
    (n.next_ == nullptr ? last_ : n.next_->previous_) = n.previous_;
    n.queued_ = false;
  }

  queue_node* first_ = nullptr;
  queue_node* last_ = nullptr;
  char const* what_;
};

}  // namespace mobula::detail
