#include <mobula/actor/pool_watch.hpp>

namespace mobula::detail {

void pool_watch::begin() noexcept {
  in_queue_ = shared_from_this();
  runtime_->add_timer(*this);
}

void pool_watch::leave() noexcept {
  if (runtime_->remove_timer(*this)) in_queue_.reset();
}

void pool_watch::runtime_ended(timer_node& n, bool) noexcept {
  auto& me = static_cast<pool_watch&>(n);
  auto const keep = std::move(me.in_queue_);
  if (auto const pool = me.pool_.lock()) me.tell_(pool.get(), *me.runtime_);
}

}  // namespace mobula::detail
