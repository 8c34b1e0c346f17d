#pragma once

#include <mobula/future/get.hpp>

#include <coroutine>
#include <tuple>

namespace mobula {
namespace detail {

/// Waits for several futures in one co_await: suspends once for each that isn't ready when its turn comes.
template <class Futures>
class all_of {
 public:
  explicit all_of(Futures futures) : futures_(std::forward<Futures>(futures)) {}

  /// For `get(when_all(...))`.
  auto get() && { return mobula::get(std::forward<Futures>(futures_)); }

  auto operator co_await() && { return awaiter(std::forward<Futures>(futures_)); }

 private:
  // Registers with one state after the other, so that it needs one node for all.
  class awaiter : waiter, job {
   public:
    explicit awaiter(Futures&& futures)
        : waiter([](waiter& w) noexcept {
            auto& me = static_cast<awaiter&>(w);
            me.advance(me.owner_);
          }),
          job([](job& j, job_verb) noexcept { resume(static_cast<awaiter&>(j).coroutine_); }),
          futures_(std::forward<Futures>(futures)) {
      for_each_state([this](shared_state_base& s) { states_.push_back(&s); });
    }

    bool await_ready() noexcept {
      while (!states_.empty() && states_.back()->ready()) states_.pop_back();
      return states_.empty();
    }

    [[gnu::noinline]] bool await_suspend(std::coroutine_handle<> h) noexcept {
      coroutine_ = h;
      owner_ = &current_worker->owner;
      return wait_for_next();
    }

    auto await_resume() {
      if constexpr (future_range<Futures>)
        return read_each(std::forward<Futures>(futures_));
      else
        return read_tuple(std::forward<Futures>(futures_));
    }

   private:
    // False when all are ready.
    bool wait_for_next() noexcept {
      while (!states_.empty()) {
        shared_state_base* const s = states_.back();
        states_.pop_back();
        if (s->add(*this)) return true;  // from here on another thread may be at it
      }
      return false;
    }

    void advance(scheduler* owner) noexcept {
      if (!wait_for_next()) owner->submit(*this);
    }

    template <class F>
    void for_each_state(F f) {
      if constexpr (future_range<Futures>)
        for (auto const& x : futures_) f(future_access::state(x));
      else
        std::apply([&](auto const&... x) { (f(future_access::state(x)), ...); }, futures_);
    }

    Futures futures_;
    std::vector<shared_state_base*> states_;  // those not yet seen ready; the last is next
    std::coroutine_handle<> coroutine_;
    scheduler* owner_ = nullptr;
  };

  Futures futures_;
};

}  // namespace detail

/// Awaits all futures of a range or an array; gives their values as `get` does.
///
///     std::vector<int> values = co_await mb::when_all(futures);
///
/// Lifetime: an lvalue range is borrowed until the co_await is over.
/// Errors: throws what the first failed task in order threw, after all are over.
template <future_range R>
[[nodiscard]] auto when_all(R&& futures) {
  return detail::all_of<R>(std::forward<R>(futures));
}

/// Awaits futures of any types; gives a tuple of their values, std::monostate for void.
template <any_future... Fs>
  requires(sizeof...(Fs) > 0)
[[nodiscard]] auto when_all(Fs&&... futures) {
  return detail::all_of<std::tuple<std::remove_cvref_t<Fs>...>>({std::forward<Fs>(futures)...});
}

/// Waits for what `when_all` awaits, where there is no co_await.
template <class Futures>
auto get(detail::all_of<Futures>&& all) {
  return std::move(all).get();
}

}  // namespace mobula
