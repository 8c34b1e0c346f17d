#include "reactor.hpp"

#include <mobula/core/executor.hpp>

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

// An exception in here is that of a handler which its owner has bound to an executor of another kind than ours, or there
// was no memory to make a job of one.
template <class Run>
bool reactor::run(Run one) noexcept {
  try {
    return one() != 0;
  } catch (...) {
    report_handler_failure();
    return true;
  }
}

// All that has come, so that those who share the work see it at once; but not for ever, as the caller has jobs to do now.
void reactor::poll() noexcept {
  for (int n = 0; n < 256; ++n)
    if (!run([this] { return context_.poll_one(); })) return;
}

void reactor::sleep() noexcept {
  run([this] { return context_.run_one(); });
  poll();
}

void reactor::close() noexcept { context_.close(); }

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
