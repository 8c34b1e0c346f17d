#pragma once

#include <mobula/actor/actor_calls.hpp>
#include <mobula/actor/actor_options.hpp>
#include <mobula/actor/call_line.hpp>
#include <mobula/actor/object_cell.hpp>
#include <mobula/actor/sending.hpp>

#include <atomic>
#include <utility>

namespace mobula {

namespace detail {
struct actor_access;
}

/// A handle to an actor with settings for calls. A value, as `actor` is; copies of it make calls in one order.
template <class T>
class configured_actor;

/// A handle to an object of class T that lives by itself and is called by messages, one at a time.
///
///     mb::actor<counter> c = mb::make_actor<counter>(0);
///     mb::future<int> i = c.call<&counter::increment>(5);
///
/// Calls are handled one after the other, so the class needs no locks: those that are made through one handle in
/// the order in which they were made, also when an earlier one still waits for a dependency. A method that is a
/// coroutine keeps the actor until it ends, unless actor_options say otherwise.
///
/// Threads:  handles may be copied and used by any thread, also the same one at once.
/// Lifetime: the object lives until the last handle is gone and every call has been handled, or until `stop`, `kill`,
///           exit_actor or the end of its runtime: when all tasks are over, whoever still has handles. Its destructor runs
///           on a worker, after everything else. Calls keep it alive, futures of their results don't. Actors that keep
///           handles to themselves, or each other, don't end before their runtime does.
template <class T>
class actor : public detail::actor_calls<actor<T>, T> {
 public:
  /// A handle to nothing, to be assigned to.
  actor() noexcept = default;
  actor(actor const& other) noexcept : cell_(other.cell_) {
    if (cell_ != nullptr) cell_->add_handle();
  }
  actor(actor&& other) noexcept
      : cell_(std::exchange(other.cell_, nullptr)), line_(other.line_.exchange(nullptr, std::memory_order_relaxed)) {}
  actor& operator=(actor other) noexcept {
    std::swap(cell_, other.cell_);
    auto* const mine = line_.load(std::memory_order_relaxed);
    line_.store(other.line_.load(std::memory_order_relaxed), std::memory_order_relaxed);
    other.line_.store(mine, std::memory_order_relaxed);
    return *this;
  }
  ~actor() {
    if (auto* const l = line_.load(std::memory_order_acquire)) l->release();
    if (cell_ != nullptr) cell_->release_handle();
  }

  /// Tells whether this is a handle to anything.
  [[nodiscard]] bool valid() const noexcept { return cell_ != nullptr; }

  /// Tells whether two are handles to the same actor.
  friend bool operator==(actor const& a, actor const& b) noexcept { return a.cell_ == b.cell_; }

  /// A handle with settings for the calls that are made through it. It keeps the actor as others do; its calls are in
  /// order with those of this one.
  ///
  ///     c.options({.high_priority = true}).post<&server::reload>();
  ///
  /// Errors: throws mobula::error if this is a handle to nothing, or the actor has no such concurrency group.
  [[nodiscard]] configured_actor<T> options(call_options const& o) const;

  /// Ends the actor when what was sent before has been handled: its object is destroyed, and what is sent later ends with
  /// actor_died. Again is harmless.
  void stop() const { end(end_reason::stopped); }

  /// Ends the actor as soon as no call of it runs. Those that wait end with actor_died, and so do those that are made later:
  /// at once, however long what runs takes. Again is harmless.
  /// With `{.restart = true}` it is restarted then, if it may be, and those calls are for the new object.
  void kill(kill_options o = {}) const {
    if (!o.restart) return end(end_reason::killed);
    get().check_open();
    detail::send_death(get());
  }

 private:
  friend detail::actor_access;
  friend detail::sending;
  friend detail::send_waiting;
  friend detail::send_trying;
  friend detail::send_awaiting;
  friend configured_actor<T>;

  explicit actor(detail::object_cell<T>* c) noexcept : cell_(c) {}

  detail::object_cell<T>& get() const {
    if (cell_ == nullptr) detail::throw_no_actor();
    return *cell_;
  }

  detail::route route_to(void const* key) const noexcept { return detail::route_of(*cell_, key); }
  detail::kept_handle<T> kept() const { return detail::kept_handle<T>(need_line()); }
  detail::call_line* line() const noexcept { return line_.load(std::memory_order_acquire); }
  detail::call_line& need_line() const {
    if (detail::call_line* const l = line()) return *l;
    auto* const fresh = new detail::call_line(*cell_);
    detail::call_line* l = nullptr;
    if (line_.compare_exchange_strong(l, fresh, std::memory_order_acq_rel, std::memory_order_acquire)) return *fresh;
    fresh->release();
    return *l;
  }
  void end(end_reason r) const {
    get().check_open();
    detail::send_end(get(), r);
  }

  detail::object_cell<T>* cell_ = nullptr;
  // Made by the first call that has dependencies; written once (release), read by every call (acquire).
  mutable std::atomic<detail::call_line*> line_{nullptr};
};

template <class T>
class configured_actor : public detail::actor_calls<configured_actor<T>, T> {
 private:
  friend actor<T>;
  friend detail::sending;
  friend detail::send_waiting;
  friend detail::send_trying;
  friend detail::send_awaiting;

  configured_actor(detail::kept_handle<T> a, call_options const& o)
      : handle_(std::move(a)),
        high_(o.high_priority),
        cancellable_(o.cancellable),
        detached_(o.detached),
        blocking_(o.blocking) {
    if (o.concurrency_group->empty()) return;
    group_ = &detail::find_group(get().extras(), *o.concurrency_group);
  }

  detail::object_cell<T>& get() const { return handle_.get(); }
  detail::route route_to(void const* key) const {
    detail::route r =
        group_ != nullptr ? detail::route{group_, concurrency::kind::parallel} : detail::route_of(get(), key);
    if (high_) r.kind = detail::message_kind::high;
    r.cancellable = cancellable_;
    r.detached = detached_;
    if (blocking_) detail::let_block(r, detail::blocking_kind::asked);
    return r;
  }
  detail::kept_handle<T> const& kept() const noexcept { return handle_; }
  detail::call_line* line() const noexcept { return handle_.line(); }
  detail::call_line& need_line() const noexcept { return handle_.need_line(); }

  detail::kept_handle<T> handle_;
  detail::parallel_lane* group_ = nullptr;
  bool high_;
  bool cancellable_;
  bool detached_;
  bool blocking_;
};

template <class T>
configured_actor<T> actor<T>::options(call_options const& o) const {
  static_cast<void>(get());
  return configured_actor<T>(kept(), o);
}

}  // namespace mobula
