#pragma once

#include <mobula/core/scheduler.hpp>

#include "dump_signal.hpp"
#include "task_registry.hpp"

#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

namespace mobula::detail {

/// Tracks the tasks of a runtime: a thread of its own reports a stall, and another dumps all tasks to stderr on a signal.
/// Neither needs a worker, as all of these may be what is stuck.
class stall_watch {
 public:
  /// `owner`: whose workers have to sleep; outlives this. `stall_after`: 0 for no reports. `signal`: see dump_signal. The
  /// owner's `on_warning` is told of a stall. Throws std::system_error.
  stall_watch(scheduler const& owner, duration stall_after, int signal);
  stall_watch(stall_watch const&) = delete;
  ~stall_watch();

 private:
  void watch();

  tracking_scope const tracking_;
  dump_signal const dumps_;
  scheduler const& owner_;
  duration const stall_after_;
  std::mutex mutex_;
  std::condition_variable ends_;
  bool over_ = false;
  std::thread thread_;
};

}  // namespace mobula::detail
