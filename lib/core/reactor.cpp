#include "reactor.hpp"

#include <boost/asio/post.hpp>

namespace mobula::detail {

void reactor::arm() noexcept {
  std::lock_guard const lock(mutex_);
  time_point const first = timers_.first();
  if (first >= armed_for_) return;
  armed_for_ = first;
  alarm_.expires_at(first);
  alarm_.async_wait([this](boost::system::error_code const& e) {
    if (!e) on_timer();
  });
}

void reactor::interrupt() noexcept {
  boost::asio::post(context_, [] {});
}

void reactor::on_timer() noexcept {
  {
    std::lock_guard const lock(mutex_);
    armed_for_ = time_point::max();
  }
  timers_.fire_due(std::chrono::steady_clock::now());
  arm();
}

}  // namespace mobula::detail
