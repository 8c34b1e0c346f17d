#pragma once

#include <mobula/core/worker.hpp>

#include <coroutine>

namespace mobula::detail {

void set_next(std::coroutine_handle<> next) noexcept;
[[nodiscard]] std::coroutine_handle<> take_next() noexcept;

/// Resumes a coroutine, and then those to which it has handed over.
inline void resume(std::coroutine_handle<> h) {
  do h.resume();
  while ((h = take_next()));
}

/// What `await_suspend` returns to hand over to `next`; null means to nobody.
///
/// The compiler makes that a jump (symmetric transfer) only where it optimises enough; else each coroutine lies on the
/// stack of the one before. So when the stack runs low, the next coroutine is left in a place of the thread instead, the
/// stack unwinds to `resume`, and that goes on with it.
[[gnu::always_inline]] inline std::coroutine_handle<> transfer(std::coroutine_handle<> next) noexcept {
  if (next) {
    // In a worker, as coroutines run nowhere else.
    if (current_worker->has_stack_left()) [[likely]]
      return next;
    set_next(next);
  }
  return std::noop_coroutine();
}

}  // namespace mobula::detail
