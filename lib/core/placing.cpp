// The part of thread_scheduler that is about placements: blocking calls, priorities, workers and nodes of memory.

#include "thread_scheduler.hpp"

#include <algorithm>
#include <iterator>
#include <mutex>

namespace mobula::detail {

// A job is counted before it can be taken. A worker that does not see the count yet, as it looks without a barrier, sees
// it at its next look, or before it sleeps; see `push` and `more_for`.
void thread_scheduler::submit_placed(job& j, placement const& where) noexcept {
  if (lost()) return;
  if (where.blocking && blocking_.submit(j)) return;
  priority const level = where.level.value_or(priority::normal);
  (level >= priority::normal ? urgent_ : patient_).fetch_add(1, std::memory_order_seq_cst);
  // Waking is within the lock, as with jobs from outside: once a worker can take the job, it may be the last that this
  // scheduler has lived for.
  if (where.worker) {
    fiber_worker& w = *workers_[*where.worker];
    w.placed.push(j, level, [&] { wake_if_asleep([&](fiber_worker const& s) { return &s == &w; }); });
  } else if (where.numa_node) {
    unsigned const node = *where.numa_node;
    nodes_[node].push(j, level, [&] { wake_if_asleep([&](fiber_worker const& s) { return s.node == node; }); });
  } else {
    anywhere_.push(j, level, [&] { wake_if_needed(); });
  }
}

// Not all workers will do, so this does not rely on one that searches. The worker lists itself as asleep, under the
// mutex, before it looks for the last time: either it is found here, or it sees the job then.
template <class Which>
void thread_scheduler::wake_if_asleep(Which which) noexcept {
  fiber_worker* w = nullptr;
  {
    std::lock_guard const lock(sleepers_mutex_);
    auto const found = std::find_if(sleepers_.rbegin(), sleepers_.rend(), [&](auto const* s) { return which(*s); });
    if (found == sleepers_.rend()) return;
    w = *found;
    sleepers_.erase(std::next(found).base());
    w->listed = false;
    idle_.sleeper_to_searcher();
  }
  w->unpark();
}

// Workers end the calls that have not begun, as others.
void thread_scheduler::drop_blocking() noexcept {
  job* const first = blocking_.close();
  if (first == nullptr) return;
  job* last = first;
  std::size_t count = 1;
  for (; last->next != nullptr; last = last->next) ++count;
  submit_from_outside(*first, *last, count);
}

job* thread_scheduler::take_placed(fiber_worker& w, priority most, priority least) noexcept {
  for (placed_jobs* const from : {&w.placed, &nodes_[w.node], &anywhere_}) {
    auto const [j, level] = from->take(most, least);
    if (j == nullptr) continue;
    (level >= priority::normal ? urgent_ : patient_).fetch_sub(1, std::memory_order_seq_cst);
    return j;
  }
  return nullptr;
}

// What comes before the worker's own queue: many of high priority in a row. When it is not their turn, or there are none,
// those of normal priority that have their place, or have aged, take turns with the queue.
job* thread_scheduler::take_urgent(fiber_worker& w) noexcept {
  if (w.high_in_row < 16) {
    if (job* const j = take_placed(w, priority::high, priority::high)) {
      ++w.high_in_row;
      return j;
    }
  }
  w.high_in_row = 0;
  w.turn_of_queue = !w.turn_of_queue;
  return w.turn_of_queue ? nullptr : take_placed(w, priority::normal, priority::normal);
}

bool thread_scheduler::more_for(fiber_worker const& w) const noexcept {
  return more_to_do() || !w.placed.empty() || !nodes_[w.node].empty();
}

void thread_scheduler::age(time_point now) noexcept {
  time_point::rep last = aged_.load(std::memory_order_relaxed);
  time_point::rep const here = now.time_since_epoch().count();
  if (here - last < ageing_.count() || !aged_.compare_exchange_strong(last, here, std::memory_order_relaxed)) return;
  std::size_t risen = anywhere_.age();
  for (unsigned i = 0; i < numa_.count(); ++i) risen += nodes_[i].age();
  for (auto& w : workers_) risen += w->placed.age();
  // Some may have been taken meanwhile: then a count is below zero for a moment, which is as good as above.
  patient_.fetch_sub(risen, std::memory_order_seq_cst);
  urgent_.fetch_add(risen, std::memory_order_seq_cst);
}

}  // namespace mobula::detail
