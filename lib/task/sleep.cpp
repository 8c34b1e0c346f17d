#include <mobula/task/sleep.hpp>

namespace mobula {

bool detail::sleep_operation::ready() {
  if (duration_ <= duration::zero()) return true;
  // That of the task, or for a select or a timeout on a thread outside the runtime made last.
  owner_ = &current_scheduler();
  return false;
}

bool detail::sleep_operation::start(resumer& r) noexcept {
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
