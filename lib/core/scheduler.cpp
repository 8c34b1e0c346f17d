#include <mobula/core/blocking_thread.hpp>
#include <mobula/core/scheduler.hpp>

#include <chrono>

namespace mobula::detail {

scheduler::scheduler(bool virtual_time) noexcept
    : in_virtual_time(virtual_time),
      random_(static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count())) {}

void scheduler::finish_blocking_task() noexcept { current_blocking_thread->owner.finish_from_outside(); }

// SplitMix64 (Steele, Lea, Flood 2014): a counter and a function of it, so that any thread may ask.
std::uint64_t scheduler::random() noexcept {
  constexpr std::uint64_t step = 0x9e3779b97f4a7c15;
  std::uint64_t z = random_.fetch_add(step, std::memory_order_relaxed) + step;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

}  // namespace mobula::detail
