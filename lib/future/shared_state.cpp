#include <mobula/core/operation.hpp>
#include <mobula/future/future.hpp>

namespace mobula::detail {

void shared_state_base::wait_for_it() {
  // If the task is what this worker would run next anyway, it runs right here, on top of its reader.
  if (worker* const w = this_worker(); w != nullptr && w->may_run_on_top() && w->queue.pop_if(this)) {
    step(*this, w->owner.verb());
    if (ready()) return;
  }
  state_operation until_ready(*this);
  wait_for(until_ready);
}

}  // namespace mobula::detail
