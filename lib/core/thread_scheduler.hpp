#pragma once

#include <mobula/core/runtime.hpp>
#include <mobula/core/scheduler.hpp>
#include <mobula/core/spin_lock.hpp>

#include "blocking_pool.hpp"
#include "fiber_worker.hpp"
#include "memory_nodes.hpp"
#include "placed_jobs.hpp"
#include "reactor.hpp"
#include "worker_threads.hpp"

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <vector>

namespace mobula::detail {

/// Runs jobs on threads of its own, which steal work from each other.
class thread_scheduler final : public scheduler {
 public:
  /// Errors: as worker_threads::start. The options are valid (see checked), and `num_cpus` says how many.
  explicit thread_scheduler(runtime_options const& options);

  ~thread_scheduler() override;

  void submit_from_outside(job& first, job& last, std::size_t count) noexcept override;
  void hand_over(job& j) noexcept override;
  void wake_for_more() noexcept override;
  void submit_placed(job& j, placement const& where) noexcept override;
  void block_fiber(publish_function publish, void* argument) override;
  void add_timer(timer_node& node) noexcept override;
  boost::asio::execution_context& asio_context() override;
  time_point now() const noexcept override { return std::chrono::steady_clock::now(); }
  unsigned concurrency() const noexcept override { return static_cast<unsigned>(workers_.size()); }
  unsigned numa_nodes() const noexcept override { return numa_.count(); }

  // For the workers, each by its own thread.

  [[nodiscard]] bool stopping() const noexcept { return stopping_.load(std::memory_order_acquire); }
  /// The next job to run; null when it is time to sleep.
  job* next_job(fiber_worker& w) noexcept;
  /// Sleeps until somebody wakes the worker, unless there is something to do.
  void sleep(fiber_worker& w) noexcept;
  /// Lets timers, the reactor and work from outside have their turn while the worker is busy.
  void poll(fiber_worker& w, time_point now) noexcept;
  /// The worker has something else to do than to look for work, if it did.
  void stop_searching(fiber_worker& w) noexcept;
  void interrupt_reactor() noexcept { reactor_.interrupt(); }

  [[nodiscard]] std::size_t stack_size() const noexcept { return stack_size_; }
  /// Counts a task that blocks, until it goes on; throws too_many_blocked.
  void count_blocked();
  void count_resumed() noexcept { blocked_.fetch_sub(1, std::memory_order_relaxed); }
  [[noreturn]] void throw_too_many_blocked() const;

 protected:
  void close(bool drop) noexcept override;
  bool finish(time_point limit) override;
  void admit_from_outside(std::size_t count) override;
  void submit_task_from_outside(job& j) override;
  void count_from_outside(std::size_t count) noexcept override {
    submitted_from_outside_.fetch_add(count, std::memory_order_acq_rel);
  }
  void finish_from_outside() noexcept override;
  bool submit_handler_from_outside(job& j) noexcept override;
  void count_work_from_outside() noexcept override { work_begun_outside_.fetch_add(1, std::memory_order_acq_rel); }
  void finish_work_from_outside() noexcept override;
  void wake_one() noexcept override;

 private:
  void check_open() const;
  void inject(job& first, job& last, std::size_t count) noexcept;
  job* find_job(fiber_worker& w) noexcept;
  job* take_injected(fiber_worker& w) noexcept;
  job* take_handed() noexcept;
  job* steal(fiber_worker& w) noexcept;
  job* search(fiber_worker& w) noexcept;
  job* take_placed(fiber_worker& w, priority most, priority least) noexcept;
  job* take_urgent(fiber_worker& w) noexcept;
  void age(time_point now) noexcept;
  bool more_to_do() const noexcept;
  bool more_for(fiber_worker const& w) const noexcept;
  template <class Which>
  void wake_if_asleep(Which which) noexcept;
  void lie_down(fiber_worker& w) noexcept;
  void get_up(fiber_worker& w, bool to_work) noexcept;
  void wake_all() noexcept;
  [[nodiscard]] bool drained() const noexcept;
  void tell_if_drained() noexcept;
  [[nodiscard]] bool wait_until_drained(time_point limit);
  [[nodiscard]] std::uint64_t unfinished() const noexcept;
  void say_who_is_left() const noexcept;
  void drain_again();
  void poll_reactor(fiber_worker& w) noexcept;
  void sleep_in_reactor(fiber_worker& w) noexcept;
  void leave_reactor() noexcept;
  [[nodiscard]] bool reactor_is_needed() const noexcept;
  void drop_blocking() noexcept;
  void end() noexcept;

  std::size_t const stack_size_;
  std::size_t const max_blocked_;
  duration const spin_;
  unsigned const useful_searchers_;  // twice as many as may search at once
  std::atomic<std::size_t> blocked_{0};

  reactor reactor_;
  // Who sleeps in the reactor, null if nobody. Set by compare-and-exchange, so one at a time.
  std::atomic<fiber_worker*> in_reactor_{nullptr};
  // Set once, when somebody asks for Asio's context: from then on I/O may come at any time, and one sleeper has to be in
  // the reactor. Sequentially consistent, as is in_reactor_: of who sets it and then sees nobody in the reactor, and who
  // leaves the reactor and then looks here, one at least sees to it that somebody takes the place.
  std::atomic<bool> has_io_{false};

  // Jobs from other threads than the workers, in order, linked by `next`. The count is written under the mutex and read
  // without it, sequentially consistent, as part of the protocol of idle_state.
  alignas(cache_line) spin_lock injected_mutex_;
  job* injected_first_ = nullptr;
  job* injected_last_ = nullptr;
  bool closed_ = false;  // refuses tasks
  bool over_ = false;    // refuses handlers too: nobody is left to run them
  std::atomic<std::uint64_t> submitted_from_outside_{0};
  std::atomic<std::uint64_t> finished_from_outside_{0};
  std::atomic<std::uint64_t> work_begun_outside_{0};
  std::atomic<std::uint64_t> work_ended_outside_{0};
  alignas(cache_line) std::atomic<std::size_t> injected_{0};

  // A job that was handed over, null if there is none. Who hands over changes null to it (release, and sequentially
  // consistent as injected_ is), who takes it changes it back by an exchange (acquire).
  alignas(cache_line) std::atomic<job*> handed_{nullptr};

  // Until when, at least, those who search go on. Relaxed: whoever sees it late sleeps early.
  std::atomic<time_point> search_until_{time_point::min()};

  // Jobs with a priority or a place. Before they look at their queue, workers look at the count of those that come first,
  // high ones and all that are normal by now; of the others when there is nothing else. Whoever finds one missing only
  // finds it later: what decides before a sleep is in placed_jobs.
  alignas(cache_line) std::atomic<std::size_t> urgent_{0};
  std::atomic<std::size_t> patient_{0};
  alignas(cache_line) placed_jobs anywhere_;
  memory_nodes const numa_;
  std::unique_ptr<placed_jobs[]> const nodes_;
  duration const ageing_;
  std::atomic<time_point::rep> aged_{0};  // when that was done last; one thread at a time gets to change it

  std::mutex sleepers_mutex_;
  std::vector<fiber_worker*> sleepers_;  // the last to lie down is the first to be woken: its caches are warm

  std::atomic<bool> closing_{false};   // set before wake_all; every worker looks before it sleeps
  std::atomic<bool> stopping_{false};  // set after all tasks are over
  std::mutex drained_mutex_;
  std::condition_variable drained_changed_;
  bool drained_told_ = false;
  bool parts_let_go_ = false, parts_ended_ = false;  // by whoever shuts down

  std::vector<std::unique_ptr<fiber_worker>> workers_;
  worker_threads threads_;
  blocking_pool blocking_;
};

}  // namespace mobula::detail
