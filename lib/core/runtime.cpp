#include <mobula/core/blocking_thread.hpp>
#include <mobula/core/runtime.hpp>
#include <mobula/core/runtime_capacity.hpp>
#include <mobula/core/tick_clock.hpp>

#include "available_memory.hpp"
#include "options.hpp"
#include "stall_watch.hpp"
#include "thread_parker.hpp"
#include "thread_scheduler.hpp"

#include <cstdlib>
#include <exception>
#include <mutex>
#include <string_view>
#include <vector>

namespace mobula {
namespace {

// The schedulers of living runtimes, in order of birth. Never destroyed, as programs may end in any order.
struct registry {
  struct entry {
    detail::scheduler* what;
    int spins_outside;  // see detail::most_spins_outside
  };

  std::mutex mutex;
  std::vector<entry> living;
  std::atomic<detail::scheduler*> latest{nullptr};  // the last one, to be read without the mutex

  void add(detail::scheduler* s, detail::duration spin) {
    std::lock_guard const lock(mutex);
    living.push_back({s, detail::spins_for(spin)});
    detail::most_spins_outside.store(living.back().spins_outside, std::memory_order_relaxed);
    latest.store(s, std::memory_order_release);  // pairs with current_scheduler: what it points to is complete
  }
  void remove(detail::scheduler* s) noexcept {
    std::lock_guard const lock(mutex);
    std::erase_if(living, [s](entry const& e) { return e.what == s; });
    if (!living.empty()) detail::most_spins_outside.store(living.back().spins_outside, std::memory_order_relaxed);
    latest.store(living.empty() ? nullptr : living.back().what, std::memory_order_release);
  }
};

registry& all() {
  static auto* const r = new registry;
  return *r;
}

bool wants_tracking() {
  char const* const text = std::getenv("MOBULA_TRACK_TASKS");
  return text != nullptr && text != std::string_view("") && text != std::string_view("0");
}

std::shared_ptr<detail::scheduler> make_scheduler(runtime_options const& o) {
  auto s = std::make_shared<detail::thread_scheduler>(detail::checked(o));
  if (o.on_unread_failure) s->on_unread_failure = std::make_shared<failure_handler const>(o.on_unread_failure);
  s->on_warning = o.on_warning;
  s->tracks = o.track_tasks || wants_tracking();
  s->cancellable = o.cancellable || s->tracks;
  detail::set_capacity(*s,
                       {s->concurrency(), o.num_gpus, o.memory != 0 ? o.memory : detail::available_memory(),
                        o.resources, o.max_running, o.max_in_flight, o.max_pending},
                       "runtime_options");
  if (s->tracks) s->tracker = std::make_shared<detail::stall_watch>(*s, o.stall_after, o.dump_signal);
  return s;
}

// The runtime of init and shutdown.
struct global_runtime {
  std::mutex mutex;
  std::unique_ptr<runtime> current;
  runtime* abandoned = nullptr;  // at the end of the program, with tasks that would not end
};

global_runtime& global() {
  static auto* const g = new global_runtime;
  return *g;
}

}  // namespace

namespace detail {

scheduler& current_scheduler() {
  if (worker* const w = this_worker()) return w->owner;
  if (blocking_thread const* const b = current_blocking_thread) return b->owner;
  if (scheduler* const s = all().latest.load(std::memory_order_acquire)) return *s;
  throw no_runtime("mobula: no runtime lives: make one first, mobula::runtime ray; or mobula::init()");
}

}  // namespace detail

runtime::runtime(runtime_options const& options) : runtime(make_scheduler(options), options.spin) {}

runtime::runtime(std::shared_ptr<detail::scheduler> s, detail::duration spin)
    : scheduler_(std::move(s)), exceptions_at_start_(std::uncaught_exceptions()) {
  static_cast<void>(detail::ticks_per_microsecond());  // measured now, not in the first map
  all().add(scheduler_.get(), spin);
}

runtime::~runtime() {
  shutdown(std::uncaught_exceptions() > exceptions_at_start_ ? on_shutdown::drop : on_shutdown::drain);
}

void runtime::shutdown(on_shutdown how) { shutdown_until(how, detail::time_point::max()); }

bool runtime::shutdown_until(on_shutdown how, detail::time_point limit) {
  if (down_) return true;
  detail::worker const* const w = detail::this_worker();
  detail::blocking_thread const* const b = detail::current_blocking_thread;
  if (detail::stall_watch::runs_here())
    throw error("mobula: a runtime can't be shut down by who is told of a stall: have another thread do it");
  if ((w != nullptr && &w->owner == scheduler_.get()) || (b != nullptr && &b->owner == scheduler_.get()))
    throw error("mobula: a runtime can't be shut down by one of its own tasks");
  if (!scheduler_->shutdown(how == on_shutdown::drop, limit)) return false;
  all().remove(scheduler_.get());
  scheduler_->tracker.reset();
  down_ = true;
  return true;
}

unsigned runtime::num_cpus() const noexcept { return scheduler_->concurrency(); }

unsigned runtime::numa_nodes() const noexcept { return scheduler_->numa_nodes(); }

detail::time_point runtime::now() const noexcept { return scheduler_->now(); }

void init(runtime_options const& options) {
  global_runtime& g = global();
  std::lock_guard const lock(g.mutex);
  if (g.current) throw error("mobula: init was called twice: call mobula::shutdown() first");
  g.current = std::make_unique<runtime>(options);
  static bool const once =
      std::atexit([] {
        // The program ends without `shutdown`. Tasks must neither hold it up nor run on among destroyed statics.
        global_runtime& left = global();
        std::unique_lock const held(left.mutex, std::try_to_lock);
        if (!held || !left.current) return;
        runtime* const r = left.abandoned = left.current.release();  // leaked if it doesn't end, threads and all
        if (detail::this_worker() == nullptr &&
            r->shutdown_until(on_shutdown::drop, std::chrono::steady_clock::now() + std::chrono::seconds(1)))
          delete r;
      }) == 0;
  static_cast<void>(once);
}

void shutdown(on_shutdown how) {
  global_runtime& g = global();
  runtime* r = nullptr;
  {
    std::lock_guard const lock(g.mutex);
    r = g.current.get();
  }
  if (r == nullptr) return;
  r->shutdown(how);  // throws in a task; then nothing has changed
  std::lock_guard const lock(g.mutex);
  if (g.current.get() == r) g.current.reset();
}

bool is_initialized() noexcept {
  std::lock_guard const lock(global().mutex);
  return global().current != nullptr;
}

}  // namespace mobula
