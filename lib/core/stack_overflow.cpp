#include "stack_overflow.hpp"

#include <mobula/core/worker.hpp>

#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdint>

namespace mobula::detail {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool sanitized = true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
constexpr bool sanitized = true;
#else
constexpr bool sanitized = false;
#endif
#else
constexpr bool sanitized = false;
#endif

constexpr std::size_t alternate_size = 64 * 1024;  // a chained handler may want to print a backtrace
constexpr std::array signals = {SIGSEGV, SIGBUS};  // Linux raises the first, others the second

// What was installed before, by index in `signals`. Written before the handler is installed, and never again.
std::array<struct sigaction, signals.size()> previous;

// The rest is called in a signal handler: nothing but async-signal-safe functions.

void print(char const* text) noexcept {
  std::size_t n = 0;
  while (text[n] != '\0') ++n;
  while (n > 0) {
    ssize_t const written = ::write(STDERR_FILENO, text, n);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return;
    text += written;
    n -= static_cast<std::size_t>(written);
  }
}

void print(std::size_t number) noexcept {
  char digits[24];
  char* at = digits + sizeof digits - 1;
  *at = '\0';
  do *--at = static_cast<char>('0' + number % 10);
  while ((number /= 10) != 0);
  print(at);
}

void pass_on(int signal, siginfo_t* info, void* context) noexcept {
  struct sigaction const& before = previous[signal == signals[0] ? 0 : 1];
  if ((before.sa_flags & SA_SIGINFO) != 0) return before.sa_sigaction(signal, info, context);
  if (before.sa_handler != SIG_DFL && before.sa_handler != SIG_IGN) return before.sa_handler(signal);
  // The instruction is executed again after the return, and then the process ends as if nobody had listened.
  struct sigaction as_ever {};
  as_ever.sa_handler = SIG_DFL;
  ::sigaction(signal, &as_ever, nullptr);
  if (info == nullptr || info->si_code <= 0) ::raise(signal);  // sent by kill: nothing is executed again
}

void on_fault(int signal, siginfo_t* info, void* context) {
  int const error = errno;
  worker const* const w = current_worker;
  if (w != nullptr && info != nullptr && w->is_guard(reinterpret_cast<std::uintptr_t>(info->si_addr))) {
    print("mobula: stack overflow in a task (stack_size = ");
    print(w->stack_size());
    print("): raise runtime_options::stack_size, or make it a coroutine, whose locals are not on the stack\n");
  }
  errno = error;
  pass_on(signal, info, context);
}

}  // namespace

void report_stack_overflow() noexcept {
  if (sanitized) return;
  static bool const once = [] {
    for (std::size_t i = 0; i < signals.size(); ++i) {
      ::sigaction(signals[i], nullptr, &previous[i]);
      struct sigaction ours {};
      ours.sa_sigaction = &on_fault;
      ours.sa_flags = SA_SIGINFO | SA_ONSTACK;
      ::sigemptyset(&ours.sa_mask);
      ::sigaction(signals[i], &ours, nullptr);
    }
    return true;
  }();
  static_cast<void>(once);
}

alternate_stack::alternate_stack() noexcept {
  stack_t now{};
  if (sanitized || ::sigaltstack(nullptr, &now) != 0 || (now.ss_flags & SS_DISABLE) == 0) return;
  void* const mapped =
      ::mmap(nullptr, alternate_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (mapped == MAP_FAILED) return;
  stack_t mine{};
  mine.ss_sp = mapped;
  mine.ss_size = alternate_size;
  if (::sigaltstack(&mine, nullptr) == 0)
    memory_ = mapped;
  else
    ::munmap(mapped, alternate_size);
}

alternate_stack::~alternate_stack() {
  if (memory_ == nullptr) return;
  stack_t now{};
  if (::sigaltstack(nullptr, &now) == 0 && now.ss_sp == memory_) {  // else the user has set another meanwhile
    stack_t none{};
    none.ss_flags = SS_DISABLE;
    ::sigaltstack(&none, nullptr);
  }
  ::munmap(memory_, alternate_size);
}

}  // namespace mobula::detail
