// The part of thread_scheduler that is about sleep, elsewhere or in the reactor.

#include "thread_scheduler.hpp"

#include <algorithm>
#include <mutex>
#include <utility>

namespace mobula::detail {

void thread_scheduler::lie_down(fiber_worker& w) noexcept {
  std::lock_guard const lock(sleepers_mutex_);
  sleepers_.push_back(&w);
  w.listed = true;
  idle_.begin_sleep();
  if (std::exchange(w.searching, false)) idle_.end_search();
}

// With `to_work` there are jobs that their submitters may have left to this worker, as it was searching until a moment
// ago: it goes on as a searcher, who wakes the next when it has found one.
//
// What came to its queue while it slept in the reactor may have been left to a searcher too, who stopped searching without
// a barrier as this one was counted asleep: either that one's change of the word of idle_state came first and is seen
// here, or it has seen this change.
void thread_scheduler::get_up(fiber_worker& w, bool to_work) noexcept {
  {
    std::lock_guard const lock(sleepers_mutex_);
    if (w.listed) {
      std::erase(sleepers_, &w);
      w.listed = false;
      if (to_work)
        idle_.sleeper_to_searcher();
      else
        idle_.end_sleep();
      w.searching = to_work;
    } else {
      w.searching = true;  // whoever woke it has counted it so
    }
  }
  if (w.queue.size() > 1) wake_if_needed();
}

// Sleeps in the reactor if nobody else does. park_state says where, so that unpark knows how to wake; a wake that comes
// before the sleep makes the exchange fail.
void thread_scheduler::sleep(fiber_worker& w) noexcept {
  lie_down(w);
  process_barrier();  // see idle_state: after this, whoever has pushed a job sees the sleeper, or its job is seen here
  if (closing_.load(std::memory_order_seq_cst) && idle_.sleepers() == workers_.size()) tell_if_drained();
  bool const to_work = more_for(w);
  if (!to_work && !w.fiber_ready_.load(std::memory_order_acquire) && !stopping()) {
    int expected = fiber_worker::awake;
    fiber_worker* nobody = nullptr;
    if (in_reactor_.compare_exchange_strong(nobody, &w, std::memory_order_seq_cst)) {
      if (w.park_state_.compare_exchange_strong(expected, fiber_worker::in_reactor, std::memory_order_seq_cst))
        sleep_in_reactor(w);
      leave_reactor();
    } else if (w.park_state_.compare_exchange_strong(expected, fiber_worker::on_condition, std::memory_order_seq_cst)) {
      w.parker_.park(spins_for(spin_));
    }
  }
  w.park_state_.store(fiber_worker::awake, std::memory_order_seq_cst);
  get_up(w, to_work);
}

void thread_scheduler::sleep_in_reactor(fiber_worker& w) noexcept {
  reactor_.arm();
  w.inside_reactor = true;
  while (w.park_state_.load(std::memory_order_seq_cst) == fiber_worker::in_reactor && w.queue.empty()) {
    reactor_.sleep();
    // What ended in there without leaving a job behind may have been the last that shutdown waits for. Whoever lay down
    // before could not see that, and whoever lies down later will: the read-modify-write of `recount` decides which.
    if (closing_.load(std::memory_order_seq_cst) && idle_.recount_sleepers() == workers_.size()) tell_if_drained();
  }
  w.inside_reactor = false;
}

// Others may have lain down elsewhere because the reactor was taken; if something may come there, one has to take the
// place.
void thread_scheduler::leave_reactor() noexcept {
  in_reactor_.store(nullptr, std::memory_order_seq_cst);
  if (idle_.should_wake() && reactor_is_needed()) wake_one();
}

bool thread_scheduler::reactor_is_needed() const noexcept {
  return has_io_.load(std::memory_order_seq_cst) || timers_.first() != time_point::max();
}

void thread_scheduler::poll_reactor(fiber_worker& w) noexcept {
  fiber_worker* nobody = nullptr;
  if (!in_reactor_.compare_exchange_strong(nobody, &w, std::memory_order_seq_cst)) return;
  w.inside_reactor = true;
  reactor_.poll();
  w.inside_reactor = false;
  leave_reactor();
}

}  // namespace mobula::detail
