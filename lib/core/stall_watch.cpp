#include "stall_watch.hpp"

#include <mobula/core/dump_tasks.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <string>
#include <system_error>

namespace mobula::detail {
namespace {

thread_local bool watches = false;

constexpr duration most_pause = std::chrono::milliseconds(100);

// Set by the handler, which may do nothing else; whoever sees it first takes it back and dumps.
std::atomic<bool> wants_dump{false};
static_assert(std::atomic<bool>::is_always_lock_free);

extern "C" void ask_for_dump(int signal, siginfo_t* info, void* context);

// What handled a signal before; written before ours is installed, which reads it.
std::array<struct sigaction, NSIG> handled_before{};

void ask_for_dump(int signal, siginfo_t* info, void* context) {
  wants_dump.store(true, std::memory_order_relaxed);
  struct sigaction const& before = handled_before[static_cast<std::size_t>(signal)];
  if ((before.sa_flags & SA_SIGINFO) != 0)
    before.sa_sigaction(signal, info, context);
  else if (before.sa_handler != SIG_DFL && before.sa_handler != SIG_IGN)
    before.sa_handler(signal);
}

// How many watches want each signal.
class signal_handlers {
 public:
  void install(int signal) {
    std::lock_guard const lock(mutex_);
    bool const allowed = signal > 0 && signal < NSIG;
    if (allowed && users_[static_cast<std::size_t>(signal)] != 0) {
      ++users_[static_cast<std::size_t>(signal)];
      return;
    }
    struct sigaction ours = {};
    ours.sa_sigaction = &ask_for_dump;
    ours.sa_flags = SA_RESTART | SA_SIGINFO;
    sigemptyset(&ours.sa_mask);
    if (!allowed || sigaction(signal, nullptr, &handled_before[static_cast<std::size_t>(signal)]) != 0 ||
        sigaction(signal, &ours, nullptr) != 0)
      throw std::system_error(allowed ? errno : EINVAL, std::generic_category(),
                              "mobula: runtime_options::dump_signal is " + std::to_string(signal) +
                                  ", which can't be handled; give another, or 0 for none");
    ++users_[static_cast<std::size_t>(signal)];
  }
  void restore(int signal) noexcept {
    std::lock_guard const lock(mutex_);
    if (--users_[static_cast<std::size_t>(signal)] != 0) return;
    struct sigaction now = {};
    if (sigaction(signal, nullptr, &now) != 0 || now.sa_sigaction != &ask_for_dump) return;  // the program has another
    sigaction(signal, &handled_before[static_cast<std::size_t>(signal)], nullptr);
  }

 private:
  std::mutex mutex_;
  std::array<unsigned, NSIG> users_{};
};

signal_handlers& handlers() {
  static auto& h = *new signal_handlers;
  return h;
}

}  // namespace

stall_watch::stall_watch(scheduler const& owner, duration stall_after, int signal)
    : owner_(owner), stall_after_(stall_after), signal_(signal) {
  if (signal_ != 0) handlers().install(signal_);
  try {
    thread_ = std::thread([this] { watch(); });
  } catch (...) {
    if (signal_ != 0) handlers().restore(signal_);
    throw;
  }
}

stall_watch::~stall_watch() {
  {
    std::lock_guard const lock(mutex_);
    over_ = true;
  }
  ends_.notify_one();
  thread_.join();
  if (signal_ != 0) handlers().restore(signal_);
}

bool stall_watch::runs_here() noexcept { return watches; }

// Of several watches one tells of a stall.
void stall_watch::report(std::string const& text) const {
  if (owner_.on_warning)
    owner_.on_warning(text.c_str());
  else
    std::fputs(text.c_str(), stderr);
}

void stall_watch::watch() {
  using std::chrono::steady_clock;
  static std::atomic<std::uint64_t> last_told{0};  // the progress; relaxed, as nothing else is read by it
  watches = true;
  task_registry const& all = task_registry::it();
  bool const reports = stall_after_ > duration::zero();
  duration const pause =
      reports ? std::clamp<duration>(stall_after_ / 4, std::chrono::milliseconds(1), most_pause) : most_pause;
  std::uint64_t seen = all.progress();
  auto since = steady_clock::now();
  std::unique_lock lock(mutex_);
  while (!ends_.wait_for(lock, pause, [this] { return over_; })) {
    lock.unlock();
    try {
      if (wants_dump.exchange(false, std::memory_order_relaxed)) std::fputs(dump_tasks().c_str(), stderr);
      auto const now = steady_clock::now();
      if (auto const p = all.progress(); p != seen || !owner_.all_sleep()) {
        seen = p;
        since = now;
      } else if (reports && now - since >= stall_after_ && last_told.load(std::memory_order_relaxed) != seen) {
        auto const dump = all.dump_if_stuck(seen);
        if (dump && last_told.exchange(seen, std::memory_order_relaxed) != seen) {
          auto const ms = std::chrono::duration_cast<std::chrono::milliseconds>(now - since);
          report("mobula: stall: nothing has run for " + std::to_string(ms.count()) + " ms, while something waits.\n" +
                 *dump);
        }
      }
    } catch (...) {}  // no memory for that, or who is told has failed
    lock.lock();
  }
}

}  // namespace mobula::detail
