#include "living_runtimes.hpp"

#include <mobula/core/block.hpp>
#include <mobula/core/blocking_thread.hpp>
#include <mobula/core/error.hpp>
#include <mobula/core/process_number.hpp>
#include <mobula/core/submission_hold.hpp>

#include "thread_parker.hpp"

#include <pthread.h>

#include <algorithm>
#include <string>
#include <utility>

namespace mobula::detail {
namespace {

// What the calling thread has found, and of which version; 0 for nothing.
constinit thread_local scheduler* found = nullptr;
constinit thread_local std::uint64_t found_in = 0;
constinit thread_local bool thread_ends = false;

constinit thread_local scheduler* held_here = nullptr;  // by the innermost submission_hold

}  // namespace

// Keeps what the thread has found.
struct living_runtimes::held_scheduler {
  std::shared_ptr<scheduler> what;
  ~held_scheduler() {
    found_in = 0;
    thread_ends = true;
  }
};

living_runtimes& living_runtimes::it() {
  static auto* const all = new living_runtimes;
  return *all;
}

living_runtimes::living_runtimes() { ::pthread_atfork(&before_fork, &after_fork, &in_child); }

void living_runtimes::before_fork() { it().mutex_.lock(); }

void living_runtimes::after_fork() { it().mutex_.unlock(); }

// The child has the forking thread alone. If that was in a task, it belongs to nothing any more.
void living_runtimes::in_child() {
  living_runtimes& all = it();
  if (++process_number == 0) process_number = 1;
  for (entry& e : all.living_) {
    e.what->lose();
    if (current_worker != nullptr && &current_worker->owner == e.what.get()) current_worker = nullptr;
    if (current_blocking_thread != nullptr && &current_blocking_thread->owner == e.what.get())
      current_blocking_thread = nullptr;
    if (held_here == e.what.get()) held_here = nullptr;
  }
  all.lost_.insert(all.lost_.end(), all.living_.begin(), all.living_.end());
  all.living_.clear();
  all.changed();
  after_fork();
}

void living_runtimes::add(std::shared_ptr<scheduler> s, duration spin) {
  std::lock_guard const lock(mutex_);
  living_.push_back({std::move(s), std::this_thread::get_id(), spins_for(spin)});
  changed();
}

template <class F>
void living_runtimes::change(scheduler const& s, F f) noexcept {
  std::lock_guard const lock(mutex_);
  auto const e = std::find_if(living_.begin(), living_.end(), [&s](entry const& x) { return x.what.get() == &s; });
  if (e == living_.end()) return;
  f(e);
  changed();
}

void living_runtimes::prefer(scheduler const& s) noexcept {
  change(s, [](auto e) { e->preferred = true; });
}

void living_runtimes::retire(scheduler const& s) noexcept {
  change(s, [](auto e) { e->ending = true; });
}

void living_runtimes::remove(scheduler const& s) noexcept {
  std::shared_ptr<scheduler> last;  // what keeps it alive here ends without the lock
  change(s, [&](auto e) {
    last = std::move(e->what);
    living_.erase(e);
  });
  if (found == &s && found_in != 0) look();
}

void living_runtimes::changed() noexcept {
  version_.store(version_.load(std::memory_order_relaxed) + 1, std::memory_order_release);
  if (auto const s = find())
    for (entry const& e : living_)
      if (e.what == s) most_spins_outside.store(e.spins_outside, std::memory_order_relaxed);
}

std::shared_ptr<scheduler> living_runtimes::find() const noexcept {
  entry const* best = nullptr;
  auto const rank = [me = std::this_thread::get_id()](entry const& e) {
    return e.preferred ? 2 : e.maker == me ? 1 : 0;
  };
  for (entry const& e : living_)
    if (!e.ending && (best == nullptr || rank(e) > rank(*best))) best = &e;
  return best != nullptr ? best->what : nullptr;
}

void living_runtimes::look() {
  thread_local held_scheduler held;
  std::shared_ptr<scheduler> before;  // ends without the lock, when this thread knows better
  std::lock_guard const lock(mutex_);
  std::shared_ptr<scheduler> now = find();
  found = now.get();
  if (thread_ends) return void(kept_.push_back(std::move(now)));
  before = std::exchange(held.what, std::move(now));
  found_in = version_.load(std::memory_order_relaxed);
}

std::shared_ptr<scheduler> living_runtimes::shared_current() noexcept {
  if (found_in != version_.load(std::memory_order_acquire)) look();
  return found != nullptr ? found->shared_from_this() : nullptr;
}

scheduler& living_runtimes::current() {
  if (found_in != version_.load(std::memory_order_acquire)) look();
  if (found != nullptr) return *found;
  if (process_number != 1) throw_forked("no runtime lives here");
  if (version_.load(std::memory_order_relaxed) != 1)  // there has been one
    throw no_runtime(
        "mobula: no runtime lives any more: it has been shut down, or is being; make a new one, mobula::runtime ray; "
        "or "
        "mobula::init()");
  throw no_runtime("mobula: no runtime lives: make one first, mobula::runtime ray; or mobula::init()");
}

void throw_forked(char const* what) {
  throw no_runtime(std::string("mobula: ") + what +
                   ": this process is the child of a fork, which has none of its parent's threads, so no task of the "
                   "parent's runtime ends here. Make a runtime in the child, mobula::init() or mobula::runtime, fork "
                   "before there is one, or call exec");
}

namespace {

// What is known without a look at those that live.
scheduler* scheduler_here() noexcept {
  if (worker* const w = this_worker()) return &w->owner;
  if (blocking_thread const* const b = current_blocking_thread) return &b->owner;
  return held_here != nullptr ? held_here : driven_scheduler();
}

}  // namespace

scheduler& current_scheduler() {
  scheduler* const s = scheduler_here();
  return s != nullptr ? *s : living_runtimes::it().current();
}

std::shared_ptr<scheduler> current_scheduler_if_any() noexcept {
  scheduler* const s = scheduler_here();
  return s != nullptr ? s->shared_from_this() : living_runtimes::it().shared_current();
}

submission_hold::submission_hold(scheduler* chosen) {
  worker* const w = this_worker();
  scheduler_ = chosen != nullptr ? chosen : w != nullptr ? &w->owner : nullptr;
  if (w != nullptr && &w->owner == scheduler_) return;
  if (scheduler_ != nullptr)
    scheduler_->admit_task();
  else
    submit_to_current([this](scheduler& s) {
      s.admit_task();
      scheduler_ = &s;
    });
  counted_in_ = scheduler_->shared_from_this();
  if (w == nullptr) before_ = std::exchange(held_here, scheduler_);
}

submission_hold::~submission_hold() {
  if (counted_in_ == nullptr) return;
  if (held_here == scheduler_ && this_worker() == nullptr) held_here = before_;
  scheduler_->finish_from_outside();
}

scheduler* submission_hold::here() noexcept { return held_here; }

}  // namespace mobula::detail
