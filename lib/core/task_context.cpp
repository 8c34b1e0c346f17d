#include <mobula/core/blocking_thread.hpp>
#include <mobula/core/scheduler.hpp>
#include <mobula/core/task_context.hpp>
#include <mobula/core/this_task.hpp>
#include <mobula/core/wait_graph.hpp>
#include <mobula/core/wait_note.hpp>

#include <boost/context/fiber.hpp>

#include <algorithm>
#include <new>
#include <utility>

namespace mobula {
namespace detail {

namespace {

thread_local constinit unsigned stops_within_each_other = 0;

// Never inlined, as a callback of the user's may wait, and the thread be another afterwards; then it counts wrong, but still
// comes by each number.
[[gnu::noinline]] unsigned enter_stop() noexcept {
  asm volatile("");
  return ++stops_within_each_other;
}
[[gnu::noinline]] void leave_stop() noexcept {
  asm volatile("");
  --stops_within_each_other;
}

}  // namespace

// A stop comes down from each task to those that it has started, callback within callback, as deep as tasks have started
// tasks: so many levels take a new stack.
void task_context::stop_call::operator()() const noexcept {
  constexpr unsigned levels_on_a_stack = 32;
  auto const stop = [this]() noexcept {
    if (call != nullptr)
      call->step(*call, job_verb::cancel);
    else
      me->request_stop();
  };
  bool const needs_stack = enter_stop() % levels_on_a_stack == 0;
  try {
    auto const on_new_stack = [&stop](boost::context::fiber&& below) {
      stop();
      return std::move(below);
    };
    if (needs_stack)
      static_cast<void>(boost::context::fiber(on_new_stack).resume());
    else
      stop();
  } catch (std::bad_alloc const&) { stop(); }  // no memory for one: as long as there is room on this
  leave_stop();
}

task_context::task_context(execution_context* beneath, task_context const* parent, time_point deadline,
                           placement const& place)
    : execution_context(beneath == nullptr || beneath->in_parallel, this,
                        beneath != nullptr ? beneath->counter() : nullptr),
      beneath_(beneath),
      holds_(parent != nullptr && parent->holds()),
      deadline_(parent != nullptr ? std::min(parent->deadline_, deadline) : deadline),
      place_(place),
      above_(parent != nullptr ? parent->token() : std::stop_token()) {
  if (!place_.level) place_.level = parent != nullptr ? parent->place_.level : priority::normal;
  if (tracking()) [[unlikely]]
    record_ = std::make_shared<task_record>(parent != nullptr ? parent->record() : nullptr);
}

task_context::~task_context() = default;

void task_context::watch_parent(job* call) {
  if (above_.stop_possible()) link_.emplace(above_, stop_call{this, call});
}

void task_context::begin(job& j, scheduler& s) noexcept {
  if (place_.plain()) return s.submit(j);
  s.submit_placed(j, place_);
}

void task_context::enter() noexcept {
  if (record_ != nullptr) [[unlikely]]
    record_->begins();
  enter_context(this);
}

void task_context::resume_coroutine(job& j, scheduler& s) noexcept {
  if (beneath_ == nullptr) return begin(j, s);
  beneath_->resume_coroutine(j, s);
}

void task_context::stack_left() noexcept {
  if (beneath_ != nullptr) beneath_->stack_left();
}

void task_context::resume_stack(job& j, scheduler& s) noexcept {
  if (beneath_ == nullptr) return begin(j, s);
  beneath_->resume_stack(j, s);
}

std::vector<unsigned> task_context::gpu_ids() const {
  return beneath_ != nullptr ? beneath_->gpu_ids() : std::vector<unsigned>();
}

void task_context::begin_wait(std::span<job* const> calls, void const* wait) {
  if (knows_circles()) return begin_noted_wait(*record_->call(), calls, wait);
  if (beneath_ != nullptr) beneath_->begin_wait(calls, wait);
}

void task_context::end_wait(void const* wait) noexcept {
  if (knows_circles()) return end_noted_wait(*record_->call(), wait);
  if (beneath_ != nullptr) beneath_->end_wait(wait);
}

// Not with a deadline, by which each wait ends.
bool task_context::knows_circles() const noexcept {
  return record_ != nullptr && record_->call() != nullptr && deadline_ == time_point::max();
}

execution_context* this_context() noexcept {
  worker* const w = this_worker();
  if (w != nullptr) return w->context;
  return current_blocking_thread != nullptr ? current_blocking_thread->context : nullptr;
}

void enter_context(execution_context* c) noexcept {
  if (worker* const w = this_worker())
    w->context = c;
  else
    current_blocking_thread->context = c;
}

task_context* this_task_context() noexcept {
  execution_context* const c = this_context();
  return c != nullptr ? c->task() : nullptr;
}

std::unique_ptr<task_context> context_for_child(execution_context* beneath, scheduler const& s, bool wanted) {
  task_context const* const parent = this_task_context();
  bool const in_any_case = s.tracks || (s.cancellable && this_worker() == nullptr);
  if (parent == nullptr && !wanted && !in_any_case) return nullptr;
  return std::make_unique<task_context>(beneath, parent);
}

}  // namespace detail

std::stop_token this_task::stop_token() noexcept {
  detail::task_context const* const c = detail::this_task_context();
  return c != nullptr ? c->token() : std::stop_token();
}

detail::duration this_task::time_left() noexcept {
  detail::task_context const* const c = detail::this_task_context();
  if (c == nullptr || c->deadline() == detail::time_point::max()) return detail::duration::max();
  return detail::time_between(detail::current_scheduler().now(), c->deadline());
}

std::optional<unsigned> this_task::worker() noexcept {
  detail::worker const* const w = detail::this_worker();
  return w != nullptr ? std::optional(w->id) : std::nullopt;
}

std::vector<unsigned> this_task::gpu_ids() {
  detail::execution_context* const c = detail::this_context();
  return c != nullptr ? c->gpu_ids() : std::vector<unsigned>();
}

void this_task::check() {
  detail::task_context const* const c = detail::this_task_context();
  if (c != nullptr && c->stop_requested()) throw cancelled("the task found that it is to stop");
}

}  // namespace mobula
