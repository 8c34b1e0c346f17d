#pragma once

#include <mobula/core/timer_queue.hpp>

#include <atomic>
#include <memory>
#include <source_location>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace mobula::detail {

struct job;

/// How many living runtimes track their tasks. Relaxed, as nothing else is read by it: while the first such runtime is
/// made, a wait may go unnoted.
inline constinit std::atomic<unsigned> tracking_runtimes{0};
[[nodiscard]] inline bool tracking() noexcept { return tracking_runtimes.load(std::memory_order_relaxed) != 0; }

/// What a wait is for, in words, and as calls whose results it needs. These are known by their addresses only.
struct wait_description {
  struct target {
    std::string words;
    std::vector<job const*> calls;
  };
  std::vector<target> targets;  // of which one ends the wait
  /// Whether time ends it, or somebody outside of the process, so that it is no sign of a stall.
  bool ends_by_itself = false;
};

/// An operation's own words for that: a static member `waits_for` of this type, or of `char const*`.
struct wait_kind {
  char const* words;
  bool ends_by_itself = false;
};

/// Asks an operation: by its `describe_wait(wait_description&)`, if it has such a member, else by `waits_for`.
template <class Op>
void describe_wait(Op const& op, wait_description& d) {
  if constexpr (requires { op.describe_wait(d); }) {
    op.describe_wait(d);
  } else if constexpr (requires { wait_kind{Op::waits_for}; }) {
    constexpr wait_kind kind{Op::waits_for};
    d.targets.push_back({kind.words, {}});
    d.ends_by_itself = d.ends_by_itself || kind.ends_by_itself;
  } else {
    d.targets.push_back({"an operation", {}});
  }
}

/// `limited`: whether the wait has a limit of time besides.
template <class Op>
[[nodiscard]] wait_description description_of(Op const& op, bool limited) {
  wait_description d;
  describe_wait(op, d);
  d.ends_by_itself = d.ends_by_itself || limited;
  return d;
}

class task_record;
class wait_note;

/// The note of a wait for `op` that begins here, where tasks are tracked; else null, and without memory for it.
template <class Op>
[[nodiscard]] std::unique_ptr<wait_note> note_of(Op const& op, bool limited, std::source_location where = {}) noexcept;

/// A wait while it lasts, as `dump_tasks` and the report of a stall see it: of a task, or of code outside of them.
///
/// Threads: made and ended by whoever waits.
class wait_note {
 public:
  /// For the calling code, which is about to wait at `where`; line 0 for where nobody knows. That its task has a limit of
  /// time is added to the description. Throws std::bad_alloc.
  wait_note(wait_description d, std::source_location where);
  wait_note(wait_note const&) = delete;
  ~wait_note();

  /// Takes the lines at which coroutines wait for each other, the innermost first, from the promise of that one.
  template <class Promise>
    requires requires(Promise const& p, std::vector<std::source_location>& lines) { p.add_chain(lines); }
  void set_chain(Promise const& p) noexcept {
    try {
      std::vector<std::source_location> lines;
      p.add_chain(lines);
      set_lines(std::move(lines));
    } catch (...) {}  // then without
  }

 private:
  friend class task_registry;
  void set_lines(std::vector<std::source_location> lines);

  wait_description for_;
  std::vector<std::source_location> lines_;  // innermost first
  task_record* by_;                          // null outside of tasks
  std::string who_;                          // outside of tasks
  time_point since_;
};

template <class Op>
std::unique_ptr<wait_note> note_of(Op const& op, bool limited, std::source_location where) noexcept {
  if (!tracking()) [[likely]]
    return nullptr;
  try {
    return std::make_unique<wait_note>(description_of(op, limited), where);
  } catch (...) { return nullptr; }
}

}  // namespace mobula::detail
