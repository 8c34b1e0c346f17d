#include <mobula/core/execution_context.hpp>
#include <mobula/core/operation.hpp>
#include <mobula/core/task_context.hpp>
#include <mobula/core/tick_clock.hpp>
#include <mobula/future/future.hpp>

#include "../core/one_by_one.hpp"

namespace mobula::detail {

void shared_state_base::wait_for_it(std::source_location where) {
  check_not_lost();
  worker* w = this_worker();
  // If the task is what this worker would run next anyway, it runs right here, on top of its reader.
  if (w != nullptr && w->may_run_on_top() && w->queue.pop_if(this)) {
    step(*this, w->owner.verb());
    w = this_worker();     // it may have moved this stack to another thread
    w->context = nullptr;  // as before; it may have had one of its own
    if (ready()) return;
  }
  noted_wait const noted(has_context() ? this_context() : nullptr, has_context() ? this : nullptr);
  auto const start = ticks();
  state_operation until_ready(*this);
  wait_for(until_ready, where);
  if (w == nullptr) one_by_one::waited(*this, ticks() - start);
}

}  // namespace mobula::detail
