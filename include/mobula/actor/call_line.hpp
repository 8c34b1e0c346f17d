#pragma once

#include <mobula/actor/actor_cell.hpp>
#include <mobula/core/frame_memory.hpp>

#include <atomic>
#include <cstddef>
#include <list>
#include <mutex>
#include <utility>

namespace mobula::detail {

/// A call on its way to an actor.
struct departing_call {
  job* message = nullptr;
  lane* to = nullptr;
  message_kind kind{};
  /// Waits for what the call depends on and then submits `then`; null if it depends on nothing.
  void (*wait)(job& message, scheduler& s, job& then) noexcept = nullptr;
  /// Ends that wait, so that `then` is submitted now.
  void (*stop_waiting)(job& message) noexcept = nullptr;
};

/// Calls through one handle while an earlier one waits for its dependencies: they wait behind it, in order. Other
/// handles are not held up, so that what the call depends on may itself call the actor.
///
/// Lifetime: counted by shares; a line has a handle of its actor.
class call_line : private job {
 public:
  explicit call_line(actor_cell_base& cell) noexcept;
  call_line(call_line const&) = delete;

  static void* operator new(std::size_t size) { return allocate_frame(size); }
  static void operator delete(void* p, std::size_t size) noexcept { deallocate_frame(p, size); }

  [[nodiscard]] actor_cell_base& cell() const noexcept { return cell_; }

  /// Whether a call that is made now has to stand in line.
  [[nodiscard]] bool is_held_up() const noexcept { return held_up_.load(std::memory_order_acquire); }

  /// Puts a call at the end of the line, or straight into the mailbox if there is no line and nothing to wait for.
  /// `entry` holds that call.
  void pass(std::list<departing_call>& entry) noexcept;

  /// The actor's life is over: nothing waits here any more.
  void close() noexcept;

  void add_share() noexcept { shares_.fetch_add(1, std::memory_order_relaxed); }
  void release() noexcept;

  /// In the list of the actor's lines, guarded by that.
  call_line* next_line = nullptr;
  call_line** line_at = nullptr;

 private:
  ~call_line() = default;
  static void step(job& j, job_verb) noexcept;
  void advance() noexcept;

  actor_cell_base& cell_;
  std::mutex mutex_;
  std::list<departing_call> line_;  // guarded; the first is being waited for
  bool closed_ = false;             // guarded
  // Whether somebody stands in line. Changed under the mutex; who sees `false` (acquire) comes after what has been
  // delivered from here (release), and by its own earlier calls it has seen `true`.
  std::atomic<bool> held_up_{false};
  std::atomic<int> shares_{1};
};

/// A share of a line: by which calls are made in the order of the handle that it belongs to, whatever becomes of that.
class line_share {
 public:
  explicit line_share(call_line& l) noexcept : line_(&l) { l.add_share(); }
  line_share(line_share const& other) noexcept : line_(other.line_) {
    if (line_ != nullptr) line_->add_share();
  }
  line_share(line_share&& other) noexcept : line_(std::exchange(other.line_, nullptr)) {}
  line_share& operator=(line_share other) noexcept {
    std::swap(line_, other.line_);
    return *this;
  }
  ~line_share() {
    if (line_ != nullptr) line_->release();
  }

  /// Null when it was moved from.
  [[nodiscard]] call_line* get() const noexcept { return line_; }

 private:
  call_line* line_;
};

}  // namespace mobula::detail
