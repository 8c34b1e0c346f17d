#include <mobula/future/shared_state.hpp>

namespace mobula::detail {
namespace {

struct blocked_reader : waiter {
  explicit blocked_reader(shared_state_base& s) noexcept
      : waiter([](waiter& w) noexcept {
          resumer& r = *static_cast<blocked_reader&>(w).reader;
          r.wake(r);
        }),
        state(s) {}

  static void publish(void* self, resumer& r) noexcept {
    auto& me = *static_cast<blocked_reader*>(self);
    me.reader = &r;
    if (!me.state.add(me)) r.wake(r);
  }

  shared_state_base& state;
  resumer* reader = nullptr;
};

}  // namespace

void shared_state_base::wait_for_it() {
  // If the task is what this worker would run next anyway, it runs right here, on top of its reader.
  if (worker* const w = this_worker(); w != nullptr && w->may_run_on_top() && w->queue.pop_if(this)) {
    step(*this, w->owner.verb());
    if (ready()) return;
  }
  blocked_reader me(*this);
  try {
    block(&blocked_reader::publish, &me);
  } catch (...) {
    if (me.reader != nullptr) static_cast<void>(remove(me));
    throw;
  }
}

}  // namespace mobula::detail
