#pragma once

#include <mobula/core/block.hpp>
#include <mobula/core/manual_runtime.hpp>
#include <mobula/core/scheduler.hpp>

#include "fiber_stack.hpp"
#include "stack_overflow.hpp"

#include <boost/context/fiber.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <vector>

namespace mobula::detail {

/// Runs jobs on one thread, when it is told to.
///
/// Each job runs on a stack of its own kind (`runner`); when a task blocks, its runner is set aside and another one takes
/// the next job. All that is ready lies in one list, from which the seed picks.
class manual_scheduler final : public scheduler, private thread_driver {
 public:
  explicit manual_scheduler(manual_options const& options);
  ~manual_scheduler() override;

  bool run_one();
  std::size_t run_until_idle();
  void advance_to(time_point t);
  bool advance_to_next();
  [[nodiscard]] pending_work pending();
  [[nodiscard]] std::uint64_t seed() const noexcept { return seed_; }

  void submit_from_outside(job& first, job& last, std::size_t count) noexcept override;
  void submit_placed(job& j, placement const& where) noexcept override;
  void block_fiber(publish_function publish, void* argument) override;
  void finish_from_outside() noexcept override { place_.count_finished(); }
  boost::asio::execution_context& asio_context() override;
  void add_timer(timer_node& node) noexcept override { timers_.add(node); }
  time_point now() const noexcept override { return now_; }
  unsigned concurrency() const noexcept override { return 1; }

 protected:
  void close(bool drop) noexcept override;
  bool finish(time_point limit) override;
  void admit_from_outside(std::size_t count) override;
  void submit_task_from_outside(job& j) override {
    admit_from_outside(1);
    submit_from_outside(j, j, 1);
  }
  void count_from_outside(std::size_t count) noexcept override { place_.count_submitted(count); }
  bool submit_handler_from_outside(job& j) noexcept override;
  void count_work_from_outside() noexcept override { place_.count_work_begun(); }
  void finish_work_from_outside() noexcept override { place_.count_work_ended(); }
  void wake_one() noexcept override {}

 private:
  struct runner;

  void block_thread(publish_function publish, void* argument) override;
  bool block_thread_until(time_point limit, publish_function publish, bool (*cancel)(void*) noexcept,
                          void* argument) override;
  void yield_thread() override { run_one(); }
  scheduler& driven() noexcept override { return *this; }
  time_point driver_now() const noexcept override { return now_; }

  void collect() noexcept;
  void make_ready(job& j, priority p) noexcept;
  [[nodiscard]] std::vector<job*>& ready_at(priority p) noexcept { return ready_[static_cast<std::size_t>(p)]; }
  [[nodiscard]] std::size_t ready_count() const noexcept;
  job* pick() noexcept;  // there is one
  void need_runner();
  void switch_to(runner& r);
  bool run_or_pass_time(time_point limit);
  void run_until(bool const& woken);
  void drain() noexcept;
  [[nodiscard]] std::string why_stuck();

  // Where jobs run: what they submit comes to its queue. No task runs on top of another: the seed decides what is next.
  struct place : worker {
    place(scheduler& s, std::size_t size) : worker(s, 0) {
      runs_on_top_ = false;
      stack_size_ = size;
      guard_size_ = fiber_stack_allocator::guard_size();
    }
    void on_stack(std::uintptr_t floor, std::size_t size) noexcept {
      stack_floor_ = floor;
      stack_low_ = floor + size / 2;
      stack_room_ = size / 2;
    }
  };

  std::size_t const stack_size_;
  alternate_stack const for_signals_;
  place place_;
  std::uint64_t const seed_;
  std::mt19937_64 random_;
  time_point now_{};                        // virtual
  std::array<std::vector<job*>, 4> ready_;  // by priority
  unsigned picked_ = 0;                     // how many jobs so far
  job* no_room_ = nullptr;                  // for which there was no memory there, linked by `next`; run last
  std::size_t without_room_ = 0;            // how many
  std::vector<std::unique_ptr<runner>> idle_runners_;
  std::size_t runners_ = 0;  // idle or not
  runner* running_ = nullptr;
  std::size_t blocked_ = 0;  // stacks that wait
  bool closed_ = false;
  bool over_ = false;
  std::unique_ptr<class asio_context> asio_;  // made when asked for; nothing runs it
};

}  // namespace mobula::detail
