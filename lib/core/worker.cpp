#include <mobula/core/worker.hpp>

namespace mobula::detail {

constinit thread_local worker* current_worker = nullptr;

[[gnu::noinline]] worker* this_worker() noexcept {
  asm volatile("");  // keeps the compiler from seeing that two calls give the same
  return current_worker;
}

}  // namespace mobula::detail
