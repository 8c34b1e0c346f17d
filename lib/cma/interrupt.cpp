#include "cma/interrupt.hpp"

#include <csignal>
#include <mutex>
#include <utility>

namespace mobula::cma {
namespace {

// Set by the handler, on whichever thread; read where a search can end. Relaxed: nothing else comes with it.
std::atomic<bool> terminated{false};
static_assert(std::atomic<bool>::is_always_lock_free);

std::mutex watches;  // of the two below
int watching = 0;
struct sigaction former;  // written before the handler is there, which reads it

// Who sends it again does not want to wait: from then on it does what it would do without us.
extern "C" void on_sigterm(int) {
  if (!terminated.exchange(true, std::memory_order_relaxed)) return;
  sigaction(SIGTERM, &former, nullptr);
  std::raise(SIGTERM);
}

}  // namespace

interrupt_watch::interrupt_watch() {
  const std::lock_guard lock(watches);
  if (watching++ != 0) return;
  struct sigaction action {};
  action.sa_handler = on_sigterm;
  action.sa_flags = SA_RESTART;
  sigemptyset(&action.sa_mask);
  sigaction(SIGTERM, nullptr, &former);
  sigaction(SIGTERM, &action, nullptr);
}

interrupt_watch::~interrupt_watch() {
  {
    const std::lock_guard lock(watches);
    if (--watching != 0) return;
    sigaction(SIGTERM, &former, nullptr);
    if (!terminated.exchange(false, std::memory_order_relaxed)) return;
  }
  std::raise(SIGTERM);
}

const std::atomic<bool>& interrupt_watch::flag() noexcept { return terminated; }

}  // namespace mobula::cma
