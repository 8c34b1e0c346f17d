#include <mobula/core/blocking_thread.hpp>
#include <mobula/core/runtime.hpp>
#include <mobula/core/runtime_capacity.hpp>
#include <mobula/core/tick_clock.hpp>

#include "available_memory.hpp"
#include "dump_signal.hpp"
#include "living_runtimes.hpp"
#include "options.hpp"
#include "per_process.hpp"
#include "stall_watch.hpp"
#include "thread_scheduler.hpp"

#include <cstdlib>
#include <exception>
#include <mutex>
#include <string_view>

namespace mobula {
namespace {

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
  if (s->tracks)
    s->tracker = std::make_shared<detail::stall_watch>(*s, o.stall_after, o.dump_signal);
  else if (o.dump_signal != 0)
    s->tracker = std::make_shared<detail::dump_signal>(o.dump_signal, false);
  return s;
}

// The runtime of init and shutdown.
struct global_runtime {
  std::mutex mutex;
  std::shared_ptr<runtime> current;
  std::shared_ptr<runtime> abandoned;  // at the end of the program, with tasks that would not end
};

global_runtime& global() { return detail::per_process<global_runtime>(); }

}  // namespace

runtime::runtime(runtime_options const& options) : runtime(make_scheduler(options), options.spin) {}

runtime::runtime(std::shared_ptr<detail::scheduler> s, detail::duration spin)
    : scheduler_(std::move(s)), exceptions_at_start_(std::uncaught_exceptions()) {
  static_cast<void>(detail::ticks_per_microsecond());  // measured now, not in the first map
  if (!scheduler_->in_virtual_time) detail::living_runtimes::it().add(scheduler_, spin);
}

runtime::~runtime() {
  shutdown(std::uncaught_exceptions() > exceptions_at_start_ ? on_shutdown::drop : on_shutdown::drain);
}

void runtime::shutdown(on_shutdown how) { shutdown_until(how, detail::time_point::max()); }

bool runtime::shutdown_until(on_shutdown how, detail::time_point limit) {
  std::shared_ptr<detail::scheduler> const s = scheduler_;  // another who shuts down may end this object first
  if (s->lost()) return true;
  detail::worker const* const w = detail::this_worker();
  detail::blocking_thread const* const b = detail::current_blocking_thread;
  if (detail::scheduler::warns_here())
    throw error("mobula: a runtime can't be shut down by on_warning: have another thread do it");
  if ((w != nullptr && &w->owner == s.get()) || (b != nullptr && &b->owner == s.get()))
    throw error("mobula: a runtime can't be shut down by one of its own tasks");
  detail::living_runtimes& all = detail::living_runtimes::it();
  all.retire(*s);
  // At the end of the program, other threads that wait are left alone: it ends with them.
  if (how == on_shutdown::drop && limit == detail::time_point::max()) s->waits_outside.drop();
  if (!s->shutdown(how == on_shutdown::drop, limit)) return false;
  all.remove(*s);
  return true;
}

unsigned runtime::num_cpus() const noexcept { return scheduler_->concurrency(); }

unsigned runtime::numa_nodes() const noexcept { return scheduler_->numa_nodes(); }

detail::time_point runtime::now() const noexcept { return scheduler_->now(); }

void init(runtime_options const& options) {
  global_runtime& g = global();
  std::lock_guard const lock(g.mutex);
  if (g.current) throw error("mobula: init was called twice: call mobula::shutdown() first");
  g.current = std::make_shared<runtime>(options);
  detail::living_runtimes::it().prefer(*g.current->scheduler_);
  static bool const once = std::atexit([] {
                             // The program ends without `shutdown`. Tasks must neither hold it up nor run on among destroyed statics.
                             global_runtime& left = global();
                             std::unique_lock const held(left.mutex, std::try_to_lock);
                             if (!held || !left.current) return;
                             left.abandoned = std::move(left.current);  // kept if it doesn't end, threads and all
                             if (detail::this_worker() == nullptr &&
                                 left.abandoned->shutdown_until(
                                     on_shutdown::drop, std::chrono::steady_clock::now() + std::chrono::seconds(1)))
                               left.abandoned.reset();
                           }) == 0;
  static_cast<void>(once);
}

void shutdown(on_shutdown how) {
  global_runtime& g = global();
  std::unique_lock lock(g.mutex);
  std::shared_ptr<runtime> const r = g.current;  // of several that shut down the last one ends it
  if (r == nullptr) return;
  lock.unlock();
  r->shutdown(how);  // throws in a task; then nothing has changed
  lock.lock();
  if (g.current == r) g.current.reset();
}

bool is_initialized() noexcept {
  std::lock_guard const lock(global().mutex);
  return global().current != nullptr;
}

}  // namespace mobula
