#include <mobula/core/error.hpp>
#include <mobula/core/scheduler.hpp>
#include <mobula/task/with_deadline.hpp>

#include <thread>

namespace mobula::detail {
namespace {

worker& need_worker() {
  worker* const w = this_worker();
  if (w == nullptr)
    throw error(
        "mobula: with_deadline was called outside of tasks, where nothing can be interrupted: give the call a timeout "
        "instead, mobula::remote(f).options({.timeout = ...})");
  return *w;
}

placement place_of_task() {
  task_context const* const task = this_task_context();
  return task != nullptr ? task->place() : placement();
}

}  // namespace

deadline_scope::deadline_scope(time_point limit)
    : timer_node(limit,
                 [](timer_node& n, bool) noexcept {
                   auto& me = static_cast<deadline_scope&>(n);
                   me.context_.request_stop();
                   me.fired_.store(true, std::memory_order_release);
                 }),
      owner_(need_worker().owner),
      before_(this_worker()->context),
      context_(before_ != nullptr ? before_->beneath() : nullptr, this_task_context(), limit, place_of_task()) {
  if (task_context const* const task = this_task_context()) {
    context_.stand_for(*task);
  } else if (task_record* const r = context_.record()) {
    r->set_part("parts with a deadline", context_);
    r->begins();
  }
}

void deadline_scope::enter() {
  context_.watch_parent();
  this_worker()->context = &context_;
  if (when <= owner_.now()) return context_.request_stop();
  armed_ = when != time_point::max();
  if (armed_) owner_.add_timer(*this);
}

void deadline_scope::leave() noexcept {
  end_timer();
  this_worker()->context = before_;
}

void deadline_scope::check() const {
  if (when != time_point::max() && owner_.now() > when)
    throw deadline_error("this part of a task was not over in time (with_deadline)");
  if (context_.stop_requested() && when <= owner_.now())
    throw deadline_error("this part of a task was not over in time (with_deadline)");
}

// A timer that is just being told is waited for: that takes no longer than to interrupt the waits here.
void deadline_scope::end_timer() noexcept {
  if (!std::exchange(armed_, false) || owner_.remove_timer(*this)) return;
  while (!fired_.load(std::memory_order_acquire)) std::this_thread::yield();
}

}  // namespace mobula::detail
