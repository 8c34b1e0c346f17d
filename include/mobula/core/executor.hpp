#pragma once

#include <mobula/core/frame_allocator.hpp>
#include <mobula/core/job.hpp>
#include <mobula/core/runtime.hpp>
#include <mobula/core/scheduler.hpp>

#include <boost/asio/execution.hpp>
#include <boost/asio/execution_context.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

namespace mobula {
namespace detail {

/// Tells of an exception that a handler has let out; to be called while it is handled.
void report_handler_failure() noexcept;

/// A function as a job, for an executor. It counts as a task of its scheduler.
template <class F>
class handler_job : public job {
 public:
  /// Queues a function. Throws std::bad_alloc. One that comes too late to be run is destroyed.
  template <class G>
  static void submit(scheduler& s, G&& f) {
    auto* const j = new handler_job(std::forward<G>(f));
    if (!s.submit_handler(*j)) delete j;
  }

  static void* operator new(std::size_t size) { return allocate_frame(size); }
  static void operator delete(void* p, std::size_t size) noexcept { deallocate_frame(p, size); }

 private:
  template <class G>
  explicit handler_job(G&& f) : job(&step), function_(std::forward<G>(f)) {}

  static void step(job& j, job_verb verb) noexcept {
    std::unique_ptr<handler_job> me(&static_cast<handler_job&>(j));
    if (verb == job_verb::destroy) return;
    try {
      F function(std::move(me->function_));
      me.reset();  // its memory can serve what the function starts
      if (verb == job_verb::run) function();
    } catch (...) { report_handler_failure(); }
    me.reset();
    scheduler::finish_task();
  }

  F function_;
};

}  // namespace detail

/// An Asio executor that runs functions as jobs of a runtime.
///
///     mb::executor const ex = ray.get_executor();
///     asio::post(ex, [] { ... });                         // a job, like a task
///     asio::ip::tcp::socket socket(ex);                   // its completion handlers become jobs
///     asio::co_spawn(ex, session(std::move(socket)), asio::detached);
///
/// `asio::dispatch` on a worker of the runtime calls the function at once, as long as there is stack for it; elsewhere
/// it posts. Handlers that must not run at the same time want an `asio::strand` around the executor, as any two of them
/// may. A handler may block in `get`, but for one that runs in a strand.
///
/// Outstanding work, such as an operation in flight on a socket, keeps `shutdown(drain)` waiting, like a task; so a
/// server has to close its acceptor first. With `drop` its handler is destroyed instead of called, as are functions
/// that have not started.
///
/// Threads:  any.
/// Lifetime: sockets and timers may outlive the runtime, but only to be destroyed: an operation begun on one then never
///           completes, and making one throws no_runtime. A function posted then is destroyed.
/// Errors:   what a function throws is reported; see report_handler_failure.
class executor {
 public:
  explicit executor(std::shared_ptr<detail::scheduler> s) noexcept : scheduler_(std::move(s)) {}
  executor(executor const& other) noexcept : executor(other.scheduler_, other.properties_) {}
  executor(executor&& other) noexcept : scheduler_(std::move(other.scheduler_)), properties_(other.properties_) {}
  executor& operator=(executor other) noexcept {
    std::swap(scheduler_, other.scheduler_);
    std::swap(properties_, other.properties_);
    return *this;
  }
  ~executor() {
    if (properties_.tracked && scheduler_ != nullptr) scheduler_->finish_work();
  }

  /// Runs `f` as a job, or at once if that is allowed and this is a worker of the runtime. Throws std::bad_alloc.
  template <class F>
  void execute(F&& f) const {
    if (properties_.may_run_inline && runs_here()) {
      std::decay_t<F> function(std::forward<F>(f));
      function();
    } else {
      detail::handler_job<std::decay_t<F>>::submit(*scheduler_, std::forward<F>(f));
    }
  }

  /// Tells whether the calling thread is one of the runtime's workers and may run a function at once.
  [[nodiscard]] bool runs_here() const noexcept {
    detail::worker const* const w = detail::this_worker();
    return w != nullptr && &w->owner == scheduler_.get() && !w->inside_reactor && w->has_stack_left();
  }

  /// Two executors are equal if they belong to one runtime and have the same properties.
  friend bool operator==(executor const& a, executor const& b) noexcept {
    return a.scheduler_ == b.scheduler_ && a.properties_ == b.properties_;
  }

  // Asio's properties; see its documentation. Those that concern order are kept, but change nothing: there is none.

  [[nodiscard]] executor require(boost::asio::execution::blocking_t::possibly_t) const noexcept {
    return with(&properties::may_run_inline, true);
  }
  [[nodiscard]] executor require(boost::asio::execution::blocking_t::never_t) const noexcept {
    return with(&properties::may_run_inline, false);
  }
  [[nodiscard]] executor require(boost::asio::execution::relationship_t::continuation_t) const noexcept {
    return with(&properties::continuation, true);
  }
  [[nodiscard]] executor require(boost::asio::execution::relationship_t::fork_t) const noexcept {
    return with(&properties::continuation, false);
  }
  [[nodiscard]] executor require(boost::asio::execution::outstanding_work_t::tracked_t) const noexcept {
    return with(&properties::tracked, true);
  }
  [[nodiscard]] executor require(boost::asio::execution::outstanding_work_t::untracked_t) const noexcept {
    return with(&properties::tracked, false);
  }

  [[nodiscard]] boost::asio::execution::blocking_t query(boost::asio::execution::blocking_t) const noexcept {
    if (properties_.may_run_inline) return boost::asio::execution::blocking.possibly;
    return boost::asio::execution::blocking.never;
  }
  [[nodiscard]] boost::asio::execution::relationship_t query(boost::asio::execution::relationship_t) const noexcept {
    if (properties_.continuation) return boost::asio::execution::relationship.continuation;
    return boost::asio::execution::relationship.fork;
  }
  [[nodiscard]] boost::asio::execution::outstanding_work_t query(
      boost::asio::execution::outstanding_work_t) const noexcept {
    if (properties_.tracked) return boost::asio::execution::outstanding_work.tracked;
    return boost::asio::execution::outstanding_work.untracked;
  }
  [[nodiscard]] static constexpr boost::asio::execution::mapping_t query(boost::asio::execution::mapping_t) noexcept {
    return boost::asio::execution::mapping.thread;
  }
  template <class Allocator>
  [[nodiscard]] static constexpr detail::frame_allocator<std::byte> query(
      boost::asio::execution::allocator_t<Allocator>) noexcept {
    return {};
  }

  /// The context that holds the services of sockets, timers and strands. Errors: throws no_runtime when it is over.
  [[nodiscard]] boost::asio::execution_context& query(boost::asio::execution::context_t) const {
    return scheduler_->asio_context();
  }

 private:
  struct properties {
    bool may_run_inline = true;  // blocking.possibly
    bool continuation = false;
    bool tracked = false;
    friend bool operator==(properties const&, properties const&) noexcept = default;
  };

  executor(std::shared_ptr<detail::scheduler> s, properties p) noexcept : scheduler_(std::move(s)), properties_(p) {
    if (properties_.tracked && scheduler_ != nullptr) scheduler_->count_work();
  }

  [[nodiscard]] executor with(bool properties::*property, bool value) const noexcept {
    properties p = properties_;
    p.*property = value;
    return {scheduler_, p};
  }

  std::shared_ptr<detail::scheduler> scheduler_;  // null when moved from; else it counts as work if that is tracked
  properties properties_;
};

inline executor runtime::get_executor() const noexcept { return executor(scheduler_); }

/// The executor of the calling task's runtime; outside of tasks, of the current one (see runtime).
///
/// Errors: throws no_runtime.
[[nodiscard]] executor current_executor();

}  // namespace mobula
