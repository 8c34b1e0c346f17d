#include <mobula/actor/actor_exit.hpp>
#include <mobula/actor/actor_extras.hpp>
#include <mobula/actor/actor_lives.hpp>
#include <mobula/actor/actor_names.hpp>
#include <mobula/core/error.hpp>

#include <utility>

namespace mobula::detail {
namespace {

void check(actor_cell_base const& a, life_options const& o) {
  std::string const who = "mobula: the actor " + a.description();
  if (o.max_restarts < -1 || o.max_task_retries < -1)
    throw error(who + " can't have fewer than 0 max_restarts or max_task_retries, but for -1: any number");
  if (o.supervisor != nullptr && o.max_restarts != 0)
    throw error(who + " has a supervisor, whose max_restarts decides: leave out its own");
  if (o.max_task_retries != 0 && o.max_restarts == 0 && o.supervisor == nullptr)
    throw error(who + " has max_task_retries but is never restarted: give it max_restarts or a supervisor");
  if (o.supervisor != nullptr && &o.supervisor->owner() != &a.owner())
    throw error(who + " lives on another runtime than its supervisor");
}

failure_ptr cancelled_failure() noexcept {
  failure_ptr f = cancellation(false, {});
  static_cast<void>(f.read());
  return f;
}

// A supervisor has decided about this actor, as another has died. Only the verdict counts: it may have been obeyed.
void obey(control&, actor_cell_base& a) noexcept {
  a.extras()->lives->obey();
  a.release_handle();
}

}  // namespace

actor_lives::actor_lives(actor_cell_base& a, life_options o)
    : actor_(a),
      options_(std::move(o)),
      restart_([](control&, actor_cell_base& cell) noexcept { cell.extras()->lives->restart_or_end(); }, true),
      place_(a, &detail::obey) {
  check(a, options_);
}

actor_lives::~actor_lives() { leave_supervisor(); }

void actor_lives::begin(construct_again f) {
  construct_again_ = std::move(f);
  if (options_.supervisor != nullptr) options_.supervisor->check(actor_);
}

void actor_lives::join() noexcept {
  if (options_.supervisor != nullptr) options_.supervisor->add(place_);
}

void join_supervisor(actor_cell_base& a) noexcept {
  if (actor_extras* const e = a.extras(); e != nullptr && e->lives != nullptr) e->lives->join();
}

bool actor_lives::dies_of(failure_ptr const& f) noexcept {
  try {
    if (!options_.dies_on || !options_.dies_on(f.exception())) return false;
  } catch (...) {}  // what the predicate throws counts as yes
  die(end_reason::failed, f);
  return true;
}

void actor_lives::die(end_reason r, failure_ptr why) noexcept {
  {
    std::lock_guard const lock(mutex_);
    if (dying_.load(std::memory_order_relaxed)) return;
    why_ = std::move(why);
    how_ = r;
    dying_.store(true, std::memory_order_release);
  }
  if (is_last()) leave_name(actor_);  // before anybody can see the call end that was the death
  actor_.deliver(notice_, message_kind::notice);
}

void actor_lives::put_back(job& message, parallel_lane* from) noexcept {
  if (auto& room = actor_.extras()->room) room->take_again();
  std::lock_guard const lock(mutex_);
  (from != nullptr ? from->put_back : again_).push_back(message, message_kind::normal);
}

void actor_lives::save(saved_state s) noexcept {
  std::lock_guard const lock(mutex_);
  std::swap(saved_, s);
}

void actor_lives::obey() noexcept {
  {
    auto const lock = lock_supervisor();
    place_.poked = false;
    if (place_.ordered == supervised::order::none) return;
  }
  if (actor_.alive()) die(end_reason::failed, {});
}

failure_ptr actor_lives::ordered_why() noexcept {
  auto const lock = lock_supervisor();
  return place_.why;
}

// By the actor, alone; so nothing else touches what the mutex guards.
void actor_lives::restart_or_end() noexcept {
  restart_due_ = false;
  if (!dying()) return;  // it has ended instead
  verdict v = decide();
  if (!v.restart) return end(std::move(v.why));
  if (actor_.owner().verb() == job_verb::drop) return actor_.die(end_reason::failed, cancelled_failure());
  actor_.lose_object();
  construct();
}

verdict actor_lives::decide() noexcept {
  if (options_.supervisor != nullptr) return options_.supervisor->decide(place_, why_);
  return {!is_last()};
}

void actor_lives::construct() noexcept {
  restarts_.fetch_add(1, std::memory_order_relaxed);
  if (worker* const w = this_worker()) w->context = &actor_;
  bool exits = false;
  failure_ptr failed;
  try {
    construct_again_(saved_);
  } catch (actor_exit const&) { exits = true; } catch (...) {
    failed = failure_ptr::capture(std::current_exception());
  }
  if (worker* const w = this_worker()) w->context = nullptr;
  if (exits) return actor_.die(end_reason::exited, death_of(actor_, end_reason::exited));
  if (failed) {  // that is a death too, for the next turn
    auto const name = [](void const* a) {
      return static_cast<actor_cell_base const*>(a)->description() + " (constructor, at a restart)";
    };
    why_ = failed.in_task({}, name, &actor_);
    how_ = end_reason::failed;
    actor_.put_in_front({});
    return actor_.deliver(notice_, message_kind::notice);
  }
  why_ = {};
  actor_.live_again();
  dying_.store(false, std::memory_order_release);
  give_back();
}

void actor_lives::end(failure_ptr ordered) noexcept {
  if (ordered) {
    why_ = std::move(ordered);
    how_ = end_reason::failed;
  }
  failure_ptr const cause = why_;
  actor_.die(how_, cause && how_ == end_reason::failed ? death_of(actor_, how_, cause) : death_of(actor_, how_));
}

void actor_lives::ended() noexcept {
  leave_supervisor();
  construct_again_ = {};  // with arguments that may be handles, of this very actor too
  saved_ = {};
  dying_.store(false, std::memory_order_release);
  give_back();
}

// The lanes stand still.
void actor_lives::give_back() noexcept {
  for (parallel_lane& l : actor_.extras()->lanes) l.give_back();
  actor_.put_in_front(std::exchange(again_, {}));
}

std::unique_lock<std::mutex> actor_lives::lock_supervisor() noexcept {
  if (options_.supervisor == nullptr) return {};
  return std::unique_lock(options_.supervisor->mutex());
}

void actor_lives::leave_supervisor() noexcept {
  if (options_.supervisor == nullptr) return;
  auto const lock = lock_supervisor();
  options_.supervisor->remove(place_);
}

}  // namespace mobula::detail
