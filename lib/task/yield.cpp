#include <mobula/core/block.hpp>
#include <mobula/task/yield.hpp>

namespace mobula {
namespace {

// The turn of a fiber that pauses. It goes behind what waits already; the fiber itself would be next when woken.
struct turn : detail::job {
  explicit turn(detail::scheduler& s) noexcept
      : job([](job& j, detail::job_verb) noexcept {
          detail::resumer& waiting = *static_cast<turn&>(j).fiber;
          waiting.wake(waiting);
        }),
        owner(s) {}

  static void publish(void* self, detail::resumer& r) noexcept {
    auto& me = *static_cast<turn*>(self);
    me.fiber = &r;
    me.owner.submit_from_outside(me, me, 1);
  }

  detail::scheduler& owner;
  detail::resumer* fiber = nullptr;
};

}  // namespace

void get(detail::yielding) {
  detail::worker* const w = detail::this_worker();
  if (w == nullptr) return detail::yield_thread();
  turn mine(w->owner);
  detail::block(&turn::publish, &mine);
}

}  // namespace mobula
