#pragma once

#include <mobula/core/coroutine.hpp>
#include <mobula/core/scheduler.hpp>

#include <coroutine>

namespace mobula {
namespace detail {

/// A coroutine that lets others run: a job that goes behind what waits already.
class yield_awaiter : job {
 public:
  yield_awaiter() noexcept
      : job([](job& j, job_verb) noexcept { resume(static_cast<yield_awaiter&>(j).coroutine_); }) {}

  bool await_ready() const noexcept { return false; }
  [[gnu::noinline]] void await_suspend(std::coroutine_handle<> h) noexcept {
    coroutine_ = h;
    current_worker->owner.submit_from_outside(*this, *this, 1);  // not to the own queue, whose newest job is next
  }
  void await_resume() const noexcept {}

 private:
  std::coroutine_handle<> coroutine_;
};

/// What `yield` gives, until it is awaited.
class [[nodiscard("yield does nothing until it is awaited: co_await it, or give it to get")]] yielding {
 public:
  auto operator co_await() const noexcept { return yield_awaiter(); }
};

}  // namespace detail

/// Lets other tasks run before the caller goes on: `co_await` it in a coroutine.
///
///     co_await mb::yield();    // in a coroutine
///     mb::get(mb::yield());    // in a plain task
///
/// On threads, what its worker has queued has its turn first; a long computation can so let others have a worker. On a
/// manual runtime, any job that is ready may be next: so it marks a point where tasks may interleave.
[[nodiscard]] inline detail::yielding yield() noexcept { return {}; }

/// Lets others run where there is no co_await: other tasks in a plain task, other threads on a thread outside. On a
/// thread that drives a manual runtime, one job.
void get(detail::yielding);

}  // namespace mobula
