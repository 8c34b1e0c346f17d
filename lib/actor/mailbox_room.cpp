#include <mobula/actor/actor_extras.hpp>
#include <mobula/actor/mailbox_full.hpp>
#include <mobula/actor/mailbox_room.hpp>
#include <mobula/core/task_context.hpp>

#include <string>

namespace mobula::detail {
namespace {

// A reentrant call lets the actor go on while it waits; any other is what those in the mailbox may be waiting for.
bool runs_in(actor_cell_base const& a) noexcept {
  execution_context* const here = this_context();
  auto* const c = dynamic_cast<actor_context*>(here != nullptr ? here->beneath() : nullptr);
  return c != nullptr && !c->is_reentrant() && &c->actor() == &a;
}

}  // namespace

bool may_not_wait(actor_cell_base const& a, mailbox_room const& r) noexcept { return r.refuses || runs_in(a); }

void throw_full(actor_cell_base const& a, mailbox_room const& r) {
  std::string const full = "mobula: the mailbox of the actor " + a.description() + " is full: it takes " +
                           std::to_string(r.limit) + (r.limit == 1 ? " call that waits" : " calls that wait") +
                           " (actor_options::mailbox)";
  if (r.refuses) throw mailbox_full(r.limit, full);
  throw deadlock_error(full +
                       ", and one of its own methods would wait for room there, which might be for ever: use try_call "
                       "or try_post, give it a larger mailbox, or make the method reentrant");
}

mailbox_place wait_for_place(actor_cell_base const& a, mailbox_room& r) {
  place_operation op(r);
  if (!op.ready()) {
    if (may_not_wait(a, r)) throw_full(a, r);
    wait_for(op);
  }
  op.result();
  mailbox_place mine(&r);
  a.check_open();
  return mine;
}

}  // namespace mobula::detail
