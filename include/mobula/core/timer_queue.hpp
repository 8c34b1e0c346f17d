#pragma once

#include <mobula/requirements.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <vector>

namespace mobula::detail {

using time_point = std::chrono::steady_clock::time_point;
using duration = std::chrono::steady_clock::duration;

/// What happens at a point in time. Whoever waits for it owns it.
struct timer_node {
  using fire_function = void (*)(timer_node&, bool expired) noexcept;

  /// `fire` is called once, unless the node is removed before: with true when its time has come, with false when the
  /// runtime shuts down first. It runs no user code and may end the node's life.
  timer_node(time_point at, fire_function f) noexcept : when(at), fire(f) {}

  time_point when;
  fire_function fire;
  std::size_t index = 0;       // in the heap plus one; 0 outside. Guarded by the queue's mutex
  std::uint64_t sequence = 0;  // equal times fire in the order in which they were added
};

/// Timers of one runtime: a binary heap of nodes that live in the frames of those who wait, so that a sleep allocates
/// nothing. Threads: any.
class timer_queue {
 public:
  /// Adds a node and tells whether it became the first. After `close`, fires it at once instead, with false.
  bool add(timer_node& node);

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
  void place(std::size_t i, timer_node* node) noexcept;
  void sift_up(std::size_t i) noexcept;
  void sift_down(std::size_t i) noexcept;
  void take(std::size_t i) noexcept;

  mutable std::mutex mutex_;
  std::vector<timer_node*> heap_;
  std::uint64_t next_sequence_ = 0;
  bool closed_ = false;
};

}  // namespace mobula::detail
