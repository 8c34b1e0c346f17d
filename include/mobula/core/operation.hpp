#pragma once

#include <mobula/core/block.hpp>
#include <mobula/core/error.hpp>
#include <mobula/core/execution_context.hpp>
#include <mobula/core/interruption.hpp>
#include <mobula/core/scheduler.hpp>
#include <mobula/core/suspended_coroutine.hpp>

#include <chrono>
#include <concepts>
#include <coroutine>
#include <memory>
#include <source_location>
#include <type_traits>
#include <utility>

namespace mobula {
namespace detail {

/// Something that can be waited for, once: that a value is there, a lock is free, a time has come. Whatever is an
/// operation can be awaited in a coroutine (`co_await`), waited for by a plain task or a thread (`get`), given a time
/// limit (`timeout`) and be one of several (`select`), in one way for all.
///
///     bool ready();              // completes it if that needs no waiting; tells whether it is complete
///     bool start(resumer& r);    // begins to wait; false if r will not be woken: it is complete, or r refused
///     bool cancel();             // stops waiting; true if r will not be woken by it, which has then had no effect
///     auto result();             // what it gives, once it is complete; throws if it has failed
///
/// One waiter calls them, in this order, `ready` and `start` once at most. After a `start` that gave true, exactly one of
/// two things happens: `cancel` gives true, or `r.wake` is called, from any thread, and maybe before `start` returns.
/// Before it takes effect, an operation asks `r.try_claim`; if that is refused, it leaves things as they were, and may
/// call `wake` or not (and `cancel` gives true then). It wakes when it holds no lock, and touches neither itself nor r
/// after that.
template <class Op>
concept operation = requires(std::remove_reference_t<Op>& op, resumer& r) {
  { op.ready() } -> std::same_as<bool>;
  { op.start(r) } noexcept -> std::same_as<bool>;
  { op.cancel() } noexcept -> std::same_as<bool>;
  op.result();
};

/// What makes an operation when it is waited for: a future, a sleep, a list of futures.
template <class A>
concept has_operation = requires(A&& a) {
  { std::forward<A>(a).to_operation() } -> operation;
};

/// Whatever the functions on operations take.
template <class A>
concept waitable = operation<A> || has_operation<A>;

/// The operation behind a waitable: itself (an lvalue by reference), or what it makes.
template <waitable A>
[[nodiscard]] decltype(auto) to_operation(A&& a) {
  if constexpr (operation<A>)
    return std::forward<A>(a);
  else
    return std::forward<A>(a).to_operation();
}
template <waitable A>
using operation_of = std::conditional_t<operation<A>, A, decltype(to_operation(std::declval<A>()))>;

/// The call that an operation waits for, where a context may know that it never ends; null for none.
template <operation Op>
[[nodiscard]] job* awaited_call([[maybe_unused]] Op& op) noexcept {
  if constexpr (requires { op.awaited_call(); })
    return op.awaited_call();
  else
    return nullptr;
}

/// Tells a context that a wait for that call begins, for as long as it takes; see execution_context::begin_wait. An
/// operation may have its own way, if it must not be refused.
template <operation Op>
void note_wait(Op& op, execution_context& here, void const* wait) {
  job* call = awaited_call(op);
  if (call == nullptr) return;
  if constexpr (requires { op.note_wait(here, wait); })
    op.note_wait(here, wait);
  else
    here.begin_wait({&call, 1}, wait);
}

/// Whether a wait for an operation goes on though its task is to stop, as others rely on what it waits for.
template <class Op>
inline constexpr bool waits_to_the_end = requires { std::remove_reference_t<Op>::to_the_end; };

/// Whether a wait for an operation ends when the runtime is shut down with `drop`, whatever others do: it is for the result
/// of a task, or for time. An operation tells by a member of this name; else it is taken for one that may never happen.
template <class Op>
[[nodiscard]] bool ends_at_drop([[maybe_unused]] Op const& op) noexcept {
  if constexpr (requires { op.ends_at_drop(); })
    return op.ends_at_drop();
  else
    return waits_to_the_end<Op>;
}

/// Suspends a coroutine until an operation is complete, and then goes on with it where it ran. If the coroutine is destroyed
/// instead, the operation is cancelled; nobody may be about to complete it then. In a task that can be stopped, a stop
/// comes before.
///
/// Op may be a reference, to an operation that lives in the same full expression.
template <operation Op>
class operation_awaiter : resumer, suspended_coroutine {
 public:
  template <class... Args>
  explicit operation_awaiter(Args&&... args)
      : resumer{[](resumer& r) noexcept { static_cast<operation_awaiter&>(r).go_on(); }},
        operation_(std::forward<Args>(args)...) {}
  operation_awaiter(operation_awaiter const&) = delete;
  ~operation_awaiter() {
    if (!suspended_) return;
    static_cast<void>(interruption_ != nullptr ? interruption_->cancel() : operation_.cancel());
    end_wait();
  }

  [[nodiscard]] bool await_ready() {
    if (operation_.ready()) return true;
    execution_context* const here = this_worker()->context;
    bool const drops = !ends_at_drop(operation_);
    if (here == nullptr && !drops) [[likely]]
      return false;
    interruption_ = interruption::here(operation_, waits_to_the_end<Op>, drops);
    if (here != nullptr) note_wait(operation_, *here, this);
    return false;
  }

  template <class Promise>
  [[gnu::noinline]] bool await_suspend(std::coroutine_handle<Promise> h) noexcept {
    keep(h);
    suspended_ = true;
    if (interruption_ == nullptr) [[likely]]
      return operation_.start(*this);  // from here on another thread may have resumed the coroutine
    if constexpr (!std::is_void_v<Promise>) interruption_->note_chain(h.promise());
    return interruption_->start(*this);
  }

  decltype(auto) await_resume() {
    if (suspended_) end_wait();
    suspended_ = false;
    if (interruption_ != nullptr) [[unlikely]]
      interruption_->result();
    return operation_.result();
  }

 private:
  void end_wait() noexcept {
    if (context() != nullptr && awaited_call(operation_) != nullptr) context()->end_wait(this);
  }

  Op operation_;
  std::unique_ptr<interruption> interruption_;  // null in a task that can't be stopped
  bool suspended_ = false;
};

/// An operation as `block` wants it.
template <operation Op>
struct blocking {
  static void publish(void* self, resumer& r) noexcept {
    auto& me = *static_cast<blocking*>(self);
    me.started = true;
    if (me.op.start(r)) return;  // from here on whoever waits may have gone on
    me.completed_at_start = true;
    r.wake(r);
  }
  // The time may be over after that wake: then there is nothing to cancel.
  static bool cancel(void* self) noexcept {
    auto& me = *static_cast<blocking*>(self);
    return !me.completed_at_start && me.op.cancel();
  }

  Op& op;
  bool started = false;
  bool completed_at_start = false;
};

/// Blocks until an operation that isn't ready is complete, or a point in time has come: in a task its fiber, elsewhere the
/// thread. Tells whether it is complete, else it has been cancelled.
/// Throws what `block` does; then it has been cancelled too.
template <operation Op>
[[nodiscard]] bool wait_to_the_end(Op& op, time_point limit = time_point::max()) {
  blocking<Op> b{op};
  try {
    if (!block_until(limit, &blocking<Op>::publish, &blocking<Op>::cancel, &b)) return false;
  } catch (...) {
    if (b.started) static_cast<void>(op.cancel());
    throw;
  }
  if constexpr (requires { op.complete(); })
    return op.complete();  // it may have been cancelled, with somebody still on the way who had to be waited for
  else
    return true;
}

/// The same, unless its task is to stop: throws `cancelled` then, and the operation has had no effect.
template <operation Op>
[[nodiscard]] bool wait_for_until(Op& op, time_point limit, std::source_location where = {}) {
  std::unique_ptr<interruption> const guard =
      interruption::here(op, false, !ends_at_drop(op), where, limit != time_point::max());
  if (guard == nullptr) [[likely]]
    return wait_to_the_end(op, limit);
  bool const happened = wait_to_the_end(*guard, limit);
  guard->result();
  if constexpr (requires { op.complete(); }) return happened && op.complete();
  return happened;
}

/// The same for as long as it takes.
template <operation Op>
void wait_for(Op& op, std::source_location where = {}) {
  static_cast<void>(wait_for_until(op, time_point::max(), where));
}

/// Waits for an operation unless it is ready, but no longer than `limit`; zero looks without waiting, and a plain task then
/// lets others run, as it may look over and over for what they do.
template <operation Op>
[[nodiscard]] bool ready_within(Op& op, duration limit, std::source_location where = {}) {
  if (op.ready()) return true;
  if (limit > duration::zero()) return wait_for_until(op, deadline_after(limit), where);
  interruption::check(!ends_at_drop(op));
  let_others_run();
  return false;
}

/// Awaits an operation in a coroutine.
template <operation Op>
  requires(!has_operation<Op>)
[[nodiscard]] auto operator co_await(Op&& op) {
  return operation_awaiter<std::remove_reference_t<Op>&>(op);
}

}  // namespace detail

using detail::operator co_await;  // for operations whose types stand here

/// Waits for an operation, and gives what it gives.
///
///     auto guard = mb::get(mutex.lock());
///
/// Blocks: in a task its fiber, never the worker; elsewhere the thread. In a coroutine, `co_await` it instead.
/// Errors: throws what the operation does, too_many_blocked.
template <detail::operation Op>
decltype(auto) get(Op&& op, std::source_location where = std::source_location::current()) {
  if (!op.ready()) detail::wait_for(op, where);
  return op.result();
}

/// The same for no longer than `limit`; zero looks without waiting, and in a task lets others run before that is over.
///
/// Errors: throws timeout_error when the time is over. Nothing is lost then: an lvalue, a future among them, can be
///         waited for again.
template <detail::waitable A, class Rep, class Period>
decltype(auto) get(A&& a, std::chrono::duration<Rep, Period> limit,
                   std::source_location where = std::source_location::current()) {
  detail::duration const d = detail::to_clock(limit);
  if constexpr (detail::operation<A>) {
    if (!detail::ready_within(a, d, where)) throw timeout_error();
    return a.result();
  } else {
    {
      auto op = std::as_const(a).to_operation();
      if (!detail::ready_within(op, d, where)) throw timeout_error();
    }
    return get(detail::to_operation(std::forward<A>(a)));
  }
}

}  // namespace mobula
