#pragma once

#include <mobula/core/task_record.hpp>
#include <mobula/core/wait_note.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>

namespace mobula::detail {

/// All tasks and waits of the runtimes that track them. One in the process, as tasks of one runtime wait for those of
/// another; never destroyed, as tasks may outlive main.
///
/// Threads: any. Everything is under one lock, which whoever begins or ends a task or a wait takes for some hundred
/// nanoseconds, and a dump for as long as it takes. A call is known by its address, which is not followed but under the
/// lock, while it has its record.
class task_registry {
 public:
  [[nodiscard]] static task_registry& it();

  void add(task_record& r, task_record const* parent);
  void remove(task_record& r) noexcept;
  void add(wait_note& n);
  void remove(wait_note& n) noexcept;

  /// Changes what is known of a task.
  template <class F>
  void change(F f) noexcept {
    std::lock_guard const lock(mutex_);
    ++progress_;
    f();
  }

  /// The tree of all tasks, for `dump_tasks`.
  [[nodiscard]] std::string dump() const;

  /// A number that changes whenever a task or a wait begins or ends.
  [[nodiscard]] std::uint64_t progress() const;
  /// The dump, if something waits, no task runs, and no wait ends by itself, so that only others could end this; and the
  /// number is still that.
  [[nodiscard]] std::optional<std::string> dump_if_stuck(std::uint64_t progress) const;

 private:
  friend task_record;
  struct writer;

  mutable std::mutex mutex_;  // of all here, and of what records and notes have
  std::uint64_t progress_ = 0;
  std::uint64_t last_id_ = 0;
  std::map<std::uint64_t, task_record*> records_;  // by number, so in the order in which they were made
  std::unordered_map<job const*, task_record*> calls_;
  std::set<std::pair<task_record const*, wait_note*>> waits_;  // by null outside of tasks
};

/// Tracks tasks for as long as it lives.
struct tracking_scope {
  tracking_scope() noexcept { tracking_runtimes.fetch_add(1, std::memory_order_relaxed); }
  tracking_scope(tracking_scope const&) = delete;
  ~tracking_scope() { tracking_runtimes.fetch_sub(1, std::memory_order_relaxed); }
};

}  // namespace mobula::detail
