#pragma once

#include <mobula/core/error.hpp>
#include <mobula/core/scheduler.hpp>

#include <memory>

namespace mobula::detail {

/// The current scheduler, which neither ends nor refuses what the calling thread submits to it while this lives: for
/// whoever submits in several steps. On a worker, whose scheduler can't end meanwhile, it costs nothing; elsewhere it
/// counts as a task. The scheduler of the innermost one is current on its thread.
///
/// Threads: begins and ends on the same one.
class submission_hold {
 public:
  /// Holds `chosen` if there is one. Throws no_runtime.
  explicit submission_hold(scheduler* chosen = nullptr);
  submission_hold(submission_hold const&) = delete;
  ~submission_hold();

  [[nodiscard]] scheduler& operator*() const noexcept { return *scheduler_; }
  [[nodiscard]] scheduler* operator->() const noexcept { return scheduler_; }

  /// The one that the calling thread has, null if it has none.
  [[nodiscard]] static scheduler* here() noexcept;

 private:
  scheduler* scheduler_;
  scheduler* before_ = nullptr;
  std::shared_ptr<scheduler> counted_in_;  // null on a worker. Kept, as it may end when this is counted as over
};

/// Calls `f` with the current scheduler; if that refuses, as it has just begun to end, with the one that is current then.
/// Throws what `f` does, no_runtime among it.
template <class F>
void submit_to_current(F f) {
  for (;;) {
    scheduler& s = current_scheduler();
    try {
      return f(s);
    } catch (no_runtime const&) {
      if (&current_scheduler() == &s) throw;
    }
  }
}

}  // namespace mobula::detail
