#include <mobula/actor/actor_cell.hpp>
#include <mobula/actor/actor_extras.hpp>
#include <mobula/actor/actor_lives.hpp>
#include <mobula/core/blocking_thread.hpp>
#include <mobula/core/error.hpp>
#include <mobula/core/process_number.hpp>
#include <mobula/core/submission_hold.hpp>

#include <algorithm>
#include <mutex>
#include <utility>

namespace mobula::detail {

actor_cell_base::actor_cell_base(std::shared_ptr<scheduler> s) noexcept : lane(true), scheduler_(std::move(s)) {}

actor_cell_base::~actor_cell_base() { delete extras_.load(std::memory_order_relaxed); }  // it is in no list any more

actor_extras& actor_cell_base::need_extras() {
  if (actor_extras* const e = extras()) return *e;
  auto* const fresh = new actor_extras(*this);
  extras_.store(fresh, std::memory_order_release);
  return *fresh;
}

void actor_cell_base::check_open() const {
  if (owner().lost()) throw_forked("the actor is the parent's");
  if (!owner().refuses() || submission_hold::here() == &owner()) return;
  worker const* const w = this_worker();
  blocking_thread const* const b = current_blocking_thread;
  bool const inside = (w != nullptr && &w->owner == &owner()) || (b != nullptr && &b->owner == &owner());
  if (inside && !ends_with_runtime()) return;
  throw no_runtime("mobula: this actor's runtime has been shut down: make a new mobula::runtime and actors on it");
}

std::string actor_cell_base::description() const {
  actor_extras* const e = extras();
  if (e == nullptr || e->name.empty()) return readable_name(type());
  return "'" + e->name + "' (" + readable_name(type()) + ")";
}

void actor_cell_base::begin(job& constructor, void (*wait)(job&, scheduler&, job&) noexcept) noexcept {
  urgent_.push_back(constructor, message_kind::high);  // before what is urgent and has come meanwhile
  lease* const has = waits_for_resources() ? extras()->has.get() : nullptr;
  if (actor_extras* const e = extras(); e != nullptr && e->constructor != nullptr) e->keep_constructor();
  if (owner().verb() == job_verb::drop) wait_no_more();
  if (wait == nullptr && has == nullptr) return be_at_work();
  if (wait == nullptr) return has->ask(*this);  // counted by who has admitted it
  owner().count_task();
  wait(constructor, owner(), has != nullptr ? has->before(*this) : *this);
}

void actor_cell_base::refuse_queued() noexcept {
  if (refusals_.fetch_add(1, std::memory_order_acq_rel) != 0) return;
  scheduler& s = owner();
  s.count_task();  // so that all are over when the runtime is
  std::uint32_t wanted, left;
  do {
    wanted = refusals_.load(std::memory_order_acquire);
    if (!told_why_.load(std::memory_order_relaxed)) refuse_what_is_queued();  // else whoever is at work knows better
    left = refusals_.fetch_sub(wanted, std::memory_order_acq_rel) - wanted;
  } while (left != 0);
  finish_task_anywhere(s);
}

void actor_cell_base::refuse_what_is_queued() noexcept {
  actor_extras* const e = extras();
  message_list<> calls;
  take_calls(calls);
  if (e != nullptr) {
    for (parallel_lane& l : e->lanes) l.take_calls(calls);
    if (e->room) e->room->lift(true);  // for who waits to make one
  }
  for (auto m = calls.pop(); m.message != nullptr; m = calls.pop()) m.message->step(*m.message, job_verb::refuse);
}

bool actor_cell_base::waits_for_resources() const noexcept {
  actor_extras* const e = extras();
  return e != nullptr && e->has != nullptr;
}

std::vector<unsigned> actor_cell_base::gpus() const {
  return waits_for_resources() ? extras()->has->gpu_ids() : std::vector<unsigned>();
}

bool actor_cell_base::try_add_handle() noexcept {
  std::uint32_t n = handles_.load(std::memory_order_relaxed);
  while ((n & ~ending) != 0)
    if (handles_.compare_exchange_weak(n, n + 1, std::memory_order_relaxed)) return true;
  return false;
}

void actor_cell_base::release_handle() noexcept {
  std::uint32_t n = handles_.load(std::memory_order_relaxed);
  while (!handles_.compare_exchange_weak(n, n == 1 ? ending : n - 1, std::memory_order_acq_rel,
                                         std::memory_order_relaxed)) {}
  if (n == 1) deliver(last_, message_kind::last);
}

// Whoever sends last_ then takes that back, or ends the actor.
void actor_cell_base::end_with_runtime() noexcept {
  std::uint32_t n = handles_.load(std::memory_order_relaxed);
  do {
    if ((n & ending) != 0) return;  // last_ is on its way
  } while (!handles_.compare_exchange_weak(n, n | ending, std::memory_order_acq_rel, std::memory_order_relaxed));
  deliver(last_, message_kind::last);
}

void actor_cell_base::work(job_verb verb) noexcept {
  scheduler& s = owner();
  close_lists();
  for (turn mine(s);;) {
    sent_message<job> const m = next_message();
    if (m.message == nullptr) {
      open_lists();  // where something waits to be alone, calls wait behind it
      if (mailbox_.rest()) return finish_task(s);
      close_lists();
      continue;
    }
    if (!handle(m, verb)) return;
    if (verb == job_verb::run) verb = s.verb();     // the next call is dropped if the runtime is by now
    if (verb == job_verb::run && mine.is_over()) {  // to drop is quick, and maybe nobody is left to go on
      open_lists();
      return go_on();
    }
  }
}

// While something waits to be alone, or the object has died, only what runs already goes on.
sent_message<job> actor_cell_base::next_message() noexcept {
  actor_extras* const e = extras_.load(std::memory_order_relaxed);  // only set here, or before
  if (e == nullptr || !e->held_up()) return next();
  for (;;) {
    if (e->alone())
      if (sent_message<job> const m = e->take_due(); m.message != nullptr) return m;
    if (urgent_.empty()) look_into_mailbox();
    sent_message<job> const m = urgent_.pop();
    if (m.message == nullptr || m.kind >= message_kind::notice) return m;
    if (m.kind == message_kind::high && refuses_calls()) return m;  // to be told so
    if (m.kind != message_kind::control || e->wants_to_be_alone.message != nullptr) {
      e->put_off.push_back(*m.message, m.kind);
    } else if (static_cast<control&>(*m.message).alone) {
      e->wants_to_be_alone = m;  // the object has died, and is to end, say
      park_lanes(false);
    } else {
      return m;
    }
  }
}

// False if the actor is no longer the caller's: somebody else is at work on it, or it is gone.
bool actor_cell_base::handle(sent_message<job> m, job_verb verb) noexcept {
  job& j = *m.message;
  switch (m.kind) {
    case message_kind::normal:
    case message_kind::high:
      leaves_mailbox();
      if (worker* const w = this_worker()) w->context = this;
      at_message_ = &j;
      if (life_ != life::unborn) open_lists();
      j.step(j, verb);
      if (coroutine_started_) {
        coroutine_started_ = false;
        if (holder_ends_.fetch_sub(1, std::memory_order_acq_rel) != 1) return false;
      }
      close_lists();
      return true;
    case message_kind::coroutine:
      open_lists();
      j.step(j, verb);
      close_lists();
      return true;
    case message_kind::stack: {  // that fiber is at work from here on
      scheduler& s = owner();
      --extras()->reentrant_running;
      open_lists();
      s.submit(j);
      finish_task(s);
      return false;
    }
    case message_kind::notice: take_notice(j); return true;
    case message_kind::order:
    case message_kind::control:
    case message_kind::last: return act(m);
  }
  return true;
}

// Tells whether it may act at once. Else it will when the lanes stand still and nothing is suspended; but the last handle's
// end holds nothing up that has a handle again, and may need what would be held up.
bool actor_cell_base::want_to_be_alone(sent_message<job> m) noexcept {
  actor_extras* const e = extras_.load(std::memory_order_relaxed);
  if (e == nullptr || e->alone()) return true;
  if (m.kind == message_kind::last && !ends_with_runtime() && has_handle_again()) return false;
  e->wants_to_be_alone = m;
  park_lanes(m.kind != message_kind::control);
  return false;
}

void actor_cell_base::park_lanes(bool drain) noexcept {
  actor_extras& e = *extras();
  if (e.room) e.room->lift(true);
  if (e.lanes_are_parked || std::exchange(e.parking, true)) return;
  e.lanes_to_park.store(static_cast<unsigned>(e.lanes.size()), std::memory_order_relaxed);
  for (parallel_lane& l : e.lanes) l.park(drain);
}

void actor_cell_base::take_notice(job& j) noexcept {
  actor_extras& e = *extras();
  if (e.lives == nullptr || !e.lives->is_notice(j)) return void(e.lanes_are_parked = true);
  e.lives->notice_came();
  if (e.lives->dying()) park_lanes(false);
}

// False if the actor is gone.
bool actor_cell_base::act(sent_message<job> m) noexcept {
  at_message_ = nullptr;
  if (m.kind == message_kind::last) {
    if (!want_to_be_alone(m)) return true;
    if (end()) return false;
  } else {
    auto& c = static_cast<control&>(*m.message);
    bool const alone = c.alone;
    if (alone && !want_to_be_alone(m)) return true;
    c.act(c, *this);
    if (!alone) return true;
  }
  release_lanes();
  return true;
}

void actor_cell_base::release_lanes() noexcept {
  actor_extras* const e = extras_.load(std::memory_order_relaxed);
  if (e == nullptr) return;
  if (e->room) e->room->lift(false);
  e->put_off.append(urgent_);
  std::swap(e->put_off, urgent_);
  e->lanes_are_parked = e->lanes.empty();
  e->parking = false;
  for (parallel_lane& l : e->lanes) l.release();
}

void actor_cell_base::lane_parked() noexcept {
  actor_extras& e = *extras();
  scheduler& s = owner();
  if (e.lanes_to_park.fetch_sub(1, std::memory_order_acq_rel) == 1) deliver(e.all_parked, message_kind::notice);
  finish_task(
      s);  // of being at work on the lane; after that, so that there is always a task while something is to come
}

// Whether a method has made a handle since the last one went: its end will be another such message.
bool actor_cell_base::has_handle_again() noexcept {
  std::uint32_t n = handles_.load(std::memory_order_acquire);
  while ((n & ~ending) != 0)
    if (handles_.compare_exchange_weak(n, n & ~ending, std::memory_order_acq_rel, std::memory_order_acquire))
      return true;
  return false;
}

// Nobody has a handle, unless a method has made one since; and nothing else runs that could make one. Through one that is
// gone again, a method may have sent something that comes after this.
bool actor_cell_base::end() noexcept {
  if (ends_with_runtime()) die(end_reason::runtime_ended, death_of(*this, end_reason::runtime_ended));
  actor_extras* const e = extras_.load(std::memory_order_relaxed);
  actor_lives* const lives = e != nullptr ? e->lives.get() : nullptr;
  // A supervisor sends to its actors with no other right than that they haven't come past here.
  auto supervisor_lock = lives != nullptr ? lives->lock_supervisor() : std::unique_lock<std::mutex>();
  if (has_handle_again()) return false;
  look_into_mailbox();
  bool const has_more =
      !in_order_.empty() || !urgent_.empty() ||
      (e != nullptr && (!e->put_off.empty() ||
                        std::any_of(e->lanes.begin(), e->lanes.end(), [](auto const& l) { return l.has_messages(); })));
  if (has_more) {
    in_order_.push_back(last_, message_kind::last);
    return false;
  }
  if (lives != nullptr) lives->found_to_end();
  if (supervisor_lock) supervisor_lock.unlock();
  if (life_ == life::alive) {
    if (worker* const w = this_worker()) w->context = nullptr;
    destroy_object();
    reason_ = end_reason::no_handles;
    life_ = life::ended;
    tell_end({});
  }
  std::shared_ptr<scheduler> const s = std::move(scheduler_);
  s->parts.get<living_actors>().remove(*this);
  free();
  finish_task(*s);
  return true;
}

void actor_cell_base::lose_object() noexcept {
  if (life_ != life::alive) return;
  destroy_object();
  life_ = life::between;
}

void actor_cell_base::put_in_front(message_list<> calls) noexcept {
  if (actor_extras* const e = extras(); e->wants_to_be_alone.message != nullptr) {
    auto const m = std::exchange(e->wants_to_be_alone, {});
    calls.push_back(*m.message, m.kind);
  }
  calls.append(in_order_);
  in_order_ = calls;
}

void actor_cell_base::begin_reentrant(actor_context& message) noexcept {
  actor_extras& e = *extras();
  ++e.reentrant_running;
  owner().count_task();
  if (worker* const w = this_worker()) w->context = &message;
}

void actor_cell_base::reentrant_ended() noexcept {
  --extras()->reentrant_running;
  finish_task(owner());
}

// The fiber below a message has been left. The right to be at work goes to a job, as if the message were over.
void actor_cell_base::stack_left_behind() noexcept {
  ++extras()->reentrant_running;
  owner().count_task();
  go_on();
}

// The constructor is no call, and has taken no place.
void actor_cell_base::make_room() noexcept {
  actor_extras& e = *extras_.load(std::memory_order_relaxed);
  if (e.room && life_ != life::unborn) e.room->give_back();
}

}  // namespace mobula::detail
