#include <mobula/core/droppable_waits.hpp>
#include <mobula/core/scheduler.hpp>

#include <mutex>
#include <utility>

namespace mobula::detail {

bool droppable_waits::add(node& n, resumer& r) noexcept {
  std::lock_guard const lock(lock_);
  if (dropped()) return false;
  n.waiting_ = &r;
  n.previous_ = nullptr;
  n.next_ = first_;
  if (first_ != nullptr) first_->previous_ = &n;
  first_ = &n;
  n.listed_ = true;
  return true;
}

bool droppable_waits::remove(node& n) noexcept {
  std::lock_guard const lock(lock_);
  if (!n.listed_) return false;
  n.listed_ = false;
  (n.previous_ == nullptr ? first_ : n.previous_->next_) = n.next_;
  if (n.next_ != nullptr) n.next_->previous_ = n.previous_;
  return true;
}

// A node out of the list lives until its resumer has been woken.
void droppable_waits::drop() noexcept {
  node* all = nullptr;
  {
    std::lock_guard const lock(lock_);
    dropped_.store(true, std::memory_order_relaxed);
    all = std::exchange(first_, nullptr);
    for (node* n = all; n != nullptr; n = n->next_) n->listed_ = false;
  }
  while (all != nullptr) {
    resumer& r = *all->waiting_;
    all = all->next_;
    static_cast<void>(r.try_claim());  // if that is refused, what it waits for has come first
    r.wake(r);
  }
}

bool drop_operation::start(resumer& r) noexcept {
  if (waits_->add(node_, r)) return true;
  static_cast<void>(r.try_claim());
  return false;
}

}  // namespace mobula::detail
