#include <mobula/core/tick_clock.hpp>
#include <mobula/remote/progress_meter.hpp>

namespace mobula::detail {

progress_meter::progress_meter(function const& call, std::size_t total)
    : call_(call), total_(total), last_(call ? ticks() : 0) {}

void progress_meter::add(std::size_t n) noexcept {
  done_.fetch_add(n, std::memory_order_relaxed);
  if (busy_.load(std::memory_order_relaxed) || busy_.exchange(true, std::memory_order_acquire)) return;
  auto const now = ticks();
  if (!failure_ && now - last_ > 20'000 * ticks_per_microsecond()) {
    std::size_t const done = done_.load(std::memory_order_relaxed);
    try {
      if (done < total_) call_(done, total_);  // the last call is for the caller to make
    } catch (...) { failure_ = std::current_exception(); }
    last_ = ticks();
  }
  busy_.store(false, std::memory_order_release);
}

void progress_meter::finish() const {
  if (failure_) std::rethrow_exception(failure_);
  if (call_) call_(total_, total_);
}

}  // namespace mobula::detail
