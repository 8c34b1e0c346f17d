#pragma once

#include <mobula/core/execution_context.hpp>
#include <mobula/core/frame_memory.hpp>
#include <mobula/core/job.hpp>
#include <mobula/core/placement.hpp>
#include <mobula/core/task_record.hpp>
#include <mobula/core/timer_queue.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <source_location>
#include <stop_token>
#include <utility>
#include <vector>

namespace mobula::detail {

/// What the code of a task runs in that can be stopped: a request to stop, and until when it has time.
///
/// It is made for tasks that ask for it (task_options) and for all that they start: each child's is linked to its parent's,
/// from which a stop comes down. Other tasks have none, which is what they cost. As an execution context it changes
/// nothing: code goes on as that beneath it says, an actor's, or at once.
///
/// Lifetime: that of the task's state, so it outlives what runs in it. What is linked to it outlives nothing of it.
/// Threads:  any, but for construction and destruction.
class task_context final : public execution_context {
 public:
  /// `beneath`: what the code belongs to besides; null for nothing. `parent`: whose stop is this one's too; null for none.
  /// `place`: where and when it runs, if there is nothing beneath that says so.
  /// Throws std::bad_alloc.
  task_context(execution_context* beneath, task_context const* parent, time_point deadline = time_point::max(),
               placement const& place = {});
  ~task_context();

  static void* operator new(std::size_t size) { return allocate_frame(size); }
  static void operator delete(void* p, std::size_t size) noexcept { deallocate_frame(p, size); }

  /// Lets the parent's stop be this one's; of a call, lets it come as `job_verb::cancel`. Once, before anybody else knows
  /// of this; stops at once if the parent has stopped.
  void watch_parent(job* call = nullptr);

  /// Has what is beneath live as long.
  void keep(std::shared_ptr<execution_context> b) noexcept { keeps_ = std::move(b); }

  [[nodiscard]] std::stop_token token() const noexcept { return source_.get_token(); }
  [[nodiscard]] bool stop_requested() const noexcept { return source_.stop_requested(); }
  void request_stop() noexcept { source_.request_stop(); }

  /// Its own or its parent's, whichever is earlier; time_point::max() for none.
  [[nodiscard]] time_point deadline() const noexcept { return deadline_; }

  /// With a priority.
  [[nodiscard]] placement const& place() const noexcept { return place_; }

  /// Queues the job that begins what runs in it, where it is to run.
  void begin(job& j, scheduler& s) noexcept;
  /// What the calling thread runs from now on runs in it: by the step of such a job.
  void enter() noexcept;

  /// What is known of it where tasks are tracked, else null.
  [[nodiscard]] task_record* record() const noexcept { return record_.get(); }
  /// What waits in it is the code of `t`'s task itself.
  void stand_for(task_context const& t) noexcept { record_ = t.record_; }

  /// Where the task was submitted: kept here for it, as it has the pointer to this in that place.
  std::source_location submitted = {};

  [[nodiscard]] execution_context* beneath() noexcept override { return beneath_; }
  void resume_coroutine(job& j, scheduler& s) noexcept override;
  void stack_left() noexcept override;
  void resume_stack(job& j, scheduler& s) noexcept override;
  [[nodiscard]] std::vector<unsigned> gpu_ids() const override;
  [[nodiscard]] bool holds() const noexcept override { return holds_ || (beneath_ != nullptr && beneath_->holds()); }
  void begin_wait(std::span<job* const> calls, void const* wait) override;
  void end_wait(void const* wait) noexcept override;

 private:
  struct stop_call {
    task_context* me;
    job* call;
    void operator()() const noexcept;
  };

  [[nodiscard]] bool knows_circles() const noexcept;

  execution_context* const beneath_;
  std::shared_ptr<execution_context> keeps_;
  bool const holds_;  // who has started it does
  time_point const deadline_;
  placement place_;
  std::stop_token const above_;
  std::stop_source source_;
  std::optional<std::stop_callback<stop_call>> link_;
  std::shared_ptr<task_record> record_;
};

/// What the code belongs to that runs here; null for a plain task, and outside of tasks.
[[nodiscard]] execution_context* this_context() noexcept;

/// What the calling thread runs from now on belongs to that. In a task or an actor's call.
void enter_context(execution_context* c) noexcept;

/// The context of the code that runs here, if its task can be stopped; null if it can't, and outside of tasks.
[[nodiscard]] task_context* this_task_context() noexcept;

/// What the calling thread submits while this lives is nobody's child: it doesn't stop with who runs here. No wait meanwhile.
class no_context {
 public:
  no_context() noexcept : before_(this_context()) {
    if (before_ != nullptr) enter_context(nullptr);
  }
  no_context(no_context const&) = delete;
  ~no_context() {
    if (before_ != nullptr) enter_context(before_);
  }

 private:
  execution_context* const before_;
};

/// The context for a call that is submitted here and runs in `beneath`: null unless `wanted`, or who submits it has one, or
/// this is outside of tasks and the runtime wants one for all, or it tracks its tasks. Throws std::bad_alloc.
[[nodiscard]] std::unique_ptr<task_context> context_for_child(execution_context* beneath, scheduler const& s,
                                                              bool wanted);

}  // namespace mobula::detail
