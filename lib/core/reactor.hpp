#pragma once

#include <mobula/core/timer_queue.hpp>

#include "asio_context.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/steady_timer.hpp>

#include <array>
#include <atomic>
#include <cstddef>
#include <mutex>

namespace mobula::detail {

/// Where one idle worker sleeps: Asio's io_context, which ends the sleep for a timer, an interrupt, or input and output
/// of the objects that users have made on our executor.
///
/// No user code runs in it, as that executor makes jobs of handlers. Threads: any; `sleep` and `poll` by one at a time.
class reactor {
 public:
  explicit reactor(timer_queue& timers) : timers_(timers) {}

  /// Sees to it that a sleeper wakes in time for the first timer.
  void arm() noexcept;

  /// Runs at least one event, waiting for it if there is none, and then what else has come.
  void sleep() noexcept;

  /// Runs what is due without waiting.
  void poll() noexcept;

  /// Wakes whoever sleeps here.
  void interrupt() noexcept;

  /// Lets go of all operations in flight. When nobody sleeps or polls here any more.
  void close() noexcept;

  [[nodiscard]] asio_context& context() noexcept { return context_; }

 private:
  struct waker;

  template <class Run>
  bool run(Run one) noexcept;
  bool try_to_arm() noexcept;
  void on_timer() noexcept;

  timer_queue& timers_;
  asio_context context_;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{context_.get_executor()};
  std::mutex mutex_;  // guards the two below
  boost::asio::steady_timer alarm_{context_};
  time_point armed_for_ = time_point::max();
  // There was no memory to arm it: who sleeps looks at the timers each millisecond. Set before an interrupt, so that the
  // sleeper that is woken sees it; sequentially consistent, as it is rare.
  std::atomic<bool> unarmed_{false};

  // Whether an interrupt is on its way; then another isn't needed. Both exchanges acquire and release: the sleeper that
  // clears it sees what all have done that found it set; who sets it has the memory, which Asio gave back before that.
  std::atomic<bool> interrupting_{false};
  alignas(std::max_align_t) std::array<std::byte, 256> interrupt_memory_;
};

}  // namespace mobula::detail
