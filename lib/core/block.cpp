#include <mobula/core/block.hpp>
#include <mobula/core/error.hpp>

#include "thread_parker.hpp"

#include <boost/asio/strand.hpp>

#include <atomic>
#include <thread>
#include <vector>

namespace mobula::detail {
namespace {

thread_local std::vector<thread_driver*> drivers;             // the last one waits
constinit thread_local thread_driver* last_driver = nullptr;  // the same, null if there is none

thread_driver* driver() noexcept { return last_driver; }

// Wakes a sleeping thread.
struct thread_resumer : resumer {
  explicit thread_resumer(thread_parker& p) noexcept
      : resumer{[](resumer& r) noexcept { static_cast<thread_resumer&>(r).parker.unpark(); }}, parker(p) {}
  thread_parker& parker;
};

// The fiber that blocks may go on in another thread. Asio notes in the thread which strands it is in, so a handler would
// take that note along to where it does not hold and leave it where it does. In the reactor, no fiber may be left at all.
void check_may_block(worker const& w) {
  using strand = boost::asio::detail::strand_executor_service;
  if (boost::asio::detail::call_stack<strand::strand_impl>::top() != nullptr)
    throw error(
        "mobula: a handler in an asio::strand can't block: other handlers could get into the strand meanwhile. Make it "
        "a coroutine, or post the blocking part to the executor itself");
  if (w.inside_reactor)
    throw error(
        "mobula: a completion handler that is bound to an executor which calls it at once can't block: it runs where "
        "the runtime waits for input and output. Bind it to the runtime's executor, or to none");
}

thread_parker& parker_of_this_thread() {
  thread_local thread_parker parker;
  return parker;
}

// A fiber that waits with a time limit. Three parties have to be done with this object before the fiber goes on and
// ends its life: the publisher, the waker and the timer. `parties` counts them down; the last resumes the fiber.
struct timed_wait : resumer, timer_node {
  timed_wait(scheduler& s, time_point limit, publish_function p, bool (*c)(void*) noexcept, void* a) noexcept
      : resumer{&woken_by_resumer}, timer_node(limit, &woken_by_timer), owner(s), publish(p), cancel(c), argument(a) {}

  static void publish_both(void* self, resumer& fiber) noexcept {
    auto& w = *static_cast<timed_wait*>(self);
    w.fiber_ = &fiber;
    w.publish(w.argument, w);
    w.owner.add_timer(w);
    // The waker may have come before the timer was there for it to remove. Both do: set or add, then test or remove.
    w.done(w.woken.load(std::memory_order_seq_cst) && w.owner.remove_timer(w) ? 2 : 1);
  }

  static void woken_by_resumer(resumer& r) noexcept {
    auto& w = static_cast<timed_wait&>(r);
    w.woken.store(true, std::memory_order_seq_cst);
    w.done(w.owner.remove_timer(w) ? 2 : 1);
  }

  static void woken_by_timer(timer_node& n, bool) noexcept {
    auto& w = static_cast<timed_wait&>(n);
    bool const waker_never_comes = w.cancel(w.argument);
    w.timed_out = waker_never_comes;
    w.done(waker_never_comes ? 2 : 1);
  }

  void done(int n) noexcept {
    if (parties.fetch_sub(n, std::memory_order_acq_rel) == n) fiber_->wake(*fiber_);
  }

  scheduler& owner;
  publish_function publish;
  bool (*cancel)(void*) noexcept;
  void* argument;
  resumer* fiber_ = nullptr;
  bool timed_out = false;  // written by the timer's party, read when all are done
  std::atomic<bool> woken{false};
  std::atomic<int> parties{3};
};

// The turn of a fiber that pauses. It goes behind what waits already; the fiber itself would be next when woken.
struct fiber_turn : job {
  explicit fiber_turn(scheduler& s) noexcept
      : job([](job& j, job_verb) noexcept {
          resumer& waiting = *static_cast<fiber_turn&>(j).fiber;
          waiting.wake(waiting);
        }),
        owner(s) {}

  static void publish(void* self, resumer& r) noexcept {
    auto& me = *static_cast<fiber_turn*>(self);
    me.fiber = &r;
    me.owner.submit_from_outside(me, me, 1);
  }

  scheduler& owner;
  resumer* fiber = nullptr;
};

}  // namespace

void block(publish_function publish, void* argument) {
  if (worker* const w = this_worker()) {
    check_may_block(*w);
    return w->owner.block_fiber(publish, argument);
  }
  if (auto* const d = driver()) return d->block_thread(publish, argument);
  thread_resumer me(parker_of_this_thread());
  int const spins = most_spins_outside.load(std::memory_order_relaxed);
  publish(argument, me);
  me.parker.park(spins);
}

bool block_until(time_point limit, publish_function publish, bool (*cancel)(void*) noexcept, void* argument) {
  if (limit == time_point::max()) return block(publish, argument), true;
  if (worker* const w = this_worker()) {
    check_may_block(*w);
    timed_wait t(w->owner, limit, publish, cancel, argument);
    w->owner.block_fiber(&timed_wait::publish_both, &t);
    return !t.timed_out;
  }
  if (auto* const d = driver()) return d->block_thread_until(limit, publish, cancel, argument);
  thread_resumer me(parker_of_this_thread());
  int const spins = most_spins_outside.load(std::memory_order_relaxed);
  publish(argument, me);
  if (me.parker.park(spins, limit)) return true;
  if (cancel(argument)) return false;
  return me.parker.park(spins);
}

void take_turn(worker& here) {
  fiber_turn mine(here.owner);
  block(&fiber_turn::publish, &mine);
}

void let_others_run() noexcept {
  worker* const w = this_worker();
  if (w == nullptr) return;
  try {
    take_turn(*w);
  } catch (error const&) {}
}

void yield_thread() {
  if (auto* const d = driver()) return d->yield_thread();
  std::this_thread::yield();
}

time_point deadline_after(duration d) noexcept {
  worker* const w = this_worker();
  auto const* const by_hand = driver();
  time_point const now = w != nullptr         ? w->owner.now()
                         : by_hand != nullptr ? by_hand->driver_now()
                                              : std::chrono::steady_clock::now();
  return time_after(now, d);
}

void add_thread_driver(thread_driver& d) {
  drivers.push_back(&d);
  last_driver = &d;
}

void remove_thread_driver(thread_driver& d) noexcept {
  std::erase(drivers, &d);
  last_driver = drivers.empty() ? nullptr : drivers.back();
}

scheduler* driven_scheduler() noexcept { return last_driver != nullptr ? &last_driver->driven() : nullptr; }

}  // namespace mobula::detail
