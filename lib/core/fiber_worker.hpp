#pragma once

#include <mobula/core/scheduler.hpp>

#include "placed_jobs.hpp"
#include "thread_parker.hpp"

#include <boost/fiber/algo/algorithm.hpp>
#include <boost/fiber/context.hpp>
#include <boost/fiber/scheduler.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>

namespace mobula::detail {

class thread_scheduler;

/// A worker thread whose loop runs on fibers.
///
/// One fiber at a time runs the loop. When a task blocks, its fiber leaves the thread with the task on it, and a spare
/// fiber goes on with the loop; when the task may go on, its fiber becomes a job that any worker can take. The loop
/// fiber that takes it becomes a spare in turn. So each fiber is in one of these places: running, in `spares_`,
/// in `ready_` (Boost.Fiber has made it runnable here), parked (`idle_loop_`), waiting in one of Boost.Fiber's own
/// primitives, or waiting in one of ours, when it belongs to no thread.
///
/// Threads: everything by the worker's own thread, but for `unpark`.
class fiber_worker final : public worker {
 public:
  fiber_worker(thread_scheduler& s, unsigned number);

  /// Makes what the thread can't do without. Throws std::bad_alloc.
  void prepare();

  /// The life of the thread, once prepared: returns when the scheduler stops.
  void run();

  /// Switches to a spare fiber, which publishes the fiber that was left.
  static void block(fiber_worker& here, publish_function publish, void* argument);

  /// Wakes the worker if it sleeps; if it is about to, it won't.
  void unpark() noexcept;

  // For the scheduler, by this worker's thread (but for listed_, guarded by its mutex of the sleepers).
  bool searching = false;
  bool listed = false;
  std::uint32_t random;

  placed_jobs placed;  // jobs that run here only; any thread
  unsigned node = 0;   // of memory; set before the thread begins
  // See thread_scheduler::take_urgent.
  unsigned high_in_row = 0;
  bool turn_of_queue = false;

 private:
  friend class thread_scheduler;
  class switcher;
  struct blocked_fiber;
  struct loop_note;
  enum park_state : int { awake, on_condition, in_reactor, notified };

  void loop();
  static void loop_entry();
  void finish_switch();
  void become_spare();
  void let_others_run();
  void note_context(boost::fibers::context& left) const noexcept;
  [[nodiscard]] static execution_context* take_noted(boost::fibers::context const* next) noexcept;
  void stop_loops();
  boost::fibers::context* take_spare();
  boost::fibers::context* make_loop();
  void set_stack_of_loop() noexcept;
  void wait(time_point fiber_timer);

  // Fibers, linked by a node that each has for that; so it is in one list at most, and moving it there can't fail.
  class fiber_list {
   public:
    [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    void push_back(boost::fibers::context* c) noexcept {
      c->ready_link(list_);
      ++size_;
    }
    boost::fibers::context* take_front() noexcept { return take(list_.front()); }
    boost::fibers::context* take_back() noexcept { return take(list_.back()); }

   private:
    boost::fibers::context* take(boost::fibers::context& c) noexcept {
      c.ready_unlink();
      --size_;
      return &c;
    }

    boost::fibers::scheduler::ready_queue_type list_;
    std::size_t size_ = 0;
  };

  // Wakes the worker when a fiber that sleeps by one of Boost.Fiber's own timers is due.
  struct alarm : timer_node {
    explicit alarm(fiber_worker& w) noexcept
        : timer_node({}, [](timer_node& n, bool) noexcept { static_cast<alarm&>(n).owner.unpark(); }), owner(w) {}
    fiber_worker& owner;
  };

  thread_scheduler& scheduler_;
  alarm alarm_;
  fiber_list ready_;
  fiber_list spares_;
  boost::fibers::context* idle_loop_ = nullptr;   // the loop that found nothing to do, while the dispatcher runs
  boost::fibers::context* dispatcher_ = nullptr;  // Boost.Fiber's own, when it may be resumed
  boost::fibers::context* main_ = nullptr;        // the thread's own stack, waiting for the end
  blocked_fiber* left_ = nullptr;                 // who was left by the last switch and is not yet published
  boost::fibers::context* fresh_ = nullptr;       // a fiber just made
  bool capture_fresh_ = false;
  bool uses_fiber_primitives_ = false;  // a task has blocked in one of Boost.Fiber's own: the dispatcher must run too
  unsigned retire_ = 0;                 // how many of the next loops to run shall end, to give memory back

  unsigned until_poll_ = 1, poll_stride_ = 1;  // jobs between two looks at the clock: adapts to their length
  time_point last_poll_{};

  std::atomic<bool> fiber_ready_{false};  // another thread has made a fiber of ours ready (set release, read acquire)
  std::atomic<int> park_state_{awake};    // see wait and unpark
  thread_parker parker_;
};

}  // namespace mobula::detail
