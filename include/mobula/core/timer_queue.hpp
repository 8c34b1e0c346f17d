#pragma once

#include <mobula/core/time_span.hpp>

#include <cstddef>
#include <mutex>

namespace mobula::detail {

/// A place in the tree of a timer queue.
struct timer_link {
  timer_link* parent = nullptr;  // null outside of a queue
  timer_link* left = nullptr;
  timer_link* right = nullptr;
  bool red = false;
};

/// What happens at a point in time. Whoever waits for it owns it.
struct timer_node : timer_link {  // the links are guarded by the queue's mutex
  using fire_function = void (*)(timer_node&, bool expired) noexcept;

  /// `fire` is called once, unless the node is removed before: with true when its time has come, with false when the
  /// runtime shuts down first. It runs no user code and may end the node's life.
  timer_node(time_point at, fire_function f) noexcept : when(at), fire(f) {}

  time_point when;
  fire_function fire;
};

/// Timers of one runtime: a red-black tree of nodes that live in the frames of those who wait, so that a sleep allocates
/// nothing and can't fail. Equal times fire in the order in which they were added. Threads: any. Cost: O(log n) to add and
/// to remove.
class timer_queue {
 public:
  timer_queue() noexcept;
  timer_queue(timer_queue const&) = delete;

  /// Adds a node and tells whether it became the first. After `close`, fires it at once instead, with false.
  bool add(timer_node& node) noexcept;

  /// Takes a node out. False if it isn't in: then `fire` has been called or is about to be.
  bool remove(timer_node& node) noexcept;

  /// Fires what is due at `now`, in order, and tells whether there was anything.
  bool fire_due(time_point now) noexcept;

  /// Fires everything with false, now and from now on.
  void close() noexcept;

  /// When the first node is due; time_point::max() when there is none.
  [[nodiscard]] time_point first() const noexcept;

  /// How many nodes are in.
  [[nodiscard]] std::size_t size() const noexcept;

 private:
  [[nodiscard]] timer_node* front() const noexcept;
  void take(timer_node& node) noexcept;
  bool fire_up_to(time_point last, bool expired) noexcept;

  mutable std::mutex mutex_;
  timer_link all_;  // its parent is the root, its left the first node, its right the last
  std::size_t size_ = 0;
  bool closed_ = false;
};

}  // namespace mobula::detail
