#include <mobula/core/blocking_thread.hpp>
#include <mobula/core/process_number.hpp>
#include <mobula/core/scheduler.hpp>

#include <chrono>
#include <cstdio>
#include <cstdlib>

namespace mobula::detail {
namespace {

constinit thread_local bool warns = false;

}  // namespace

scheduler::scheduler(bool virtual_time) noexcept
    : in_virtual_time(virtual_time),
      random_(static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count())) {}

void scheduler::finish_blocking_task() noexcept {
  if (current_blocking_thread != nullptr) return current_blocking_thread->owner.finish_from_outside();
  std::fputs(
      "mobula: a task that had called fork returned in the child, which has no runtime to return to: end the child "
      "with _exit, or call exec.\n",
      stderr);
  std::_Exit(EXIT_FAILURE);
}

void scheduler::throw_lost() { throw_forked("the runtime is the parent's"); }

bool scheduler::shutdown(bool drop, time_point limit) {
  close(drop);
  std::unique_lock lock(end_mutex_);
  auto const free = [this] { return end_ != ends; };
  if (limit == time_point::max())
    end_changed_.wait(lock, free);
  else if (!end_changed_.wait_until(lock, limit, free))
    return false;
  if (end_ == over) return true;
  end_ = ends;
  lock.unlock();
  bool const ended = finish(limit);
  if (ended) tracker.reset();
  lock.lock();
  end_ = ended ? over : lives;
  end_changed_.notify_all();
  return ended;
}

void scheduler::warn(std::string const& text) const {
  if (!on_warning) return void(std::fputs(text.c_str(), stderr));
  struct here {
    here() noexcept { warns = true; }
    ~here() { warns = false; }
  } const now;
  on_warning(text.c_str());
}

bool scheduler::warns_here() noexcept { return warns; }

// SplitMix64 (Steele, Lea, Flood 2014): a counter and a function of it, so that any thread may ask.
std::uint64_t scheduler::random() noexcept {
  constexpr std::uint64_t step = 0x9e3779b97f4a7c15;
  std::uint64_t z = random_.fetch_add(step, std::memory_order_relaxed) + step;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

}  // namespace mobula::detail
