#pragma once

#include <mobula/core/droppable_waits.hpp>
#include <mobula/core/job.hpp>
#include <mobula/core/work_stealing_deque.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace mobula::detail {

class execution_context;
class scheduler;

/// One of the threads (or, under the manual scheduler, the one place) where a scheduler's jobs run, as tasks see it:
/// a queue to push to.
class worker {
 public:
  worker(scheduler& s, unsigned number) : owner(s), id(number) {}
  worker(worker const&) = delete;

  /// Tells whether a task that waits for the last one queued may run that one on top of itself. In a context nothing does:
  /// if it had to wait, the context would be kept from going on with what it may wait for.
  [[nodiscard]] bool may_run_on_top() const noexcept { return runs_on_top_ && context == nullptr && has_stack_left(); }

  /// Tells whether the stack that runs now has room for one more task.
  [[nodiscard]] bool has_stack_left() const noexcept {
    return reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0)) - stack_low_ < stack_room_;
  }

  /// Tells whether an address lies in the guard of the stack that runs now. Callable in a signal handler.
  [[nodiscard]] bool is_guard(std::uintptr_t address) const noexcept { return address - stack_floor_ < guard_size_; }
  [[nodiscard]] std::size_t stack_size() const noexcept { return stack_size_; }

  void count_submitted(std::uint64_t count = 1) noexcept { bump(submitted, count); }
  void count_finished() noexcept { bump(finished); }
  void count_work_begun() noexcept { bump(work_begun); }
  void count_work_ended() noexcept { bump(work_ended); }

  scheduler& owner;
  unsigned const id;
  work_stealing_deque<job> queue;

  // Tasks ever submitted here and ever finished here. Only this worker's thread writes them; shutdown sums them over
  // all workers (release here, acquire there).
  std::atomic<std::uint64_t> submitted{0};
  std::atomic<std::uint64_t> finished{0};
  // The same for outstanding work of other kinds (scheduler::count_work).
  std::atomic<std::uint64_t> work_begun{0};
  std::atomic<std::uint64_t> work_ended{0};

  // Those that began here, and nobody may end but who drops the runtime.
  droppable_waits waits;

  // The thread is in the reactor, where no task may run. Only by its own thread.
  bool inside_reactor = false;

  // What the code that runs now belongs to, null for a plain task. Only by its own thread.
  execution_context* context = nullptr;

 protected:
  bool runs_on_top_ = true;

  // Where the current stack may take another task: from stack_low_ on, for stack_room_ bytes.
  std::uintptr_t stack_low_ = 0;
  std::uintptr_t stack_room_ = 0;

  std::uintptr_t stack_floor_ = 0;  // the lowest address of the current stack, where its guard begins
  std::size_t stack_size_ = 0;      // of each stack that jobs run on
  std::size_t guard_size_ = 0;

 private:
  static void bump(std::atomic<std::uint64_t>& n, std::uint64_t by = 1) noexcept {
    n.store(n.load(std::memory_order_relaxed) + by, std::memory_order_release);
  }
};

/// The calling thread's worker, null outside. A plain load, but an address that the compiler may keep across a call:
/// only for functions that are themselves never inlined and never wait.
#if defined(__GNUC__)
[[gnu::tls_model("initial-exec")]]
#endif
extern constinit thread_local worker* current_worker;

/// The calling thread's worker, null outside; read anew at each call, so also right after a wait, when the task may
/// have moved to another thread.
[[nodiscard]] worker* this_worker() noexcept;

}  // namespace mobula::detail
