#include <mobula/actor/actor_cell.hpp>
#include <mobula/actor/parallel_lane.hpp>

#include <utility>

namespace mobula::detail {

scheduler& parallel_lane::owner() const noexcept { return actor_.owner(); }

// False if whoever ends the last of the messages that are in the way goes on instead; then nothing may be touched here.
bool parallel_lane::take_slots(int n) noexcept { return slots_.fetch_sub(n, std::memory_order_acq_rel) >= n; }

void parallel_lane::message_ended() noexcept {
  if (slots_.fetch_add(1, std::memory_order_acq_rel) == -1) go_on();
}

void parallel_lane::release() noexcept {
  slots_.store(limit_, std::memory_order_relaxed);
  be_at_work();
}

void parallel_lane::work(job_verb verb) noexcept {
  scheduler& s = owner();
  close_lists();
  sent_message<job> granted = std::exchange(waiting_, {});
  if (granted.message != nullptr && granted.message != &park_ && urgent_hint_.load(std::memory_order_relaxed)) {
    in_order_.push_front(*granted.message, granted.kind);  // something may come before it
    granted = {};
    slots_.fetch_add(1, std::memory_order_relaxed);
  }
  for (;;) {
    sent_message<job> const m = granted.message != nullptr ? granted : next();
    if (m.message == nullptr) {
      if (!mailbox_.rest()) continue;
      return finish_task(s);
    }
    if (granted.message == nullptr) {
      waiting_ = m;
      open_lists();
      if (!take_slots(m.message == &park_ ? limit_ : 1)) return;
      close_lists();
      waiting_ = {};
    }
    granted = {};
    if (m.message == &park_) {
      actor_.lane_parked();  // from here on it may be released
      return;
    }
    actor_.leaves_mailbox();
    if (worker* const w = this_worker(); w != nullptr && &w->owner == &s) {
      w->count_submitted();
      s.submit(*m.message);
    } else {
      m.message->step(*m.message, verb);  // the runtime is over
    }
  }
}

}  // namespace mobula::detail
