#include <mobula/actor/actor_extras.hpp>
#include <mobula/actor/supervisor.hpp>
#include <mobula/core/error.hpp>
#include <mobula/core/submission_hold.hpp>

#include <algorithm>
#include <utility>

namespace mobula {
namespace detail {

supervisor_core::supervisor_core(std::shared_ptr<scheduler> s, restart_strategy strategy, int max_restarts,
                                 duration window, std::shared_ptr<supervisor_core> parent)
    : mutex_(parent != nullptr ? parent->mutex_ : std::make_shared<std::mutex>()),
      scheduler_(std::move(s)),
      parent_(std::move(parent)),
      strategy_(strategy),
      max_restarts_(max_restarts),
      window_(window) {
  if (max_restarts < -1) throw error("mobula: supervisor_options::max_restarts is at least 0, or -1 for any number");
  if (window <= duration::zero()) throw error("mobula: supervisor_options::window has to be longer than nothing");
  if (parent_ == nullptr) return;
  if (parent_->scheduler_ != scheduler_) throw error("mobula: a supervisor and its parent belong to the same runtime");
  std::lock_guard const lock(*mutex_);
  if (parent_->gave_up_) throw error("mobula: the parent of this supervisor has given up: make a new one");
  parent_->groups_.push_back(this);
}

// Nobody has it any more, so it has no actors and no groups.
supervisor_core::~supervisor_core() {
  if (parent_ != nullptr) {
    std::lock_guard const lock(*mutex_);
    std::erase(parent_->groups_, this);
  }
  for (auto const& w : watches_) {
    w->tell({});
    w->leave(*scheduler_);
  }
}

void supervisor_core::check(actor_cell_base const& newcomer) {
  std::lock_guard const lock(*mutex_);
  if (gave_up_) throw error("mobula: the supervisor of " + newcomer.description() + " has given up: make a new one");
}

void supervisor_core::add(supervised& s) noexcept {
  {
    std::lock_guard const lock(*mutex_);
    actors_.splice(actors_.end(), s.node);
    s.present = true;
    if (!gave_up_) return;
    s.ordered = supervised::order::end;
    s.why = gave_up_for_;
    s.poked = true;
    s.actor.add_handle();
  }
  s.actor.end_if_unborn(end_reason::failed);
  s.actor.send(s, false);
}

void supervisor_core::remove(supervised& s) noexcept {
  if (!s.present) return;
  s.present = false;
  s.ordered = supervised::order::none;
  actors_.remove(&s);
}

bool supervisor_core::may_restart(time_point now) noexcept {
  if (max_restarts_ < 0) return true;
  while (!deaths_.empty() && now - deaths_.front() >= window_) deaths_.pop_front();
  if (deaths_.size() >= static_cast<std::size_t>(max_restarts_)) return false;
  try {
    deaths_.push_back(now);
  } catch (...) { return false; }  // there is no memory to count it
  return true;
}

// Orders what happens to all actors here and below. Those that have to be told are put in a list, each with a handle: an
// actor that has none would not end while the lock is held.
void supervisor_core::order_all(supervised::order o, failure_ptr const& why, supervised const& but,
                                supervised*& told) noexcept {
  for (supervised* const s : actors_) {
    if (s == &but) continue;
    s->ordered = std::max(s->ordered, o);
    if (o == supervised::order::end) s->why = why;
    if (std::exchange(s->poked, true)) continue;
    s->actor.add_handle();
    s->next_told = std::exchange(told, s);
  }
  for (supervisor_core* const g : groups_) {
    g->deaths_.clear();
    g->order_all(o, why, but, told);
  }
}

void supervisor_core::give_up(failure_ptr const& why, watches& to_tell) noexcept {
  gave_up_ = true;
  gave_up_for_ = why;
  to_tell.splice(to_tell.end(), watches_);
  for (supervisor_core* const g : groups_) g->give_up(why, to_tell);
}

verdict supervisor_core::decide(supervised& s, failure_ptr const& why) noexcept {
  verdict v{true};
  supervised* told = nullptr;
  watches to_tell;
  {
    std::lock_guard const lock(*mutex_);
    if (auto const o = std::exchange(s.ordered, supervised::order::none); o != supervised::order::none)
      return o == supervised::order::restart ? v : verdict{false, std::exchange(s.why, {})};
    supervisor_core* below = nullptr;  // the group that has given up, if this is not about the actor alone
    supervisor_core* at = this;
    time_point const now = scheduler_->now();
    while (at != nullptr && !at->may_restart(now)) below = std::exchange(at, at->parent_.get());
    if (at == nullptr) {
      v = {false, why};
      below->order_all(supervised::order::end, why, s, told);
      below->give_up(why, to_tell);
    } else if (at->strategy_ == restart_strategy::all_for_one) {
      at->order_all(supervised::order::restart, why, s, told);
    } else if (below != nullptr) {
      below->deaths_.clear();
      below->order_all(supervised::order::restart, why, s, told);
    }
  }
  while (told != nullptr) {
    supervised& next = *std::exchange(told, told->next_told);  // from when it is sent, it may be told again
    if (!v.restart) next.actor.end_if_unborn(end_reason::failed);
    next.actor.send(next, false);
  }
  for (auto const& w : to_tell) {
    w->tell({true, why ? std::optional(why.read()) : std::nullopt});
    w->leave(*scheduler_);
  }
  return v;
}

future<supervisor_end> supervisor_core::monitor() {
  if (scheduler_->lost()) throw_forked("the supervisor is the parent's");
  watches mine{std::make_shared<end_watch<supervisor_end>>(supervisor_end{})};
  end_watch<supervisor_end>& w = *mine.front();
  future<supervisor_end> end = w.get_future();
  std::unique_lock lock(*mutex_);
  if (gave_up_) {
    lock.unlock();
    w.tell({true, gave_up_for_ ? std::optional(gave_up_for_.read()) : std::nullopt});
  } else {
    auto const keep = mine.front();
    watches_.splice(watches_.end(), mine);
    lock.unlock();
    w.begin(*scheduler_);
  }
  return end;
}

}  // namespace detail

supervisor supervise(supervisor_options const& o) {
  return detail::supervisor_access::make(
      std::make_shared<detail::supervisor_core>(detail::submission_hold()->shared_from_this(), o.strategy,
                                                o.max_restarts, o.window, detail::supervisor_access::core(o.parent)));
}

future<supervisor_end> monitor(supervisor const& s) {
  if (!s.valid()) throw error("mobula: monitor: this handle is a handle to no supervisor");
  return detail::supervisor_access::core(s)->monitor();
}

}  // namespace mobula
