#include "worker_threads.hpp"

#include "printable.hpp"
#include "stack_overflow.hpp"

#include <pthread.h>

#include <condition_variable>
#include <cstdio>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <system_error>
#include <utility>

namespace mobula::detail {
namespace {

// Where the threads of one runtime wait until all have started, or it has turned out that not all can.
class start_gate {
 public:
  void arrive(std::exception_ptr e) noexcept {
    std::lock_guard const lock(mutex_);
    if (!error_) error_ = std::move(e);
    ++arrived_;
    changed_.notify_all();
  }

  /// The first error of those that arrive, once so many have.
  std::exception_ptr wait_for(std::size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return arrived_ == count; });
    return error_;
  }

  void open() noexcept {
    std::lock_guard const lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }

  void pass() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return open_; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::size_t arrived_ = 0;
  std::exception_ptr error_;
  bool open_ = false;
};

// What each thread needs, for as long as one lives.
struct launch_plan {
  std::string name;
  std::function<void(unsigned)> on_start, on_stop;
  worker_threads::work work;
  bool report_stack_overflow;
  start_gate start;
};

void name_this_thread(std::string const& prefix, unsigned number) {
  if (prefix.empty()) return;
  constexpr std::size_t most = 15;  // that Linux keeps
  std::string const digits = std::to_string(number);
  std::string name = prefix.substr(0, most - 1 - digits.size());
  name += '-';
  name += digits;
#if defined(__APPLE__)
  ::pthread_setname_np(name.c_str());
#else
  ::pthread_setname_np(::pthread_self(), name.c_str());
#endif
}

void stop(launch_plan const& p, unsigned number) noexcept {
  if (!p.on_stop) return;
  try {
    p.on_stop(number);
  } catch (std::exception const& e) {
    std::fprintf(stderr, "mobula: runtime_options::on_thread_stop(%u) threw: %s\n", number,
                 printable(e.what()).c_str());
  } catch (...) { std::fprintf(stderr, "mobula: runtime_options::on_thread_stop(%u) threw\n", number); }
}

void live(launch_plan& p, unsigned number) {
  name_this_thread(p.name, number);
  std::optional<alternate_stack> for_signals;
  if (p.report_stack_overflow) for_signals.emplace();
  std::exception_ptr error;
  bool started = false, prepared = false;
  try {
    if (p.on_start) p.on_start(number);
    started = true;
    p.work.prepare(number);
    prepared = true;
  } catch (...) { error = std::current_exception(); }
  p.start.arrive(std::move(error));
  p.start.pass();
  if (prepared) p.work.run(number);
  if (started) stop(p, number);
}

}  // namespace

void worker_threads::start(unsigned count, runtime_options const& options, work w) {
  auto const p = std::make_shared<launch_plan>();
  p->name = options.thread_name;
  p->on_start = options.on_thread_start;
  p->on_stop = options.on_thread_stop;
  p->work = std::move(w);
  p->report_stack_overflow = options.report_stack_overflow;
  std::exception_ptr failure;
  threads_.reserve(count);
  try {
    for (unsigned i = 0; i < count; ++i) threads_.emplace_back([p, i] { live(*p, i); });
  } catch (std::system_error const& e) {
    failure = std::make_exception_ptr(std::system_error(
        e.code(), "mobula: of " + std::to_string(count) + " worker threads (runtime_options::num_cpus) only " +
                      std::to_string(threads_.size()) + " could be started"));
  } catch (...) { failure = std::current_exception(); }
  if (auto const hook_failure = p->start.wait_for(threads_.size()); !failure) failure = hook_failure;
  if (failure) p->work.give_up();
  p->start.open();
  if (!failure) return;
  join();
  std::rethrow_exception(failure);
}

void worker_threads::join() noexcept {
  for (auto& t : threads_) t.join();
  threads_.clear();
}

}  // namespace mobula::detail
