#include <mobula/task/sleep.hpp>

namespace mobula {

bool detail::sleep_operation::ready() {
  worker const* const w = this_worker();
  if (w == nullptr && duration_ <= duration::zero()) return true;
  owner_ = w != nullptr ? &w->owner : &current_scheduler();
  if (w == nullptr) keeps_ = owner_->shared_from_this();  // a select or a timeout on a thread outside
  return false;
}

bool detail::sleep_operation::start(resumer& r) noexcept {
  sleeper_ = &r;
  if (duration_ <= duration::zero()) {
    owner_->submit_from_outside(*this, *this, 1);
    return true;
  }
  when = deadline_after(duration_);
  owner_->add_timer(*this);
  return true;
}

void get(sleep s) {
  if (s.length() <= detail::duration::zero()) return detail::let_others_run();
  if (detail::this_worker() != nullptr) {
    auto op = s.to_operation();
    return get(op);
  }
  detail::block_until(
      detail::deadline_after(s.length()), [](void*, detail::resumer&) noexcept {}, [](void*) noexcept { return true; },
      nullptr);
}

}  // namespace mobula
