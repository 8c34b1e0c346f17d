#pragma once

#include <mobula/core/scheduler.hpp>
#include <mobula/core/suspended_coroutine.hpp>

#include <coroutine>

namespace mobula {
namespace detail {

/// A coroutine that lets others run: a job that goes behind what waits already.
class yield_awaiter : suspended_coroutine {
 public:
  bool await_ready() const noexcept { return false; }
  [[gnu::noinline]] void await_suspend(std::coroutine_handle<> h) noexcept {
    keep(h);
    if (context() != nullptr) job::step = &have_turn;
    owner().submit_from_outside(*this, *this, 1);  // not to the own queue, whose newest job is next
  }
  void await_resume() const noexcept {}

 private:
  // Others have had theirs; the context says when it goes on.
  static void have_turn(job& j, job_verb) noexcept {
    auto& me = static_cast<yield_awaiter&>(j);
    me.job::step = &suspended_coroutine::step;
    me.go_on();
  }
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
