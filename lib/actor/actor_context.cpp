#include <mobula/actor/actor_cell.hpp>
#include <mobula/actor/actor_context.hpp>
#include <mobula/actor/call_context.hpp>
#include <mobula/core/wait_graph.hpp>

namespace mobula::detail {

void describe(described_call c, concurrency::kind how) noexcept {
  c.remedy = "Make a method of the circle reentrant (actor_options), or have it give the future on instead";
  c.place = c.actor = c.runs_in;
  if (how != concurrency::kind::serial) {
    auto& in = static_cast<call_context&>(*c.runs_in);
    c.actor = static_cast<actor_context const*>(&in.actor());
    if ((c.limit = in.limit()) != 0) c.place = &in.in();
  }
  answer_describe(c);
}

std::string actor_context::who() {
  job* const m = message();
  return m != nullptr ? ask_to_describe(*m).name(*m, true) : std::string();
}

void actor_context::begin_wait(std::span<job* const> calls, void const* wait) {
  if (job* const m = message()) begin_noted_wait(*m, calls, wait);
}

void actor_context::end_wait(void const* wait) noexcept {
  if (job* const m = message()) end_noted_wait(*m, wait);
}

}  // namespace mobula::detail
