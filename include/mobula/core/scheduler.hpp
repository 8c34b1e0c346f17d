#pragma once

#include <mobula/core/droppable_waits.hpp>
#include <mobula/core/failure.hpp>
#include <mobula/core/idle_state.hpp>
#include <mobula/core/job.hpp>
#include <mobula/core/placement.hpp>
#include <mobula/core/runtime_parts.hpp>
#include <mobula/core/timer_queue.hpp>
#include <mobula/core/wake_credit.hpp>
#include <mobula/core/worker.hpp>

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <new>
#include <string>
#include <utility>

namespace boost::asio {
class execution_context;
}

namespace mobula::detail {

struct runtime_capacity;

/// Whoever waits for something, as that sees it: a thread, a fiber, a coroutine, or one of several branches.
struct resumer {
  /// Called once, when what was waited for has happened. It may end the resumer's life.
  void (*wake)(resumer&) noexcept;
  /// Tells whether what is waited for may happen now, or came too late; null for always. See operation.hpp.
  bool (*claim)(resumer&) noexcept = nullptr;

  [[nodiscard]] bool try_claim() noexcept { return claim == nullptr || claim(*this); }
};

/// Makes a resumer known to whoever will wake it; called after the waiting stack has been left. If there is nothing
/// to wait for, it wakes at once.
using publish_function = void (*)(void* argument, resumer&) noexcept;

/// Runs jobs: the seam between tasks and whatever executes them. Two exist: threads (lib/core/thread_scheduler.hpp)
/// and the manual one for tests.
///
/// Threads: every member may be called by any thread, but for what says otherwise.
class scheduler : public std::enable_shared_from_this<scheduler> {
 public:
  explicit scheduler(bool virtual_time = false) noexcept;
  virtual ~scheduler() = default;

  /// Queues a job: on the caller's own queue if the caller is one of this scheduler's workers.
  void submit(job& j) noexcept {
    if (worker* const w = this_worker(); w != nullptr && &w->owner == this) {
      push(*w, j);
      wake_if_needed();
    } else {
      submit_from_outside(j, j, 1);
    }
  }

  /// The same for a job that best runs where the caller does and soon, as it goes on with what the caller has just
  /// written: a message to another.
  void submit_near(job& j) noexcept { submit(j); }

  /// The same for a job that whoever searches for work should begin at once: to help with what the caller is about to do.
  virtual void hand_over(job& j) noexcept { submit(j); }

  /// Wakes a worker for work that will come soon, which it looks for a little longer than usual.
  virtual void wake_for_more() noexcept {}

  /// Queues a job that runs in its place: it begins or goes on with a task whose placement is out of the ordinary.
  virtual void submit_placed(job& j, placement const& where) noexcept = 0;

  /// Queues a job on a worker of this scheduler, by its thread. What there is no memory for in the worker's queue goes to
  /// the one for jobs from outside, which needs none. To be followed by `wake_if_needed`.
  void push(worker& w, job& j) noexcept {
    try {
      w.queue.push(&j);
    } catch (std::bad_alloc const&) { submit_from_outside(j, j, 1); }
  }

  /// After a push to the queue of a worker of this scheduler: wakes another worker if one sleeps and nobody searches.
  void wake_if_needed() noexcept {
    if (idle_.should_wake()) wake_one();
  }

  /// Queues jobs that are linked by `next`, in order, at once.
  virtual void submit_from_outside(job& first, job& last, std::size_t count) noexcept = 0;

  /// The same, on the caller's own queue if the caller is one of this scheduler's workers. `at(i)` gives the i-th job: to
  /// follow the links would take a cache miss for each of many.
  template <class JobAt>
  void submit_list(job& first, job& last, std::size_t count, JobAt at) noexcept {
    if (worker* const w = this_worker(); w != nullptr && &w->owner == this) {
      for (std::size_t i = 0; i < count; ++i) push(*w, at(i));
      wake_if_needed();
    } else {
      submit_from_outside(first, last, count);
    }
  }

  /// Counts tasks before they are submitted, now or later; shutdown waits until so many have been counted as finished.
  /// Throws no_runtime if the scheduler refuses new tasks; then none is counted.
  void admit_tasks(std::size_t count) {
    if (worker* const w = this_worker(); w != nullptr && &w->owner == this)
      w->count_submitted(count);
    else
      admit_from_outside(count);
  }
  void admit_task() { admit_tasks(1); }

  /// Counts a task that belongs to one which is counted already; so it can't be refused.
  void count_task() noexcept {
    if (worker* const w = this_worker(); w != nullptr && &w->owner == this)
      w->count_submitted();
    else
      count_from_outside(1);
  }

  /// `admit_task` and `submit` in one.
  void submit_task(job& j) {
    if (worker* const w = this_worker(); w != nullptr && &w->owner == this) {
      w->count_submitted();
      push(*w, j);
      wake_if_needed();
    } else {
      submit_task_from_outside(j);
    }
  }

  /// The same on the calling thread's worker.
  static void submit_task_on(worker& here, job& j) noexcept {
    here.count_submitted();
    here.owner.push(here, j);
    here.owner.wake_if_needed();
  }

  /// Tells whether some worker is awake and looking for work, so that a job submitted now costs no wake-up.
  [[nodiscard]] bool anyone_searches() const noexcept { return idle_.searchers() != 0; }

  /// Queues a handler of Asio's and counts it like a task. False if the scheduler is over and will run nothing more.
  [[nodiscard]] bool submit_handler(job& j) noexcept {
    if (worker* const w = this_worker(); w != nullptr && &w->owner == this) {
      submit_task_on(*w, j);
      return true;
    }
    return submit_handler_from_outside(j);
  }

  /// Counts something outstanding that is no task, such as an operation of Asio's in flight: shutdown waits until it is
  /// over, unless it drops.
  void count_work() noexcept {
    if (worker* const w = this_worker(); w != nullptr && &w->owner == this)
      w->count_work_begun();
    else
      count_work_from_outside();
  }
  void finish_work() noexcept {
    if (worker* const w = this_worker(); w != nullptr && &w->owner == this)
      w->count_work_ended();
    else
      finish_work_from_outside();
  }

  /// Where Asio keeps what belongs to sockets, timers and strands that are made on this scheduler's executor. Throws
  /// no_runtime when the scheduler is over.
  [[nodiscard]] virtual boost::asio::execution_context& asio_context() = 0;

  /// Counts a task as over that no worker has run. Only outside the workers of this scheduler.
  virtual void finish_from_outside() noexcept = 0;

  /// Counts a task as over. Only where it may run: on a worker of this scheduler, or a thread of its blocking_pool.
  static void finish_task() noexcept {
    if (worker* const w = this_worker()) [[likely]]
      w->count_finished();
    else
      finish_blocking_task();
  }

  /// Leaves the current stack to whoever wakes the resumer that is published. Only on a worker of this scheduler.
  /// Throws too_many_blocked.
  virtual void block_fiber(publish_function publish, void* argument) = 0;

  virtual void add_timer(timer_node& node) noexcept = 0;
  bool remove_timer(timer_node& node) noexcept { return timers_.remove(node); }

  [[nodiscard]] virtual time_point now() const noexcept = 0;
  [[nodiscard]] virtual unsigned concurrency() const noexcept = 0;
  /// How many nodes of memory its workers are spread over.
  [[nodiscard]] virtual unsigned numa_nodes() const noexcept { return 1; }

  /// Refuses tasks from outside, waits until those submitted are over, and ends the threads; with `drop`, those that
  /// have not started end with `cancelled`, and sleeps do. False if the limit passed before; may be called again. Of
  /// several at once one does it, and the others wait; each of them can make it a drop.
  bool shutdown(bool drop, time_point limit);

  /// In the child of a fork, which has none of the threads: it refuses everything from now on, and never ends.
  void lose() noexcept { lost_.store(true, std::memory_order_relaxed); }
  [[nodiscard]] bool lost() const noexcept { return lost_.load(std::memory_order_relaxed); }

  /// Who is told of failures of this scheduler's tasks that nobody has read; null for stderr. Set before the first task.
  std::shared_ptr<failure_handler const> on_unread_failure;

  /// As worker::waits: those of its tasks that began on no worker, and of threads outside, of which this was the current
  /// scheduler.
  droppable_waits waits_elsewhere, waits_outside;

  /// Who is told of what goes wrong; empty for stderr. Set before the first task.
  std::function<void(char const*)> on_warning;
  /// Tells that. Throws what it throws.
  void warn(std::string const& text) const;
  /// Whether the calling thread is in there.
  [[nodiscard]] static bool warns_here() noexcept;
  std::atomic<bool> warned{false};  // once; relaxed, nothing else depends on it

  /// Tells whether no worker is awake: none runs anything, or looks for something to run.
  [[nodiscard]] bool all_sleep() const noexcept { return idle_.sleepers() == concurrency(); }

  /// Whether tasks that are submitted from outside can be stopped while they run. Set before the first task.
  bool cancellable = false;

  /// Whether the tasks are tracked, and what does so, which ends before this does. Set before the first task.
  bool tracks = false;
  std::shared_ptr<void> tracker;

  /// What tasks may ask for. Set before the first task.
  std::shared_ptr<runtime_capacity const> capacity;
  /// Whether each task counts for a limit of the runtime. Set before the first task.
  bool limited = false;

  /// A random number; by a seed, if somebody has set one.
  [[nodiscard]] std::uint64_t random() noexcept;
  void seed_random(std::uint64_t s) noexcept { random_.store(s, std::memory_order_relaxed); }

  /// What higher layers keep for each runtime.
  runtime_parts parts;

  /// Of calls too short to wake somebody for.
  wake_credit credit;

  /// Whether time passes only when somebody says so, and what happens is to be the same in each run.
  bool const in_virtual_time;

  /// Tells whether tasks from outside are refused, as `shutdown` has begun. It may begin right afterwards.
  [[nodiscard]] bool refuses() const noexcept { return refusing_.load(std::memory_order_relaxed); }

  /// What to ask of a job that comes from a queue.
  [[nodiscard]] job_verb verb() const noexcept {
    return dropping_.load(std::memory_order_relaxed) ? job_verb::drop : job_verb::run;
  }

 protected:
  /// The first part of `shutdown`. Any number of times, at once too.
  virtual void close(bool drop) noexcept = 0;
  /// The second, after `close`. By one at a time; not again once it has given true.
  virtual bool finish(time_point limit) = 0;
  /// Throws no_runtime in the child of a fork.
  void check_not_lost() const {
    if (lost()) [[unlikely]]
      throw_lost();
  }

  virtual void admit_from_outside(std::size_t count) = 0;
  virtual void submit_task_from_outside(job& j) = 0;
  virtual void count_from_outside(std::size_t count) noexcept = 0;
  virtual bool submit_handler_from_outside(job& j) noexcept = 0;
  virtual void count_work_from_outside() noexcept = 0;
  virtual void finish_work_from_outside() noexcept = 0;
  virtual void wake_one() noexcept = 0;

  alignas(cache_line) idle_state<> idle_;
  alignas(cache_line) std::atomic<bool> dropping_{false};  // set once, by shutdown; late readers only drop less
  std::atomic<bool> refusing_{false};                      // the same; what decides is under the lock of submissions
  timer_queue timers_;

 private:
  static void finish_blocking_task() noexcept;
  [[noreturn]] static void throw_lost();

  std::mutex end_mutex_;  // of end_
  std::condition_variable end_changed_;
  enum { lives, ends, over } end_ = lives;
  std::atomic<bool> lost_{false};      // set while there is one thread
  std::atomic<std::uint64_t> random_;  // the state of the generator; relaxed, nothing depends on it
};

/// The scheduler of the calling task; outside of tasks, of the current runtime (see runtime). It lives at least until the
/// calling thread asks again, but may refuse what is submitted to it: see submission_hold. Throws no_runtime.
[[nodiscard]] scheduler& current_scheduler();
/// The same; null if there is none.
[[nodiscard]] std::shared_ptr<scheduler> current_scheduler_if_any() noexcept;

}  // namespace mobula::detail
