// How a thread_scheduler ends: it closes, drains or drops, and lets its threads go.
#include "thread_scheduler.hpp"

#include <mobula/core/dump_tasks.hpp>

#include <chrono>
#include <mutex>
#include <string>
#include <utility>

namespace mobula::detail {

void thread_scheduler::close(bool drop) noexcept {
  {
    std::lock_guard const lock(injected_mutex_);
    closed_ = true;
    refusing_.store(true, std::memory_order_relaxed);
  }
  if (drop && !dropping_.exchange(true, std::memory_order_relaxed)) {
    timers_.close();
    drop_blocking();
    for (auto const& w : workers_) w->waits.drop();
    waits_elsewhere.drop();
    parts.drop();
  }
  closing_.store(true, std::memory_order_seq_cst);
  wake_all();
}

bool thread_scheduler::finish(time_point limit) {
  if (!wait_until_drained(limit)) return false;
  if (!std::exchange(parts_let_go_, true) && parts.let_go()) drain_again();
  if (!wait_until_drained(limit)) return false;
  if (!std::exchange(parts_ended_, true) && parts.end()) drain_again();
  if (!wait_until_drained(limit)) return false;
  stopping_.store(true, std::memory_order_release);
  wake_all();
  threads_.join();
  blocking_.stop();
  end();
  return true;
}

// There may be tasks again, which are counted by now.
void thread_scheduler::drain_again() {
  {
    std::lock_guard const lock(drained_mutex_);
    drained_told_ = false;
  }
  wake_all();
}

bool thread_scheduler::wait_until_drained(time_point limit) {
  constexpr auto a_while = std::chrono::seconds(3);
  std::unique_lock lock(drained_mutex_);
  auto const told = [this] { return drained_told_; };
  if (limit != time_point::max()) return drained_changed_.wait_until(lock, limit, told);
  for (bool said = false; !drained_changed_.wait_for(lock, a_while, told);) {
    if (verb() == job_verb::run || std::exchange(said, true)) continue;
    lock.unlock();
    say_who_is_left();
    lock.lock();
  }
  return true;
}

// Of a drop, which ends all waits that it can.
void thread_scheduler::say_who_is_left() const noexcept {
  try {
    std::string text = "mobula: a runtime that is shut down with drop still waits for tasks that have begun: " +
                       std::to_string(unfinished()) +
                       ". They compute, block their thread, or wait in something that is not Mobula's.\n";
    text += tracks ? dump_tasks()
                   : "Which they are is known with runtime_options::track_tasks, or MOBULA_TRACK_TASKS=1 in the "
                     "environment.\n";
    warn(text);
  } catch (...) {}  // no memory for that
}

std::uint64_t thread_scheduler::unfinished() const noexcept {
  auto const a = std::memory_order_acquire;
  std::uint64_t finished = finished_from_outside_.load(a);
  for (auto const& w : workers_) finished += w->finished.load(a);
  std::uint64_t submitted = submitted_from_outside_.load(a);
  for (auto const& w : workers_) submitted += w->submitted.load(a);
  return submitted - finished;
}

// The threads are gone. Handlers that came too late to be run, and those of operations still in flight, go without being
// called; so do the executors in them, which hold this scheduler.
void thread_scheduler::end() noexcept {
  job* late = nullptr;
  {
    std::lock_guard const lock(injected_mutex_);
    over_ = true;
    late = std::exchange(injected_first_, nullptr);
    injected_last_ = nullptr;
    injected_.store(0, std::memory_order_seq_cst);
  }
  if (job* const j = take_handed()) j->step(*j, job_verb::destroy);
  // What a worker that went through the reactor once more, before it saw the end, has made a job of.
  for (auto const& w : workers_)
    while (job* const j = w->queue.steal()) j->step(*j, job_verb::destroy);
  while (late != nullptr) {
    job& j = *late;
    late = j.next;
    j.step(j, job_verb::destroy);
  }
  reactor_.close();
  timers_.close();  // what only waits for the end, and what came too late
}

// Finished tasks are summed before submitted ones, and a task's children are counted before it is: so equal sums mean
// that at the moment between the two nothing was left. The same with other outstanding work, unless that is dropped.
bool thread_scheduler::drained() const noexcept {
  auto const a = std::memory_order_acquire;
  std::uint64_t const with_work = verb() == job_verb::run ? 1 : 0;
  std::uint64_t finished = finished_from_outside_.load(a) + with_work * work_ended_outside_.load(a);
  for (auto const& w : workers_) finished += w->finished.load(a) + with_work * w->work_ended.load(a);
  std::uint64_t submitted = 0;
  for (auto const& w : workers_) submitted += w->submitted.load(a) + with_work * w->work_begun.load(a);
  return finished == submitted + submitted_from_outside_.load(a) + with_work * work_begun_outside_.load(a);
}

void thread_scheduler::tell_if_drained() noexcept {
  std::lock_guard const lock(drained_mutex_);  // so what shutdown has begun before it took the word back is seen
  if (more_to_do() || !drained()) return;
  drained_told_ = true;
  drained_changed_.notify_all();
}

}  // namespace mobula::detail
