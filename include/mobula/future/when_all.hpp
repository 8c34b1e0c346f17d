#pragma once

#include <mobula/core/suspended_coroutine.hpp>
#include <mobula/future/get.hpp>
#include <mobula/future/group.hpp>

#include <coroutine>
#include <memory>
#include <source_location>
#include <tuple>
#include <utility>
#include <vector>

namespace mobula {
namespace detail {

/// Waits for all futures of a container, and reads them. Futures: a container, or a reference to one.
template <class Futures, class Reader>
class all_operation : public group_operation {
 public:
  explicit all_operation(Futures futures)
      : all_operation(std::forward<Futures>(futures), states_of(futures)) {}  // a container may move, states don't

  auto result() { return read_together<Reader>(std::forward<Futures>(futures_)); }

 private:
  all_operation(Futures&& futures, std::vector<shared_state_base*> states)
      : group_operation(std::move(states)), futures_(std::forward<Futures>(futures)) {}

  Futures futures_;
};

/// Awaits all futures of a container: suspends once for each that isn't ready when its turn comes. One node serves for
/// all, where an operation, which can be taken back, needs one for each.
template <class Futures, class Reader>
class all_awaiter : waiter, suspended_coroutine {
 public:
  explicit all_awaiter(Futures futures)
      : waiter([](waiter& w) noexcept {
          auto& me = static_cast<all_awaiter&>(w);
          if (!me.wait_for_next()) me.go_on();
        }),
        futures_(std::forward<Futures>(futures)),
        states_(states_of(futures_)) {}
  all_awaiter(all_awaiter const&) = delete;
  ~all_awaiter() {
    if (at_ != nullptr) [[unlikely]]  // destroyed while it waits
      static_cast<void>(at_->remove(*this));
    if (stoppable_ != nullptr && stoppable_->waits) static_cast<void>(stoppable_->guard->cancel());
    end_waits();
  }

  [[nodiscard]] bool await_ready() {
    while (!states_.empty() && states_.back()->ready()) states_.pop_back();
    if (states_.empty()) return true;
    execution_context* const here = this_worker()->context;
    if (here == nullptr) [[likely]]
      return false;
    if (here->task() != nullptr) {
      stoppable_ = std::make_unique<stoppable>(*this);
      if (stoppable_->all.ready()) return true;
      stoppable_->guard = interruption::here(stoppable_->all, false, !ends_at_drop(stoppable_->all));
    }
    begin_waits();
    return false;
  }

  template <class Promise>
  [[gnu::noinline]] bool await_suspend(std::coroutine_handle<Promise> h) noexcept {
    keep(h);
    if (stoppable_ == nullptr) [[likely]]
      return wait_for_next();
    stoppable_->waits = true;
    if constexpr (!std::is_void_v<Promise>) stoppable_->guard->note_chain(h.promise());
    return stoppable_->guard->start(*stoppable_);
  }

  auto await_resume() {
    end_waits();
    if (stoppable_ != nullptr && std::exchange(stoppable_->waits, false)) stoppable_->guard->result();
    return read_together<Reader>(std::forward<Futures>(futures_));
  }

 private:
  // In a task that can be stopped: then it has to be an operation after all.
  struct stoppable : resumer {
    explicit stoppable(all_awaiter& a)
        : resumer{[](resumer& r) noexcept { static_cast<stoppable&>(r).owner.go_on(); }}, owner(a), all(a.states_) {}
    all_awaiter& owner;
    group_operation all;
    std::unique_ptr<interruption> guard;
    bool waits = false;
  };

  void begin_waits() {
    std::vector<job*> calls;
    for (shared_state_base* const s : states_)
      if (s->has_context()) calls.push_back(s);
    if (calls.empty()) return;
    execution_context* const here = this_worker()->context;
    here->begin_wait(calls, this);
    noted_in_ = here;
  }
  void end_waits() noexcept {
    if (noted_in_ != nullptr) std::exchange(noted_in_, nullptr)->end_wait(this);
  }

  // False when all are ready.
  bool wait_for_next() noexcept {
    while (!states_.empty()) {
      shared_state_base* const s = states_.back();
      states_.pop_back();
      at_ = s;
      if (s->add(*this)) return true;  // from here on another thread may be at it
    }
    at_ = nullptr;
    return false;
  }

  Futures futures_;
  std::vector<shared_state_base*> states_;  // those not yet seen ready; the last is next
  shared_state_base* at_ = nullptr;         // the one that it has been added to
  std::unique_ptr<stoppable> stoppable_;
  execution_context* noted_in_ = nullptr;  // which knows of the wait
};

/// What `when_all` gives, until it is waited for.
template <class Futures, class Reader = value_reader>
class [[nodiscard("it does nothing until it is awaited")]] all_of {
 public:
  explicit all_of(Futures futures) : futures_(std::forward<Futures>(futures)) {}

  /// For `get(when_all(...))`.
  auto get(std::source_location where) && {
    wait_for_each(futures_, where);
    return read_together<Reader>(std::forward<Futures>(futures_));
  }

  auto operator co_await() && { return all_awaiter<Futures, Reader>(std::forward<Futures>(futures_)); }

  /// For `timeout` and `select`.
  [[nodiscard]] auto to_operation() const& {
    return all_operation<std::remove_reference_t<Futures> const&, Reader>(futures_);
  }
  [[nodiscard]] auto to_operation() && { return all_operation<Futures, Reader>(std::forward<Futures>(futures_)); }

 private:
  Futures futures_;
};

}  // namespace detail

/// Awaits all futures of a container; gives their values as `get` does.
///
///     std::vector<int> values = co_await mb::when_all(futures);
///     std::vector<int> or_late = co_await mb::timeout(mb::when_all(futures), 1s);
///
/// Lifetime: an lvalue is borrowed until the co_await is over.
/// Errors: throws what the first failed task in order threw, after all are over.
template <future_container C>
[[nodiscard]] auto when_all(C&& futures) {
  return detail::all_of<C>(std::forward<C>(futures));
}

/// Awaits futures of any types; gives a tuple of their values, std::monostate for void.
template <any_future... Fs>
  requires(sizeof...(Fs) > 0)
[[nodiscard]] auto when_all(Fs&&... futures) {
  return detail::all_of<std::tuple<std::remove_cvref_t<Fs>...>>({std::forward<Fs>(futures)...});
}

/// Waits for what `when_all` awaits, where there is no co_await.
template <class Futures, class Reader>
auto get(detail::all_of<Futures, Reader>&& all, std::source_location where = std::source_location::current()) {
  return std::move(all).get(where);
}

}  // namespace mobula
