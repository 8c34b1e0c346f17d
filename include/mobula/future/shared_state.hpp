#pragma once

#include <mobula/core/block.hpp>
#include <mobula/core/free_in_turn.hpp>
#include <mobula/core/job.hpp>
#include <mobula/core/process_number.hpp>
#include <mobula/future/outcome.hpp>
#include <mobula/future/waiter_list.hpp>

#include <atomic>
#include <cstdint>
#include <source_location>

namespace mobula::detail {

/// What a task and the futures of its result share, but for the result itself.
///
/// It is also the task's job: its step function knows the whole type, runs the task and frees the state.
/// Lifetime: as long as a handle or its producer (the task) holds it.
class shared_state_base : public job {
 public:
  explicit shared_state_base(step_function s, bool has_producer = true) noexcept
      : job(s), references_(has_producer ? 1 + producer : 1) {}

  [[nodiscard]] bool ready() const noexcept { return waiters_.done(); }
  [[nodiscard]] bool add(waiter& w) noexcept { return waiters_.add(w); }
  [[nodiscard]] bool remove(waiter& w) noexcept { return waiters_.remove(w); }

  /// Blocks until the result is there: in a task its fiber, elsewhere the thread.
  void wait(std::source_location where = {}) {
    if (!ready()) wait_for_it(where);
  }

  /// Tells whether a task of this library writes the result, so that it comes in any case: else it is a promise's.
  [[nodiscard]] bool by_task() const noexcept { return by_task_; }
  /// Tells whether the result will never come, as this process was forked from that of who writes it.
  [[nodiscard]] bool is_lost() const noexcept { return of_process_ != process_number && of_process_ != 0 && !ready(); }
  /// Before a wait: throws no_runtime if it would be for ever, in the child of a fork.
  void check_not_lost() const {
    if (is_lost()) [[unlikely]]
      throw_forked("the result of what was not over is the parent's");
  }

  void add_handle() noexcept { references_.fetch_add(1, std::memory_order_relaxed); }
  void release_handle() noexcept { release(1); }

  /// Whether it is the result of a call that has an execution context, which then may have to be known when one waits.
  [[nodiscard]] bool has_context() const noexcept { return has_context_; }

  /// Asks whoever produces the result to stop: see `cancel`. By who has a handle, or by its parent's context.
  void cancel() noexcept { step(*this, job_verb::cancel); }

  /// Tells whether only one handle is left; then nobody else will read the result.
  [[nodiscard]] bool is_last_handle() const noexcept {
    return (references_.load(std::memory_order_acquire) & ~producer) == 1;
  }

 protected:
  /// Before anybody else knows of it.
  void set_has_context() noexcept { has_context_ = true; }

  void set_by_task() noexcept {
    by_task_ = true;
    set_of_process();
  }
  /// That only this process writes the result, by something of its runtimes.
  void set_of_process() noexcept { of_process_ = process_number; }

  /// For producers that can be asked to stop, and what they know of it.
  void set_cancelled() noexcept { cancelled_.store(true, std::memory_order_relaxed); }
  [[nodiscard]] bool is_cancelled() const noexcept { return cancelled_.load(std::memory_order_relaxed); }

  /// The result has been written: tells those who wait, and gives up the producer's hold.
  void publish() noexcept {
    waiters_.complete();
    release(producer);
  }

 private:
  void wait_for_it(std::source_location where);

  void release(std::uint32_t share) noexcept {
    // Seeing that there is no other share, nobody is left who could make one: the read-modify-write can be saved.
    if (references_.load(std::memory_order_acquire) == share ||
        references_.fetch_sub(share, std::memory_order_acq_rel) == share)
      step(*this, job_verb::destroy);
  }

  static constexpr std::uint32_t producer = std::uint32_t{1} << 31;

  waiter_list<> waiters_;
  // Handles, plus `producer` until the result is written. A release pairs with the acquire of the last one, who frees.
  std::atomic<std::uint32_t> references_;
  bool has_context_ : 1 = false;
  bool by_task_ : 1 = false;
  std::uint8_t of_process_ = 0;  // the only process that writes the result; 0 for any
  // Set once, by any thread; relaxed, as nothing is read by it: what comes too late to be seen is as if it came later.
  std::atomic<bool> cancelled_{false};

 protected:
  bool is_stoppable_ = false;  // for the producer: whether it has a task_context
};

/// The same with the result.
template <class T>
class shared_state : public shared_state_base {
 public:
  using shared_state_base::shared_state_base;

  /// Written before `publish`, read after `ready`.
  outcome<T> result;
};

/// Frees a state of a T by `free`: what its value owns may be the last handle of another one, whose value owns another.
template <class T>
void free_state(job& state, job::step_function free) noexcept {
  if constexpr (std::is_void_v<T> || std::is_reference_v<T> || std::is_trivially_destructible_v<T>)
    free(state, job_verb::destroy);
  else
    free_in_turn(state, free);
}

}  // namespace mobula::detail
