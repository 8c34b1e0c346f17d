#include <mobula/task/sleep.hpp>

namespace mobula {

bool detail::sleep_operation::start(resumer& r) noexcept {
  // In a task, or on a thread that lets a select or a timeout wait on the runtime made last.
  owner_ = &current_scheduler();
  sleeper_ = &r;
  when = deadline_after(duration_);
  owner_->add_timer(*this);
  return true;
}

void get(sleep s) {
  if (s.length() <= detail::duration::zero()) return;
  if (detail::this_worker() != nullptr) {
    auto op = s.to_operation();
    return get(op);
  }
  detail::block_until(
      detail::deadline_after(s.length()), [](void*, detail::resumer&) noexcept {}, [](void*) noexcept { return true; },
      nullptr);
}

}  // namespace mobula
