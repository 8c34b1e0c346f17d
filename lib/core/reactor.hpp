#pragma once

#include <mobula/core/timer_queue.hpp>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <mutex>

namespace mobula::detail {

/// Where one idle worker sleeps: Asio's io_context, which ends the sleep for a timer or an interrupt.
///
/// No user code ever runs in it. Threads: any; `sleep` by one at a time.
class reactor {
 public:
  explicit reactor(timer_queue& timers) : timers_(timers) {}

  /// Sees to it that a sleeper wakes in time for the first timer.
  void arm() noexcept;

  /// Runs one event, waiting for it if there is none.
  void sleep() { context_.run_one(); }

  /// Runs what is due without waiting.
  void poll() { context_.poll(); }

  /// Wakes whoever sleeps here.
  void interrupt() noexcept;

 private:
  void on_timer() noexcept;

  timer_queue& timers_;
  boost::asio::io_context context_;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{context_.get_executor()};
  std::mutex mutex_;  // guards the two below
  boost::asio::steady_timer alarm_{context_};
  time_point armed_for_ = time_point::max();
};

}  // namespace mobula::detail
