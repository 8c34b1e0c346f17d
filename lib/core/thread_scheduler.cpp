#include "thread_scheduler.hpp"

#include "one_by_one.hpp"

#include "stack_overflow.hpp"

#include <mobula/core/blocking_thread.hpp>
#include <mobula/core/error.hpp>
#include <mobula/core/submission_hold.hpp>

#include <algorithm>
#include <string>
#include <thread>

namespace mobula::detail {

thread_scheduler::thread_scheduler(runtime_options const& options)
    : stack_size_(options.stack_size),
      max_blocked_(options.max_blocked),
      spin_(options.spin),
      useful_searchers_(std::min(options.num_cpus, std::max(1U, std::thread::hardware_concurrency()))),
      reactor_(timers_),
      numa_(options.numa),
      nodes_(std::make_unique<placed_jobs[]>(numa_.count())),
      ageing_(options.ageing),
      blocking_(*this, {options.max_blocking_threads, options.blocking_idle, options.thread_name}) {
  find_process_barrier();
  if (options.report_stack_overflow) report_stack_overflow();
  for (unsigned i = 0; i < options.num_cpus; ++i) {
    workers_.push_back(std::make_unique<fiber_worker>(*this, i));
    workers_.back()->node = static_cast<unsigned>(std::uint64_t{i} * numa_nodes() / options.num_cpus);
  }
  sleepers_.reserve(options.num_cpus);
  threads_.start(options.num_cpus, options,
                 {.prepare =
                      [this](unsigned i) {
                        numa_.bind(workers_[i]->node);
                        workers_[i]->prepare();
                      },
                  .run = [this](unsigned i) { workers_[i]->run(); },
                  .give_up = [this] { stopping_.store(true, std::memory_order_release); }});
}

thread_scheduler::~thread_scheduler() { shutdown(true, time_point::max()); }

// In all three, waking is within the lock: once a worker can take the job, it may be the last that this scheduler has
// lived for.

void thread_scheduler::submit_from_outside(job& first, job& last, std::size_t count) noexcept {
  if (lost()) return;  // nobody will run it
  std::lock_guard const lock(injected_mutex_);
  inject(first, last, count);
}

// Past the queues, as each lock and each cache line counts here; if there is one already, nobody is there to take it.
void thread_scheduler::hand_over(job& j) noexcept {
  job* none = nullptr;
  if (!handed_.compare_exchange_strong(none, &j, std::memory_order_seq_cst)) return submit(j);
  // A searcher may have taken it already, and does not search any more; then all is well.
  if (idle_.should_wake_after_store() && handed_.load(std::memory_order_seq_cst) == &j) wake_one();
}

// Whoever is woken may find itself on the waker's own processor, until the kernel moves one of the two after some ticks;
// so it looks for long, and lets the waker go on meanwhile (see search).
void thread_scheduler::wake_for_more() noexcept {
  if (spin_ == duration::zero()) return;
  search_until_.store(now() + 250 * spin_, std::memory_order_relaxed);
  if (idle_.should_wake_after_store()) wake_one();
}

void thread_scheduler::submit_task_from_outside(job& j) {
  check_not_lost();
  one_by_one::submitted(j);
  std::lock_guard const lock(injected_mutex_);
  check_open();
  count_from_outside(1);
  inject(j, j, 1);
}

void thread_scheduler::inject(job& first, job& last, std::size_t count) noexcept {
  last.next = nullptr;
  (injected_last_ != nullptr ? injected_last_->next : injected_first_) = &first;
  injected_last_ = &last;
  injected_.store(injected_.load(std::memory_order_relaxed) + count, std::memory_order_seq_cst);
  if (idle_.should_wake_after_store()) wake_one();
}

void thread_scheduler::finish_from_outside() noexcept {
  finished_from_outside_.fetch_add(1, std::memory_order_seq_cst);
  if (closing_.load(std::memory_order_seq_cst) && !lost()) wake_all();  // they look again whether all is done
}

void thread_scheduler::admit_from_outside(std::size_t count) {
  check_not_lost();
  std::lock_guard const lock(injected_mutex_);
  check_open();
  count_from_outside(count);
}

bool thread_scheduler::submit_handler_from_outside(job& j) noexcept {
  if (lost()) return false;
  std::lock_guard const lock(injected_mutex_);
  if (over_) return false;
  count_from_outside(1);
  inject(j, j, 1);
  return true;
}

void thread_scheduler::finish_work_from_outside() noexcept {
  work_ended_outside_.fetch_add(1, std::memory_order_seq_cst);
  if (closing_.load(std::memory_order_seq_cst) && !lost()) wake_all();
}

boost::asio::execution_context& thread_scheduler::asio_context() {
  check_not_lost();
  {
    std::lock_guard const lock(injected_mutex_);
    if (over_) throw no_runtime("mobula: this runtime has been shut down: no sockets or timers can be made on it");
  }
  if (!has_io_.exchange(true, std::memory_order_seq_cst) && in_reactor_.load(std::memory_order_seq_cst) == nullptr &&
      idle_.should_wake())
    wake_one();
  return reactor_.context();
}

// A call that blocks is a task that is not over, so what it starts comes in time; so does what is submitted under a hold.
void thread_scheduler::check_open() const {
  if (closed_ && submission_hold::here() != this &&
      (current_blocking_thread == nullptr || &current_blocking_thread->owner != this))
    throw no_runtime("mobula: this runtime has been shut down: make a new mobula::runtime, or submit before that");
}

void thread_scheduler::block_fiber(publish_function publish, void* argument) {
  fiber_worker::block(static_cast<fiber_worker&>(*this_worker()), publish, argument);
}

void thread_scheduler::add_timer(timer_node& node) noexcept {
  if (!timers_.add(node)) return;
  reactor_.arm();
  // Nobody may be there to see it: the reactor's last sleeper went to work while others sleep elsewhere.
  if (in_reactor_.load(std::memory_order_seq_cst) == nullptr && idle_.should_wake()) wake_one();
}

job* thread_scheduler::next_job(fiber_worker& w) noexcept {
  job* j = nullptr;
  if (urgent_.load(std::memory_order_relaxed) != 0) [[unlikely]]
    j = take_urgent(w);
  if (j == nullptr) j = find_job(w);
  if (j == nullptr && has_io_.load(std::memory_order_relaxed)) {  // what has come in meanwhile saves a sleep
    poll_reactor(w);
    j = w.queue.pop();
  }
  if (j == nullptr) j = search(w);
  if (j != nullptr) stop_searching(w);
  return j;
}

job* thread_scheduler::find_job(fiber_worker& w) noexcept {
  if (job* const j = w.queue.pop()) return j;
  if (job* const j = take_handed()) return j;
  if (job* const j = take_injected(w)) return j;
  if (job* const j = steal(w)) return j;
  return take_placed(w, priority::high, priority::background);
}

job* thread_scheduler::take_handed() noexcept {
  if (handed_.load(std::memory_order_relaxed) == nullptr) return nullptr;
  return handed_.exchange(nullptr, std::memory_order_seq_cst);
}

// Takes a share of what came from outside: one to run, the rest to the own queue, the oldest at the end where the owner
// takes from.
job* thread_scheduler::take_injected(fiber_worker& w) noexcept {
  if (injected_.load(std::memory_order_seq_cst) == 0) return nullptr;
  constexpr std::size_t most = 64;
  job* taken[most];
  std::size_t n = 0;
  {
    std::lock_guard const lock(injected_mutex_);
    std::size_t const there = injected_.load(std::memory_order_relaxed);
    if (there == 0) return nullptr;
    std::size_t const share = std::min(most, (there + workers_.size() - 1) / workers_.size());
    for (; n < share; ++n) {
      taken[n] = injected_first_;
      injected_first_ = injected_first_->next;
    }
    if (injected_first_ == nullptr) injected_last_ = nullptr;
    injected_.store(there - n, std::memory_order_seq_cst);
  }
  for (std::size_t i = n; i-- > 1;) push(w, *taken[i]);
  if (n > 1) wake_if_needed();
  return taken[0];
}

// Takes the oldest job of another worker; of a long queue some more, as each theft costs both sides a cache miss.
job* thread_scheduler::steal(fiber_worker& w) noexcept {
  std::size_t const n = workers_.size();
  if (n == 1) return nullptr;
  w.random = w.random * 1664525 + 1013904223;
  std::size_t const start = w.random >> 16;
  for (std::size_t k = 0; k < n; ++k) {
    fiber_worker& victim = *workers_[(start + k) % n];
    if (&victim == &w) continue;
    job* const first = victim.queue.steal();
    if (first == nullptr) continue;
    constexpr std::size_t few = 16, most = 32;
    std::size_t const left = victim.queue.size();
    if (left > few) {
      job* more[most];
      std::size_t taken = 0;
      for (std::size_t const share = std::min(most, left / 2); taken < share; ++taken)
        if ((more[taken] = victim.queue.steal()) == nullptr) break;
      while (taken-- > 0) push(w, *more[taken]);
      wake_if_needed();
    }
    return first;
  }
  return nullptr;
}

// Looks around for some microseconds before sleeping, unless enough others do.
job* thread_scheduler::search(fiber_worker& w) noexcept {
  if (!w.searching) {
    if (idle_.searchers() * 2 >= useful_searchers_) return nullptr;
    idle_.begin_search();
    w.searching = true;
  }
  // Not without a break: a thread that submits one task after the other should be able to. But who hands a job over wants
  // it taken at once.
  auto const usual = now() + spin_, limit = std::max(usual, search_until_.load(std::memory_order_relaxed));
  for (auto t = usual - spin_; t < limit; t = now()) {
    if (limit != usual) std::this_thread::yield();
    for (int i = 0; i < 16 && handed_.load(std::memory_order_relaxed) == nullptr; ++i) __builtin_ia32_pause();
    if (stopping() || w.fiber_ready_.load(std::memory_order_relaxed)) return nullptr;
    if (job* const j = find_job(w)) return j;
  }
  return nullptr;
}

// The worker has found something. If it was the last to search, whoever submitted meanwhile has relied on it, and so
// has the reactor: it wakes the next. The barrier is for what other workers have pushed to their own queues; it is a call
// of the kernel that interrupts every thread, and so is left out where all other workers sleep: each has counted itself
// asleep, after all that it pushed, in the word that was read here. (What is pushed by one that sleeps in the reactor is
// its own to do; see get_up.) What comes from outside needs none, see inject.
void thread_scheduler::stop_searching(fiber_worker& w) noexcept {
  if (!std::exchange(w.searching, false)) return;
  if (!idle_.end_search()) return;
  std::size_t const sleepers = idle_.sleepers();
  if (sleepers == 0) return;
  if (sleepers + 1 != workers_.size()) process_barrier();
  bool const reactor_unattended = in_reactor_.load(std::memory_order_seq_cst) == nullptr && reactor_is_needed();
  if (more_to_do() || reactor_unattended) wake_one();
}

bool thread_scheduler::more_to_do() const noexcept {
  return injected_.load(std::memory_order_seq_cst) != 0 || handed_.load(std::memory_order_seq_cst) != nullptr ||
         !anywhere_.empty() ||
         std::any_of(workers_.begin(), workers_.end(), [](auto const& v) { return !v->queue.empty(); });
}

void thread_scheduler::wake_one() noexcept {
  fiber_worker* w = nullptr;
  {
    std::lock_guard const lock(sleepers_mutex_);
    if (sleepers_.empty()) return;
    w = sleepers_.back();
    sleepers_.pop_back();
    w->listed = false;
    idle_.sleeper_to_searcher();  // it will know from not being listed any more
  }
  w->unpark();
}

void thread_scheduler::wake_all() noexcept {
  for (auto& w : workers_) w->unpark();
}

void thread_scheduler::poll(fiber_worker& w, time_point now) noexcept {
  timers_.fire_due(now);
  if (patient_.load(std::memory_order_relaxed) != 0) age(now);
  poll_reactor(w);
  // Fairness: what waits outside, and the oldest job of the own queue, get a turn before what was pushed last.
  if (job* const j = take_handed()) push(w, *j);
  if (job* const j = take_injected(w)) push(w, *j);
  if (job* const j = w.queue.steal()) push(w, *j);
}

void thread_scheduler::count_blocked() {
  if (blocked_.fetch_add(1, std::memory_order_relaxed) < max_blocked_) return;
  count_resumed();
  throw_too_many_blocked();
}

void thread_scheduler::throw_too_many_blocked() const {
  throw too_many_blocked("mobula: " + std::to_string(blocked_.load(std::memory_order_relaxed)) +
                         " plain tasks of this runtime block at once, and there are no stacks for more: make them "
                         "coroutines (mobula::task, co_await), which wait without a stack, or raise "
                         "runtime_options::max_blocked");
}

}  // namespace mobula::detail
