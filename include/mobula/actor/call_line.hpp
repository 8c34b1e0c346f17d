#pragma once

#include <mobula/actor/actor_cell.hpp>

#include <atomic>
#include <list>
#include <mutex>

namespace mobula::detail {

/// A call on its way to an actor.
struct departing_call {
  job* message = nullptr;
  lane* to = nullptr;
  message_kind kind{};
  /// Waits for what the call depends on and then submits `then`; null if it depends on nothing.
  void (*wait)(job& message, scheduler& s, job& then) noexcept = nullptr;
};

/// Calls through one handle while an earlier one waits for its dependencies: they wait behind it, in order. Other
/// handles are not held up, so that what the call depends on may itself call the actor.
class call_line : private job {
 public:
  explicit call_line(actor_cell_base& cell) noexcept;
  call_line(call_line const&) = delete;

  /// Puts a call at the end of the line, or straight into the mailbox if there is no line and nothing to wait for.
  /// `entry` holds that call.
  void pass(std::list<departing_call>& entry) noexcept;

  void release() noexcept;

 private:
  ~call_line() = default;
  static void step(job& j, job_verb) noexcept;
  void advance() noexcept;

  actor_cell_base& cell_;
  std::mutex mutex_;
  std::list<departing_call> line_;  // guarded; the first is being waited for
  std::atomic<int> shares_{1};
};

}  // namespace mobula::detail
