#include "dump_signal.hpp"

#include "per_process.hpp"

#include <mobula/core/dump_tasks.hpp>

#include <semaphore.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdio>
#include <mutex>
#include <string>
#include <system_error>
#include <thread>
#include <utility>

namespace mobula::detail {
namespace {

// Posted by the handler, which may do nothing else, for the thread that dumps.
sem_t asked;

// What handled each signal before ours, and how many want ours; written before it is installed, which reads the former.
std::array<struct sigaction, NSIG> handled_before{};
std::array<unsigned, NSIG> users{};

extern "C" void ask_for_dump(int signal, siginfo_t* info, void* context);

void ask_for_dump(int signal, siginfo_t* info, void* context) {
  int const error = errno;
  ::sem_post(&asked);
  errno = error;
  struct sigaction const& before = handled_before[static_cast<std::size_t>(signal)];
  if ((before.sa_flags & SA_SIGINFO) != 0)
    before.sa_sigaction(signal, info, context);
  else if (before.sa_handler != SIG_DFL && before.sa_handler != SIG_IGN)
    before.sa_handler(signal);
}

// All of the process: the handlers, and a thread as long as there is one.
class dump_signals {
 public:
  // In the child of a fork, which has no such thread, the handlers stay, or the signal would end it, and ask nobody.
  dump_signals() {
    ::sem_init(&asked, 0, 0);
    users.fill(0);
  }

  // Tells whether it has been installed. Throws std::system_error.
  bool install(int signal, bool tracks) {
    std::lock_guard const lock(mutex_);
    bool const allowed = signal > 0 && signal < NSIG;
    std::size_t const s = allowed ? static_cast<std::size_t>(signal) : 0;
    if (!allowed || (users[s] == 0 && !note_before(signal))) refuse(signal, allowed);
    if (users[s] == 0 && !tracks && !is_default(handled_before[s])) return false;
    if (installed_ == 0) start();
    if (users[s] == 0) {
      struct sigaction ours = {};
      ours.sa_sigaction = &ask_for_dump;
      ours.sa_flags = SA_RESTART | SA_SIGINFO;
      sigemptyset(&ours.sa_mask);
      if (::sigaction(signal, &ours, nullptr) != 0) {
        int const error = errno;
        if (installed_ == 0) stop();
        errno = error;
        refuse(signal, true);
      }
    }
    ++users[s];
    ++installed_;
    return true;
  }

  void remove(int signal) noexcept {
    std::lock_guard const lock(mutex_);
    if (--users[static_cast<std::size_t>(signal)] == 0) put_back(signal);
    if (--installed_ == 0) stop();
  }

 private:
  [[noreturn]] static void refuse(int signal, bool allowed) {
    throw std::system_error(allowed ? errno : EINVAL, std::generic_category(),
                            "mobula: runtime_options::dump_signal is " + std::to_string(signal) +
                                ", which can't be handled; give another, or 0 for none");
  }
  // False, with errno, if it can't be handled. Ours may stand there from before a fork.
  static bool note_before(int signal) noexcept {
    struct sigaction now = {};
    if (::sigaction(signal, nullptr, &now) != 0) return false;
    if (!is_ours(now)) handled_before[static_cast<std::size_t>(signal)] = now;
    return true;
  }
  static bool is_ours(struct sigaction const& a) noexcept {
    return (a.sa_flags & SA_SIGINFO) != 0 && a.sa_sigaction == &ask_for_dump;
  }
  static bool is_default(struct sigaction const& a) noexcept {
    return (a.sa_flags & SA_SIGINFO) == 0 && a.sa_handler == SIG_DFL;
  }
  static void put_back(int signal) noexcept {
    struct sigaction now = {};
    if (::sigaction(signal, nullptr, &now) != 0 || !is_ours(now)) return;  // the program has another
    ::sigaction(signal, &handled_before[static_cast<std::size_t>(signal)], nullptr);
  }

  void start() {
    over_.store(false, std::memory_order_relaxed);
    while (::sem_trywait(&asked) == 0) {}  // when nobody was there
    thread_ = std::thread([this] { watch(); });
  }
  void stop() noexcept {
    over_.store(true, std::memory_order_relaxed);
    ::sem_post(&asked);
    thread_.join();
  }
  void watch() noexcept {
    for (;;) {
      while (::sem_wait(&asked) != 0) {}  // a signal
      if (over_.load(std::memory_order_relaxed)) return;
      try {
        std::fputs(dump_tasks().c_str(), stderr);
      } catch (...) {}  // no memory for that
    }
  }

  std::mutex mutex_;
  std::size_t installed_ = 0;
  std::atomic<bool> over_{false};  // written before the semaphore is posted, read after
  std::thread thread_;
};

}  // namespace

dump_signal::dump_signal(int signal, bool tracks) : signal_(signal) {
  if (signal_ != 0 && !per_process<dump_signals>().install(signal_, tracks)) signal_ = 0;
}

dump_signal::~dump_signal() {
  if (signal_ != 0) per_process<dump_signals>().remove(signal_);
}

}  // namespace mobula::detail
