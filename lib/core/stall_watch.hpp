#pragma once

#include <mobula/core/scheduler.hpp>

#include "task_registry.hpp"

#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

namespace mobula::detail {

/// Tracks the tasks of a runtime: a thread of its own reports a stall, and dumps all tasks to stderr on a signal. Neither
/// needs a worker, as all of these may be what is stuck.
class stall_watch {
 public:
  /// `owner`: whose workers have to sleep; outlives this. `stall_after`: 0 for no reports. `signal`: 0 for none; its handler
  /// is installed until the last watch of it ends, and passes on to the one that was there. The owner's `on_warning` is told
  /// of a stall. Throws std::system_error.
  stall_watch(scheduler const& owner, duration stall_after, int signal);
  stall_watch(stall_watch const&) = delete;
  ~stall_watch();

  /// Tells whether the calling thread is one of a watch, which is told of a stall.
  [[nodiscard]] static bool runs_here() noexcept;

 private:
  void watch();
  void report(std::string const& text) const;

  tracking_scope const tracking_;
  scheduler const& owner_;
  duration const stall_after_;
  int const signal_;
  std::mutex mutex_;
  std::condition_variable ends_;
  bool over_ = false;
  std::thread thread_;
};

}  // namespace mobula::detail
