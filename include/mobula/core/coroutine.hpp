#pragma once

#include <coroutine>

namespace mobula::detail {

// A coroutine that hands over to another returns that one's handle, and the compiler makes it a jump: symmetric
// transfer. g++ does so only when it optimises and no sanitizer needs the frame; else each would lie on the stack of
// the one before. There the next handle is left in a place of the thread, and `resume` goes on with it.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || !defined(__OPTIMIZE__)
inline constexpr bool symmetric_transfer = false;
#else
inline constexpr bool symmetric_transfer = true;
#endif

void set_next(std::coroutine_handle<> next) noexcept;
[[nodiscard]] std::coroutine_handle<> take_next() noexcept;

/// Resumes a coroutine, and then those to which it has handed over.
inline void resume(std::coroutine_handle<> h) {
  do h.resume();
  while ((h = take_next()));
}

/// What `await_suspend` returns to hand over to `next`; null means to nobody.
[[gnu::always_inline]] inline std::coroutine_handle<> transfer(std::coroutine_handle<> next) noexcept {
  if (next) {
    if constexpr (symmetric_transfer) return next;
    set_next(next);
  }
  return std::noop_coroutine();
}

}  // namespace mobula::detail
