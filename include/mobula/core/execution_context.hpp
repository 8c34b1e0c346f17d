#pragma once

#include <mobula/requirements.hpp>

#include <memory>
#include <span>
#include <string>
#include <vector>

namespace mobula::detail {

struct job;
class scheduler;
class task_context;

/// Counts the pieces of a context's code that run or are queued to run: while there are none, all of it waits.
class strand_counter {
 public:
  /// One more, begun by one that runs.
  virtual void strand_begins() noexcept = 0;
  /// One has ended or waits.
  virtual void strand_left() noexcept = 0;
  /// Keeps this alive.
  [[nodiscard]] virtual std::shared_ptr<strand_counter> keep() noexcept = 0;

 protected:
  ~strand_counter() = default;
};

/// What the code that runs on a worker belongs to beyond its task: an actor's message, or a task that can be stopped
/// (task_context). Null for a plain task.
///
/// Whoever begins a piece of such code sets `worker::context` before; wherever that code waits, it goes on in the same
/// context, and only when that lets it. What it starts as a task of its own has none, and runs on top of nothing that has
/// one: it would keep the context from going on with something else while it waits itself.
///
/// Lifetime: that of whatever runs or waits in it.
class execution_context {
 public:
  /// Queues a job that goes on with a coroutine which was suspended in this context. Its step may be called, or it may be
  /// submitted to `s`; it returns when the coroutine ends or waits again, maybe on another thread.
  ///
  /// Threads: any, also at once when it has just been suspended, and before the stack below it has come to know.
  virtual void resume_coroutine(job& j, scheduler& s) noexcept = 0;

  /// The fiber that ran in this context has just been left, as it blocks. Called after the switch, before it is published:
  /// so before it can be resumed.
  virtual void stack_left() noexcept = 0;

  /// Queues a job that goes on with such a fiber. It has to be submitted to `s`, for a loop of which it is: only that can
  /// switch to the fiber.
  ///
  /// Threads: any.
  virtual void resume_stack(job& j, scheduler& s) noexcept = 0;

  /// Code in this context is about to wait, for as long as it takes, for the results of calls that have contexts of their
  /// own: all of them. `wait`, unique while it lasts, names it to `end_wait`. Throws deadlock_error if it would never end,
  /// and then there is none.
  ///
  /// Threads: any that runs in it.
  virtual void begin_wait([[maybe_unused]] std::span<job* const> calls, [[maybe_unused]] void const* wait) {}
  /// That wait is over. Before anything that it has kept alive may go.
  virtual void end_wait([[maybe_unused]] void const* wait) noexcept {}

  /// The task whose code this is, if it can be stopped; null if it can't.
  [[nodiscard]] task_context* task() const noexcept { return task_; }
  /// This without what a task_context adds: an actor's, or null.
  [[nodiscard]] virtual execution_context* beneath() noexcept { return this; }

  /// Whose code it is, for a dump that knows no task of it; empty for who can't tell.
  [[nodiscard]] virtual std::string who() { return {}; }

  /// The devices that the code may use (this_task::gpu_ids).
  [[nodiscard]] virtual std::vector<unsigned> gpu_ids() const { return {}; }

  /// Whether the code keeps resources while it waits, itself or what has started it.
  [[nodiscard]] virtual bool holds() const noexcept { return false; }

  /// Who counts the strands of this code; null for nobody. A strand counts from when it is queued by the functions above
  /// until whoever runs it is left (see `strand`), as long as its stack is not.
  [[nodiscard]] strand_counter* counter() const noexcept { return counter_; }

  /// Whether pieces of code in this context may run at the same time; else `when_all` runs its children one after the
  /// other, interleaved where they suspend.
  bool const in_parallel;

 protected:
  explicit execution_context(bool parallel, task_context* t = nullptr, strand_counter* c = nullptr) noexcept
      : in_parallel(parallel), task_(t), counter_(c) {}
  execution_context(execution_context const&) = delete;
  ~execution_context() = default;

 private:
  task_context* const task_;
  strand_counter* const counter_;
};

/// A strand of a context's code, while whoever has begun it runs it: over when that returns, whatever has become of the
/// code and its context meanwhile.
class strand {
 public:
  explicit strand(execution_context* c) noexcept {
    if (c != nullptr && c->counter() != nullptr) counter_ = c->counter()->keep();
  }
  strand(strand const&) = delete;
  ~strand() {
    if (counter_ != nullptr) counter_->strand_left();
  }

 private:
  std::shared_ptr<strand_counter> counter_;
};

/// A wait for the result of a call, as its context knows of it; in no context, or for no call, there is nothing to know.
class noted_wait {
 public:
  /// Throws deadlock_error if it would never end.
  noted_wait(execution_context* here, job* call) : context_(call != nullptr ? here : nullptr) {
    if (context_ != nullptr) context_->begin_wait({&call, 1}, this);
  }
  noted_wait(noted_wait const&) = delete;
  ~noted_wait() {
    if (context_ != nullptr) context_->end_wait(this);
  }

 private:
  execution_context* const context_;
};

}  // namespace mobula::detail
