// How an actor's life ends.
#include <mobula/actor/actor_cell.hpp>
#include <mobula/actor/actor_exit.hpp>
#include <mobula/actor/actor_extras.hpp>
#include <mobula/actor/actor_lives.hpp>
#include <mobula/actor/actor_names.hpp>
#include <mobula/actor/call_line.hpp>
#include <mobula/core/error.hpp>

#include <memory>
#include <mutex>
#include <utility>

namespace mobula::detail {

void actor_cell_base::born() noexcept {
  life_ = life::alive;
  release_lanes();
}

// What an exit has asked for comes true; else the constructor's own error is more to the point.
void actor_cell_base::not_born(failure_ptr why, bool begun) noexcept {
  if (!is_doomed() || (begun && doomed_to() != end_reason::exited)) return die(end_reason::failed, std::move(why));
  static_cast<void>(why.read());
  actor_extras* const e = extras();
  die(doomed_to(),
      death_of(*this, doomed_to(), e != nullptr && e->lives != nullptr ? e->lives->ordered_why() : failure_ptr()));
}

failure_ptr actor_cell_base::why_not() noexcept { return has_ended() ? why_dead() : death_of(*this, doomed_to()); }

void actor_cell_base::doom(end_reason r) noexcept {
  std::uint8_t none = no_doom;
  doom_.compare_exchange_strong(none, static_cast<std::uint8_t>(r), std::memory_order_relaxed);
}

void actor_cell_base::wait_no_more() noexcept {
  actor_extras* const e = extras();
  if (e != nullptr && e->constructor != nullptr) e->constructor->cancel();
}

void actor_cell_base::end_if_unborn(end_reason r) noexcept {
  actor_extras* const e = extras();
  if (e == nullptr || e->constructor == nullptr || e->constructor->ready()) return;
  doom(r);
  wait_no_more();
}

void actor_cell_base::die(end_reason reason, failure_ptr why) noexcept {
  if (life_ == life::dead) return;
  if (life_ == life::alive) {
    if (worker* const w = this_worker()) w->context = nullptr;
    destroy_object();
  }
  bool const stillborn = life_ == life::unborn;
  life_ = life::dead;
  reason_ = reason;
  std::construct_at(&why_dead(), std::move(why));
  told_why_.store(true, std::memory_order_relaxed);
  if (actor_extras* const e = extras(); e != nullptr && e->lives != nullptr) e->lives->ended();
  tell_end(why_dead());
  close_lines();
  if (stillborn) release_lanes();
}

bool actor_cell_base::add_line(call_line& l) noexcept {
  std::lock_guard const lock(lines_lock_);
  l.next_line = lines_;
  l.line_at = &lines_;
  if (lines_ != nullptr) lines_->line_at = &l.next_line;
  lines_ = &l;
  return !lines_closed_;
}

void actor_cell_base::remove_line(call_line& l) noexcept {
  std::lock_guard const lock(lines_lock_);
  *l.line_at = l.next_line;
  if (l.next_line != nullptr) l.next_line->line_at = l.line_at;
}

// Calls that wait for their arguments end now, as others do.
void actor_cell_base::close_lines() noexcept {
  std::lock_guard const lock(lines_lock_);
  lines_closed_ = true;
  for (call_line* l = lines_; l != nullptr; l = l->next_line) l->close();
}

void actor_cell_base::tell_end(failure_ptr const& why) noexcept {
  actor_extras* const e = extras();
  if (e == nullptr) return;
  for (auto const& tell : std::exchange(e->on_end, {})) tell(reason_, why);
}

failure_ptr actor_cell_base::message_failed(failure_ptr const& f) noexcept {
  try {
    std::rethrow_exception(f.exception());
  } catch (actor_exit const&) {
    static_cast<void>(f.read());
    return death_of(*this, end_reason::exited);
  } catch (...) { return f; }
}

namespace {

std::string how_it_ended(end_reason r) {
  switch (r) {
    case end_reason::no_handles: return "its last handle is gone";
    case end_reason::stopped: return "it was stopped";
    case end_reason::killed: return "it was killed";
    case end_reason::exited: return "it called exit_actor";
    case end_reason::failed: return "it failed";
    case end_reason::runtime_ended: return "its runtime is over";
  }
  return {};
}

}  // namespace

failure_ptr death_of(actor_cell_base const& a, end_reason r, failure_ptr const& cause) noexcept {
  try {
    std::string text = "mobula: the actor " + a.description() + " does not live any more: " + how_it_ended(r);
    if (cause) text += ": " + cause.message();
    failure_ptr f = failure_ptr::following(std::make_exception_ptr(actor_died(r, text)), cause);
    static_cast<void>(f.read());  // it was wanted: only the calls that end with it count as failures
    return f;
  } catch (...) { return failure_ptr::capture(std::current_exception()); }
}

void throw_no_actor() {
  throw error("mobula: this actor handle is a handle to nothing: it was default-constructed or moved from");
}

void throw_not_kept(std::string const& call) {
  throw error(
      "mobula: an argument of " + call +
      " can't be copied, but has to be kept, as the actor may be restarted and it may be wanted once more: pass a "
      "std::shared_ptr of it, or leave out max_restarts (of a constructor) or max_task_retries (of a method)");
}

void send_death(actor_cell_base& a) {
  actor_extras* const e = a.extras();
  if (e == nullptr || e->lives == nullptr || e->lives->is_last()) return send_end(a, end_reason::killed);
  auto const act = [](control& c, actor_cell_base& cell) noexcept {
    delete &c;
    if (cell.alive()) cell.extras()->lives->die(end_reason::killed, death_of(cell, end_reason::killed));
  };
  a.send(*new control(act, false), false);
}

void send_end(actor_cell_base& a, end_reason r) {
  struct ending final : control {
    explicit ending(end_reason r) noexcept
        : control(
              [](control& c, actor_cell_base& cell) noexcept {
                std::unique_ptr<ending> const me(static_cast<ending*>(&c));
                end_reason const why = cell.is_doomed() ? cell.doomed_to() : me->reason;
                cell.die(why, death_of(cell, why));
              },
              true),
          reason(r) {}
    end_reason reason;
  };
  control& c = *new ending(r);
  leave_name(a);
  if (r == end_reason::stopped) return a.send(c, true);
  a.doom(r);
  a.send(c, false);
  a.wait_no_more();
  if (!a.refuses_calls()) return;  // another reason was first
  a.close_lines();
  a.refuse_queued();
}

}  // namespace mobula::detail
