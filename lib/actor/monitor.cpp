#include <mobula/actor/actor_extras.hpp>
#include <mobula/actor/actor_lives.hpp>
#include <mobula/actor/end_watch.hpp>
#include <mobula/actor/monitor.hpp>
#include <mobula/core/process_number.hpp>

#include <memory>
#include <utility>

namespace mobula::detail {
namespace {

using watch = end_watch<actor_end>;

actor_end end_of(actor_cell_base const& a, end_reason r, failure_ptr why) {
  actor_end end{.reason = r};
  if (actor_extras* const e = a.extras(); e != nullptr && e->lives != nullptr) {
    end.restarts = e->lives->restarts();
    if (e->lives->died_of()) why = e->lives->died_of();
  }
  if (r == end_reason::failed) end.failure = why.read();
  return end;
}

struct registration final : control {
  explicit registration(std::shared_ptr<watch> w) noexcept : control(&act, false), to_tell(std::move(w)) {}

  static void act(control& c, actor_cell_base& a) noexcept {
    std::unique_ptr<registration> const me(static_cast<registration*>(&c));
    watch& w = *me->to_tell;
    if (a.has_ended()) return w.tell(end_of(a, a.reason(), a.why_dead()));
    try {
      a.need_extras().on_end.push_back([w = me->to_tell, &a](end_reason r, failure_ptr const& why) {
        w->tell(end_of(a, r, why));
        w->leave(a.owner());
      });
    } catch (...) { return w.fail(std::current_exception()); }
    w.begin(a.owner());
  }

  std::shared_ptr<watch> to_tell;
};

}  // namespace

future<actor_end> monitor(actor_cell_base& a) {
  if (a.owner().lost()) throw_forked("the actor is the parent's");
  auto w = std::make_shared<watch>(actor_end{.reason = end_reason::runtime_ended});
  future<actor_end> end = w->get_future();
  a.send(*new registration(std::move(w)), false);
  return end;
}

}  // namespace mobula::detail
