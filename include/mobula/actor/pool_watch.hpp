#pragma once

#include <mobula/core/scheduler.hpp>

#include <memory>
#include <utility>

namespace mobula::detail {

/// Tells an actor pool of the end of a runtime, in whose timer queue it lies without ever being due.
///
/// Lifetime: shared by the pool and the queue. Threads: any.
class pool_watch final : timer_node, public std::enable_shared_from_this<pool_watch> {
 public:
  using tell_function = void (*)(void* pool, scheduler const& ended) noexcept;

  pool_watch(std::weak_ptr<void> pool, tell_function tell, std::shared_ptr<scheduler> s) noexcept
      : timer_node(time_point::max(), &runtime_ended), pool_(std::move(pool)), tell_(tell), runtime_(std::move(s)) {}

  [[nodiscard]] scheduler const& runtime() const noexcept { return *runtime_; }

  /// From here on the end is told; at once if it has come.
  void begin() noexcept;
  /// The pool goes.
  void leave() noexcept;

 private:
  static void runtime_ended(timer_node& n, bool expired) noexcept;

  std::weak_ptr<void> const pool_;
  tell_function const tell_;
  std::shared_ptr<scheduler> const runtime_;
  std::shared_ptr<pool_watch> in_queue_;  // itself, while the timer queue may touch it
};

}  // namespace mobula::detail
