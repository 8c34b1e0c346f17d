#include <mobula/actor/lane.hpp>
#include <mobula/core/blocking_thread.hpp>
#include <mobula/core/tick_clock.hpp>

namespace mobula::detail {

void lane::deliver(job& message, message_kind kind) noexcept {
  bool const goes_on = kind >= message_kind::notice;
  if (goes_on) urgent_hint_.store(true, std::memory_order_relaxed);  // before, as the lane may be gone afterwards
  bool const nobody_at_work = mailbox_.push(message, kind);
  if (kind >= message_kind::high && !goes_on) urgent_hint_.store(true, std::memory_order_relaxed);
  if (nobody_at_work) be_at_work();
}

void lane::be_at_work() noexcept {
  scheduler& s = owner();
  if (worker* const w = this_worker(); w != nullptr && &w->owner == &s) {
    w->count_submitted();
    s.submit_near(*this);
  } else if (!s.submit_handler(*this)) {
    work(job_verb::drop);  // the runtime is over
  }
}

void lane::go_on() noexcept { owner().submit(*this); }

void lane::finish_task(scheduler& s) noexcept {
  if (worker* const w = this_worker(); w != nullptr && &w->owner == &s)
    w->count_finished();
  else if (current_blocking_thread != nullptr && &current_blocking_thread->owner == &s)
    s.finish_from_outside();
}

void lane::finish_task_anywhere(scheduler& s) noexcept {
  if (worker* const w = this_worker(); w != nullptr && &w->owner == &s)
    w->count_finished();
  else
    s.finish_from_outside();
}

void lane::look_into_mailbox() noexcept {
  urgent_hint_.store(false, std::memory_order_relaxed);
  mailbox_.take_all(in_order_, urgent_);
}

void lane::take_calls(message_list<>& to) noexcept {
  if (lists_.borrow()) {
    urgent_.give_calls(to);
    in_order_.give_calls(to);
    lists_.give_back();
  }
  message_list<> in_order, urgent;
  mailbox_.take_from_outside(in_order, urgent);
  urgent.give_calls(to);
  in_order.give_calls(to);
  for (message_list<>* const rest : {&urgent, &in_order})  // which whoever is at work has to handle
    for (auto m = rest->pop(); m.message != nullptr; m = rest->pop()) deliver(*m.message, m.kind);
}

sent_message<job> lane::next() noexcept {
  constexpr std::uint8_t most_in_a_row = 16;
  bool const others_turn = urgent_in_a_row_ == most_in_a_row;  // if there is any, which may still lie in the mailbox
  if (urgent_hint_.load(std::memory_order_relaxed) || (in_order_.empty() && (urgent_.empty() || others_turn)))
    look_into_mailbox();
  if (!urgent_.empty() && (in_order_.empty() || !others_turn)) {
    urgent_in_a_row_ = others_turn ? std::uint8_t{1} : static_cast<std::uint8_t>(urgent_in_a_row_ + 1);
    return urgent_.pop();
  }
  urgent_in_a_row_ = 0;
  return in_order_.pop();
}

bool turn::is_over() noexcept {
  constexpr unsigned most = 256;
  constexpr std::uint64_t microseconds = 50;
  if (one_only_) return true;
  ++handled_;
  if (handled_ == 1 || (handled_ > 4 && handled_ % 16 != 0)) return false;
  std::uint64_t const now = ticks();
  if (end_ == 0) end_ = now + microseconds * ticks_per_microsecond();
  return handled_ >= most || now >= end_;
}

}  // namespace mobula::detail
