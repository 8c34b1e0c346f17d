#pragma once

#include <mobula/core/job.hpp>

#include <cstdint>
#include <memory>
#include <source_location>
#include <string>
#include <vector>

namespace mobula::detail {

class execution_context;

/// What is known of a task while it lives, in a runtime that tracks its tasks: for `dump_tasks`, the report of a stall and
/// the search for deadlocks. It belongs to a task_context: that of a call, or of a part of a task that has one of its own,
/// the children of a group, the helpers of a batch, what has a deadline.
///
/// Threads: registered by its constructor, from then on under the lock of the registry, but for what says otherwise.
class task_record {
 public:
  /// A part of `parent`'s task, unless it is made a call. Throws std::bad_alloc.
  explicit task_record(task_record const* parent);
  task_record(task_record const&) = delete;
  ~task_record();

  /// Makes it a call, before anybody else knows of that. `over` tells whether it has its result.
  void set_call(job& call, std::string name, std::source_location submitted, bool (*over)(job const&) noexcept);

  /// Names a part: "children of a group". What waits in it counts for whoever waits for its `call()`.
  void set_part(std::string name, execution_context& runs_in);

  /// The call waits for its arguments, those calls, or for what it needs besides.
  void set_waits_to_begin(std::string what, std::vector<job const*> calls = {}) noexcept;

  /// The call begins; or one more piece of a part does, or is queued.
  void begins() noexcept;
  /// A piece of a part is over.
  void ends_piece() noexcept;

  /// The call whose code this is, or what stands for a part; null if there is none. Any thread that runs in it.
  [[nodiscard]] job* call() const noexcept { return call_; }
  /// "'load' (submitted at main.cpp:12)".
  [[nodiscard]] std::string in_words() const;

 private:
  friend class task_registry;

  std::uint64_t id_ = 0;
  std::uint64_t parent_ = 0;  // 0 for none
  job* call_ = nullptr;
  bool is_call_ = false;
  std::shared_ptr<job> part_;  // what call_ points to, if it is none
  bool (*over_)(job const&) noexcept = nullptr;
  std::string name_;
  std::source_location submitted_;
  std::string needs_;                     // before it begins
  std::vector<job const*> needed_calls_;  // the same
  unsigned pieces_ = 0;                   // that have begun and are not over; of a call, one when it has begun
  int worker_ = -1;                       // where the last one began
};

}  // namespace mobula::detail
