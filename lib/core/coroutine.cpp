#include <mobula/core/coroutine.hpp>

#include <utility>

namespace mobula::detail {
namespace {

// Set by a coroutine that is about to return to `resume`, which takes it at once: no switch of threads in between.
thread_local void* next_frame = nullptr;

}  // namespace

[[gnu::noinline]] void set_next(std::coroutine_handle<> next) noexcept { next_frame = next.address(); }

[[gnu::noinline]] std::coroutine_handle<> take_next() noexcept {
  return std::coroutine_handle<>::from_address(std::exchange(next_frame, nullptr));
}

}  // namespace mobula::detail
