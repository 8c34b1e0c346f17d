#include <mobula/task/sleep.hpp>

namespace mobula {
namespace {

// A wait that nothing ends but its timer.
struct sleeping_fiber : detail::timer_node {
  explicit sleeping_fiber(detail::scheduler& s, detail::time_point at) noexcept
      : timer_node(at,
                   [](timer_node& n, bool in_time) noexcept {
                     auto& me = static_cast<sleeping_fiber&>(n);
                     me.expired = in_time;
                     me.fiber->wake(*me.fiber);
                   }),
        owner(s) {}

  static void publish(void* self, detail::resumer& r) noexcept {
    auto& me = *static_cast<sleeping_fiber*>(self);
    me.fiber = &r;
    me.owner.add_timer(me);
  }

  detail::scheduler& owner;
  detail::resumer* fiber = nullptr;
  bool expired = true;
};

}  // namespace

void get(sleep s) {
  if (s.length() <= detail::duration::zero()) return;
  auto const until = detail::deadline_after(s.length());
  if (detail::worker* const w = detail::this_worker()) {
    sleeping_fiber me(w->owner, until);
    detail::block(&sleeping_fiber::publish, &me);
    if (!me.expired) throw cancelled();
  } else {
    detail::block_until(
        until, [](void*, detail::resumer&) noexcept {}, [](void*) noexcept { return true; }, nullptr);
  }
}

}  // namespace mobula
