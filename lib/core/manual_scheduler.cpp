#include "manual_scheduler.hpp"

#include "asio_context.hpp"
#include "exceptions_in_flight.hpp"
#include "options.hpp"
#include "task_registry.hpp"

#include <mobula/core/error.hpp>
#include <mobula/core/execution_context.hpp>
#include <mobula/core/free_in_turn.hpp>
#include <mobula/core/runtime_capacity.hpp>
#include <mobula/core/submission_hold.hpp>

#include <algorithm>
#include <bit>
#include <cstdio>
#include <new>
#include <utility>

namespace mobula::detail {

// A stack on which jobs run, one after the other, until one blocks; then it belongs to that one. As a job, it goes on
// where it was left.
struct manual_scheduler::runner : job, resumer {
  explicit runner(manual_scheduler& s)
      : job(&is_runner),
        resumer{[](resumer& r) noexcept {
          auto& me = static_cast<runner&>(r);
          if (me.ran_in == nullptr)
            me.owner.submit(me);
          else
            me.ran_in->resume_stack(me, me.owner);
        }},
        owner(s),
        stack(std::allocator_arg, fiber_stack_allocator(s.stack_size_), [this](boost::context::fiber&& driver) {
          back = std::move(driver);
          floor = fiber_stack_allocator::floor_here(owner.stack_size_);
          owner.place_.on_stack(floor, owner.stack_size_);
          while (next != nullptr) {
            job* const j = std::exchange(next, nullptr);
            j->step(*j, owner.verb());
            back = std::move(back).resume();
          }
          return std::move(back);
        }) {}

  static void is_runner(job&, job_verb) noexcept {}  // never called: run_one knows runners by it

  manual_scheduler& owner;
  boost::context::fiber stack;         // to switch to it
  boost::context::fiber back;          // to switch away from it
  std::uintptr_t floor = 0;            // of the stack, once it runs
  job* next = nullptr;                 // what to run; null to end
  publish_function publish = nullptr;  // set when it has blocked
  void* argument = nullptr;
  execution_context* ran_in = nullptr;  // what blocked on it belongs to
};

manual_scheduler::manual_scheduler(manual_options const& options)
    : scheduler(true),
      stack_size_(rounded_stack_size(options.stack_size, "manual_options")),
      place_(*this, stack_size_),
      seed_(options.seed),
      random_(options.seed) {
  if (options.on_unread_failure) on_unread_failure = std::make_shared<failure_handler const>(options.on_unread_failure);
  cancellable = options.cancellable || options.track_tasks;
  tracks = options.track_tasks;
  if (tracks) tracker = std::make_shared<tracking_scope>();
  constexpr std::size_t some_memory = std::size_t{4} << 30;
  set_capacity(*this,
               {options.num_cpus, options.num_gpus, options.memory != 0 ? options.memory : some_memory,
                options.resources, options.max_running, options.max_in_flight, options.max_pending},
               "manual_options");
  seed_random(options.seed);
  report_stack_overflow();
  need_runner();
  add_thread_driver(*this);
}

manual_scheduler::~manual_scheduler() {
  if (pending_work const left = pending(); left.unfinished != 0)
    std::fprintf(
        stderr, "mobula: a manual_runtime ended, and %s. They wait for what never comes, and end with `cancelled`.\n%s",
        to_string(left).c_str(), tracks ? task_registry::it().dump().c_str() : "");
  shutdown(true, time_point::max());
}

void manual_scheduler::submit_from_outside(job& first, job& last, std::size_t) noexcept {
  for (job *j = &first, *next = nullptr;; j = next) {
    next = j->next;
    make_ready(*j, priority::normal);
    if (j == &last) return;
  }
}

void manual_scheduler::make_ready(job& j, priority p) noexcept {
  try {
    ready_at(p).push_back(&j);
  } catch (std::bad_alloc const&) {
    j.next = std::exchange(no_room_, &j);
    ++without_room_;
  }
}

// All runs in one place.
void manual_scheduler::submit_placed(job& j, placement const& where) noexcept {
  make_ready(j, where.level.value_or(priority::normal));
}

std::size_t manual_scheduler::ready_count() const noexcept {
  std::size_t n = without_room_;
  for (auto const& level : ready_) n += level.size();
  return n;
}

void manual_scheduler::admit_from_outside(std::size_t count) {
  if (closed_ && submission_hold::here() != this) throw no_runtime("mobula: this manual_runtime has been shut down");
  count_from_outside(count);
}

bool manual_scheduler::submit_handler_from_outside(job& j) noexcept {
  if (over_) return false;
  count_from_outside(1);
  submit_from_outside(j, j, 1);
  return true;
}

boost::asio::execution_context& manual_scheduler::asio_context() {
  if (over_) throw no_runtime("mobula: this manual_runtime has been shut down: nothing of Asio's can be made on it");
  if (asio_ == nullptr) asio_ = std::make_unique<class asio_context>();
  return *asio_;
}

// What jobs have submitted lies in the place's queue; the oldest first.
void manual_scheduler::collect() noexcept {
  while (job* const j = place_.queue.steal()) make_ready(*j, priority::normal);
}

// Of those of the highest priority; but each 64th time it is the turn of another one, so that nothing waits for ever.
job* manual_scheduler::pick() noexcept {
  auto const highest = std::find_if(ready_.rbegin(), ready_.rend(), [](auto const& level) { return !level.empty(); });
  if (highest == ready_.rend()) {
    --without_room_;
    return std::exchange(no_room_, no_room_->next);
  }
  auto* from = &*highest;
  bool in_order = false;
  if (++picked_ % 64 == 0) {
    auto& turn = ready_[picked_ / 64 % ready_.size()];
    if (!turn.empty()) from = &turn;
    in_order = from != &ready_at(priority::normal);
  }
  std::size_t const i = in_order ? 0 : random_() % from->size();
  job* const j = (*from)[i];
  from->erase(from->begin() + static_cast<std::ptrdiff_t>(i));
  return j;
}

bool manual_scheduler::run_one() {
  collect();
  if (ready_count() == 0) return false;
  need_runner();  // before a job is taken from the list, as there may be no memory for a stack
  job* const j = pick();
  if (j->step == &runner::is_runner) {
    switch_to(static_cast<runner&>(*j));
    return true;
  }
  std::unique_ptr<runner> r = std::move(idle_runners_.back());
  idle_runners_.pop_back();
  r->next = j;
  switch_to(*r.release());
  return true;
}

// With room for all there are, so that one that is over can be put back.
void manual_scheduler::need_runner() {
  if (!idle_runners_.empty()) return;
  idle_runners_.reserve(runners_ + 1);
  idle_runners_.push_back(std::make_unique<runner>(*this));
  ++runners_;
}

// Runs a stack until it blocks or its job is over.
void manual_scheduler::switch_to(runner& r) {
  worker* const outside = std::exchange(current_worker, &place_);
  runner* const before = std::exchange(running_, &r);
  execution_context* const context_before = std::exchange(place_.context, nullptr);
  place_.on_stack(r.floor, stack_size_);
  frees_in_progress const frees_outside;
  r.stack = std::move(r.stack).resume();
  frees_outside.restore();
  if (before != nullptr) place_.on_stack(before->floor, stack_size_);
  place_.context = context_before;
  running_ = before;
  current_worker = outside;
  if (r.publish == nullptr) return void(idle_runners_.emplace_back(&r));
  if (r.ran_in != nullptr) r.ran_in->stack_left();
  std::exchange(r.publish, nullptr)(r.argument, r);
}

void manual_scheduler::block_fiber(publish_function publish, void* argument) {
  runner& me = *running_;
  me.publish = publish;
  me.argument = argument;
  me.ran_in = place_.context;
  exceptions_in_flight const mine;
  exceptions_in_flight::clear();
  frees_in_progress const frees;
  ++blocked_;
  me.back = std::move(me.back).resume();
  --blocked_;
  place_.context = me.ran_in;
  mine.restore();
  frees.restore();
}

std::size_t manual_scheduler::run_until_idle() {
  std::size_t n = 0;
  while (run_one()) ++n;
  return n;
}

void manual_scheduler::advance_to(time_point t) {
  run_until_idle();
  while (timers_.first() != time_point::max() && timers_.first() <= t) {
    now_ = std::max(now_, timers_.first());
    timers_.fire_due(now_);
    run_until_idle();
  }
  now_ = std::max(now_, t);
}

bool manual_scheduler::advance_to_next() {
  run_until_idle();
  time_point const next = timers_.first();
  if (next == time_point::max()) return false;
  advance_to(next);
  return true;
}

pending_work manual_scheduler::pending() {
  collect();
  auto const unfinished =
      place_.submitted.load(std::memory_order_relaxed) - place_.finished.load(std::memory_order_relaxed);
  return {.ready = ready_count(),
          .timers = timers_.size(),
          .blocked = blocked_,
          .unfinished = static_cast<std::size_t>(unfinished)};
}

// Runs a job; if there is none, lets time pass until the next timer, but not beyond the limit. False if there is nothing.
bool manual_scheduler::run_or_pass_time(time_point limit) {
  if (run_one()) return true;
  if (asio_ != nullptr) {
    asio_->restart();
    if (asio_->poll_one() != 0) return true;  // operations that have been cancelled end there
  }
  time_point const next = timers_.first();
  if (next == time_point::max() || next > limit) return false;
  now_ = std::max(now_, next);
  return timers_.fire_due(now_);
}

namespace {

struct driven_resumer : resumer {
  driven_resumer() noexcept : resumer{[](resumer& r) noexcept { static_cast<driven_resumer&>(r).woken = true; }} {}
  bool woken = false;
};

}  // namespace

void manual_scheduler::run_until(bool const& woken) {
  while (!woken)
    if (!run_or_pass_time(time_point::max())) throw deadlock_error(why_stuck());
}

void manual_scheduler::block_thread(publish_function publish, void* argument) {
  driven_resumer me;
  publish(argument, me);
  run_until(me.woken);
}

std::string manual_scheduler::why_stuck() {
  std::string why =
      "mobula: deadlock: this waits for something, and nothing is left in the manual_runtime that could run; " +
      to_string(pending()) + ". (While one lives, its thread can't wait for the tasks of other runtimes.)";
  if (asio_ != nullptr && place_.work_begun.load() != place_.work_ended.load())
    why +=
        " An operation of Asio is in flight on its executor: a manual_runtime does not do Asio's own input, output, "
        "timers and signals, as its time is virtual; use mobula::sleep_for and channels, or a mobula::runtime.";
  if (tracks) why.append("\n").append(task_registry::it().dump());
  return why;
}

bool manual_scheduler::block_thread_until(time_point limit, publish_function publish, bool (*cancel)(void*) noexcept,
                                          void* argument) {
  driven_resumer me;
  publish(argument, me);
  while (!me.woken && run_or_pass_time(limit)) {}
  if (me.woken) return true;
  now_ = std::max(now_, limit);
  if (cancel(argument)) return false;
  run_until(me.woken);  // it is on its way, and that may take time
  return true;
}

void manual_scheduler::drain() noexcept {
  for (;;) {
    try {
      if (!run_or_pass_time(time_point::max())) return;
    } catch (std::bad_alloc const&) {}  // for a stack; nothing else can be done than to try again
  }
}

void manual_scheduler::close(bool drop) noexcept {
  closed_ = true;
  refusing_.store(true, std::memory_order_relaxed);
  if (drop && !dropping_.exchange(true, std::memory_order_relaxed)) {
    timers_.close();
    place_.waits.drop();
    waits_elsewhere.drop();
    parts.drop();
  }
}

bool manual_scheduler::finish(time_point) {
  drain();
  parts.let_go();
  drain();
  parts.end();
  drain();
  over_ = true;
  if (asio_ != nullptr) asio_->close();  // whoever waits for something in flight there gets an error
  drain();
  timers_.close();  // what only waits for the end
  drain();
  for (auto& r : idle_runners_) {  // each ends its stack
    r->stack = std::move(r->stack).resume();
  }
  idle_runners_.clear();
  remove_thread_driver(*this);
  return pending().unfinished == 0;
}

}  // namespace mobula::detail

namespace mobula {

manual_runtime::manual_runtime(manual_options const& options)
    : runtime(std::make_shared<detail::manual_scheduler>(options)),
      scheduler_(static_cast<detail::manual_scheduler&>(*get_scheduler())) {}

manual_runtime::~manual_runtime() = default;

bool manual_runtime::run_one() { return scheduler_.run_one(); }
std::size_t manual_runtime::run_until_idle() { return scheduler_.run_until_idle(); }
void manual_runtime::advance(detail::duration d) { scheduler_.advance_to(detail::time_after(scheduler_.now(), d)); }
bool manual_runtime::advance_to_next() { return scheduler_.advance_to_next(); }
pending_work manual_runtime::pending() const { return scheduler_.pending(); }
std::uint64_t manual_runtime::seed() const noexcept { return scheduler_.seed(); }

std::string to_string(pending_work const& p) {
  return std::to_string(p.unfinished) + " tasks are not over: " + std::to_string(p.ready) + " jobs ready, " +
         std::to_string(p.blocked) + " blocked, " + std::to_string(p.timers) + " timers";
}

}  // namespace mobula
