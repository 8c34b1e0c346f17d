#include <mobula/actor/pool_watch.hpp>
#include <mobula/core/error.hpp>

namespace mobula::detail {

std::shared_ptr<scheduler> pool_watch::current_runtime() noexcept {
  try {
    return current_scheduler().shared_from_this();
  } catch (no_runtime const&) { return nullptr; }
}

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
