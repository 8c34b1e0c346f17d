#pragma once

#include <mobula/core/runtime.hpp>

#include <functional>
#include <thread>
#include <vector>

namespace mobula::detail {

/// The threads of a runtime: named, with the user's hooks around what they run.
class worker_threads {
 public:
  /// What the threads do, each with its number.
  struct work {
    std::function<void(unsigned)> prepare;  // what it can't do without; may throw
    std::function<void(unsigned)> run;      // once all are prepared
    std::function<void()> give_up;          // when not all are: `run` shall return at once
  };

  /// Starts `count` threads.
  ///
  /// Errors: if a thread can't be started (std::system_error), or a start hook or `prepare` throws, that is thrown after
  /// all have ended; the stop hook has then been called on each whose start hook returned.
  void start(unsigned count, runtime_options const& options, work w);

  /// Waits until all have ended. Again is harmless.
  void join() noexcept;

 private:
  std::vector<std::thread> threads_;
};

}  // namespace mobula::detail
