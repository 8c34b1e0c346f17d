#pragma once

#include <mobula/core/scheduler.hpp>
#include <mobula/future/promise.hpp>

#include <atomic>
#include <memory>
#include <utility>

namespace mobula::detail {

/// A future that is told of an end: by who ends, or by the runtime if that ends first.
///
/// It lies in the runtime's timer queue without ever being due.
template <class End>
class end_watch : timer_node, public std::enable_shared_from_this<end_watch<End>> {
 public:
  explicit end_watch(End if_runtime_ends)
      : timer_node(time_point::max(), &runtime_ended), if_runtime_ends_(std::move(if_runtime_ends)) {
    promise_access::set_of_process(end_);
  }

  [[nodiscard]] future<End> get_future() { return end_.get_future(); }

  /// From here on the end of the runtime is told too; at once if it has ended. Once.
  void begin(scheduler& s) noexcept {
    in_queue_ = this->shared_from_this();
    s.add_timer(*this);
  }

  /// Tells the end, unless another has been told before.
  void tell(End end) noexcept {
    if (!told_.exchange(true, std::memory_order_relaxed)) end_.set_value(std::move(end));
  }
  void fail(std::exception_ptr e) noexcept {
    if (!told_.exchange(true, std::memory_order_relaxed)) end_.set_exception(std::move(e));
  }

  /// Nothing more will come, whatever the runtime does.
  void leave(scheduler& s) noexcept {
    if (s.remove_timer(*this)) in_queue_.reset();
  }

 private:
  static void runtime_ended(timer_node& n, bool) noexcept {
    auto& me = static_cast<end_watch&>(n);
    auto const keep = std::move(me.in_queue_);
    me.tell(me.if_runtime_ends_);
  }

  promise<End> end_;
  End const if_runtime_ends_;
  std::shared_ptr<end_watch> in_queue_;  // itself, while the timer queue may touch it
  // Set by who tells: only that one touches the promise. Relaxed, as it guards nothing else.
  std::atomic<bool> told_{false};
};

}  // namespace mobula::detail
