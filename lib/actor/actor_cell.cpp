#include <mobula/actor/actor_cell.hpp>
#include <mobula/core/error.hpp>

namespace mobula::detail {

actor_cell_base::actor_cell_base(std::shared_ptr<scheduler> s) noexcept : job(&step), scheduler_(std::move(s)) {}

void actor_cell_base::begin(job& constructor, message_hooks const& hooks) noexcept {
  be_at_work();
  constructor.next = nullptr;
  taken_ = &constructor;
  if (hooks.wait != nullptr)
    hooks.wait(constructor, *scheduler_, *this);
  else
    scheduler_->submit(*this);
}

// Being at work is a share, which the caller's own has kept possible until here, and a task, so that the runtime does
// not end before the mailbox has come to rest and the object, if need be, to its end.
void actor_cell_base::be_at_work() noexcept {
  shares_.fetch_add(1, std::memory_order_relaxed);
  scheduler_->count_task();
}

void actor_cell_base::deliver(job& message) noexcept {
  if (!mailbox_.push(message)) return;
  be_at_work();
  scheduler_->submit(*this);
}

void actor_cell_base::release_handle() noexcept {
  if (shares_.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
  // Nobody holds it and nobody is at work. The destructor is the user's code: it runs where the methods did.
  dying_ = true;
  try {
    scheduler_->submit_task(*this);
  } catch (no_runtime const&) { destroy_object(); }
}

void actor_cell_base::step(job& j, job_verb verb) noexcept {
  auto& me = static_cast<actor_cell_base&>(j);
  if (!me.dying_) return me.work(verb);
  me.destroy_object();
  scheduler::finish_task();
}

void actor_cell_base::work(job_verb verb) noexcept {
  bool held = false;
  for (int budget = 64; budget > 0; --budget) {  // then others get their turn
    if (taken_ == nullptr) taken_ = mailbox_.take_all();
    if (taken_ == nullptr) {
      if (!mailbox_.rest()) continue;
      if (shares_.fetch_sub(1, std::memory_order_acq_rel) == 1) destroy_object();
      return scheduler::finish_task();
    }
    job* const message = taken_;
    taken_ = message->next;
    held_ = &held;
    message->step(*message, verb);
    if (held) return;  // from the moment that it is held, others may be at work here
  }
  scheduler_->submit(*this);
}

// A coroutine method holds the actor until it ends, which may be within its start, or later on another thread. Two come
// to an end: the start and the coroutine. The second of them goes on with the mailbox: the start by returning to `work`,
// the coroutine by submitting it.
void actor_cell_base::begin_coroutine() noexcept { turn_.store(2, std::memory_order_relaxed); }

void actor_cell_base::coroutine_started() noexcept {
  bool& held = *held_;
  if (turn_.fetch_sub(1, std::memory_order_acq_rel) != 1) held = true;
}

void actor_cell_base::coroutine_ended() noexcept {
  if (turn_.fetch_sub(1, std::memory_order_acq_rel) == 1) scheduler_->submit(*this);
}

call_line::call_line(actor_cell_base& cell) noexcept : job(&step), cell_(cell) { cell_.add_handle(); }

void call_line::pass(job& message, message_hooks const& hooks) {
  {
    std::lock_guard const lock(mutex_);
    if (line_.empty() && hooks.wait == nullptr) return cell_.deliver(message);
    line_.push_back({&message, hooks});
    if (line_.size() > 1) return;
    shares_.fetch_add(1, std::memory_order_relaxed);  // for the wait
  }
  hooks.wait(message, cell_.owner(), *this);
}

void call_line::step(job& j, job_verb) noexcept { static_cast<call_line&>(j).advance(); }

// The first has what it waited for; so do those behind it that wait for nothing.
void call_line::advance() noexcept {
  entry first{};
  {
    std::lock_guard const lock(mutex_);
    do {
      cell_.deliver(*line_.front().message);
      line_.pop_front();
    } while (!line_.empty() && line_.front().hooks.wait == nullptr);
    if (!line_.empty()) first = line_.front();
  }
  if (first.message != nullptr)
    first.hooks.wait(*first.message, cell_.owner(), *this);
  else
    release();
}

void call_line::release() noexcept {
  if (shares_.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
  actor_cell_base& cell = cell_;
  delete this;
  cell.release_handle();
}

}  // namespace mobula::detail
