#pragma once

#include <atomic>

namespace mobula::cma {

/// Holds SIGTERM up, while it lives, so that a checkpoint can be written first.
///
/// The last one to go sends the signal again, for whatever would have been done about it: by default, the end of the
/// process. A second signal is not held up. Threads: any number of them may live in any threads.
class interrupt_watch {
 public:
  interrupt_watch();
  interrupt_watch(const interrupt_watch&) = delete;
  ~interrupt_watch();

  /// Becomes true when the signal has come.
  [[nodiscard]] static const std::atomic<bool>& flag() noexcept;
};

}  // namespace mobula::cma
