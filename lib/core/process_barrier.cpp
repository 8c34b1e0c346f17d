#include <mobula/core/process_barrier.hpp>

#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace mobula::detail {

constinit bool process_barrier_available = false;

void find_process_barrier() noexcept {
#if !defined(__SANITIZE_THREAD__)
  static bool const once = [] {
    process_barrier_available = ::syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0) == 0;
    return true;
  }();
  static_cast<void>(once);
#endif
}

void process_barrier() noexcept {
  if (process_barrier_available) ::syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0);
}

}  // namespace mobula::detail
