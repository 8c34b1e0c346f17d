#pragma once

#include <mobula/core/coroutine.hpp>
#include <mobula/core/error.hpp>
#include <mobula/core/frame_memory.hpp>
#include <mobula/core/worker.hpp>
#include <mobula/future/shared_state.hpp>

#include <concepts>
#include <coroutine>
#include <type_traits>
#include <utility>

namespace mobula {

template <class T>
class future;

namespace detail {

struct future_access;

/// Suspends a coroutine until a result is there, and then makes it a job of the scheduler that it ran on.
class state_awaiter : waiter, job {
 public:
  explicit state_awaiter(shared_state_base& s) noexcept
      : waiter([](waiter& w) noexcept {
          auto& me = static_cast<state_awaiter&>(w);
          me.owner_->submit(me);
        }),
        job([](job& j, job_verb) noexcept { resume(static_cast<state_awaiter&>(j).coroutine_); }),
        state_(s) {}

  [[nodiscard]] bool await_ready() const noexcept { return state_.ready(); }

  [[gnu::noinline]] bool await_suspend(std::coroutine_handle<> h) noexcept {
    coroutine_ = h;
    owner_ = &current_worker->owner;
    return state_.add(*this);  // from here on another thread may have resumed the coroutine
  }

 private:
  shared_state_base& state_;
  std::coroutine_handle<> coroutine_;
  scheduler* owner_ = nullptr;
};

}  // namespace detail

/// A shared, read-only handle to a value that a task will produce.
///
/// Calling a remote function returns one. Copies are cheap and name the same value, which lives as long as any of
/// them does. The value is written once, by its task, and never changes.
///
///     mb::future<int> sum = mb::remote(add)(2, 3);  // returns at once
///     int five = mb::get(sum);                      // waits for the task
///
/// Reading an rvalue that is the last handle moves the value out; reading any other gives a reference or a copy.
/// Threads: distinct handles may be used at once, also of one value; `ready` and reading also on the same handle.
/// Errors:  if the task threw, reading the value throws what it threw.
template <class T>
class [[nodiscard]] future {
 public:
  using value_type = T;

  /// A handle to nothing, to be assigned to. Reading it throws mobula::error.
  future() noexcept = default;
  future(future const& other) noexcept : state_(other.state_) {
    if (state_ != nullptr) state_->add_handle();
  }
  future(future&& other) noexcept : state_(std::exchange(other.state_, nullptr)) {}
  future& operator=(future other) noexcept {
    std::swap(state_, other.state_);
    return *this;
  }
  ~future() {
    if (state_ != nullptr) state_->release_handle();
  }

  /// Tells whether this is a handle to anything.
  [[nodiscard]] bool valid() const noexcept { return state_ != nullptr; }

  /// Tells whether the task is over, so that reading would not wait. Once true, it stays true. An error counts as
  /// ready: `ready` says that there is an answer, not which.
  [[nodiscard]] bool ready() const { return state().ready(); }

  /// Suspends the calling coroutine until the value is there; gives it as `get` does.
  [[nodiscard]] auto operator co_await() const& {
    struct awaiter : detail::state_awaiter {
      explicit awaiter(detail::shared_state<T>& s) noexcept : detail::state_awaiter(s), state(s) {}
      decltype(auto) await_resume() const { return state.result.get(); }
      detail::shared_state<T>& state;
    };
    return awaiter(state());
  }
  [[nodiscard]] auto operator co_await() && {
    struct awaiter : detail::state_awaiter {
      explicit awaiter(future f) noexcept : detail::state_awaiter(f.state()), self(std::move(f)) {}
      T await_resume() { return std::move(self).read(); }
      future self;
    };
    static_cast<void>(state());
    return awaiter(std::move(*this));
  }

 private:
  friend detail::future_access;

  explicit future(detail::shared_state<T>* s) noexcept : state_(s) {}

  [[nodiscard]] detail::shared_state<T>& state() const {
    if (state_ == nullptr)
      throw error("mobula: this future is a handle to nothing: it was default-constructed or moved from");
    return *state_;
  }

  // Reads what is ready. By rvalue: the last handle moves the value out.
  [[nodiscard]] decltype(auto) read() const& { return state().result.get(); }
  [[nodiscard]] T read() && {
    if constexpr (std::is_void_v<T> || std::is_reference_v<T>) {
      return state().result.take();
    } else if constexpr (std::is_copy_constructible_v<T>) {
      if (!state().is_last_handle()) return state().result.get();
      return state().result.take();
    } else {
      if (!state().is_last_handle() && !state().result.has_error())
        throw error("mobula: a value that can't be copied is read by its last handle only; another handle lives");
      return state().result.take();
    }
  }

  // Shared with the task, which alone writes the result, and with the other handles. Null for a handle to nothing.
  detail::shared_state<T>* state_ = nullptr;
};

namespace detail {

/// How the library makes futures and reads them.
struct future_access {
  template <class T>
  static future<T> make(shared_state<T>& s) noexcept {
    return future<T>(&s);
  }
  template <class T>
  static shared_state<T>& state(future<T> const& f) {
    return f.state();
  }
  template <class T>
  static decltype(auto) read(future<T> const& f) {
    return f.read();
  }
  template <class T>
  static T read(future<T>&& f) {
    future<T> last(std::move(f));  // f becomes a handle to nothing
    return std::move(last).read();
  }
};

template <class T>
inline constexpr bool is_future = false;
template <class T>
inline constexpr bool is_future<future<T>> = true;

}  // namespace detail

/// Anything that is a future, of whatever.
template <class F>
concept any_future = detail::is_future<std::remove_cvref_t<F>>;

}  // namespace mobula
