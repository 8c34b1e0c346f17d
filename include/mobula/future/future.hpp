#pragma once

#include <mobula/core/error.hpp>
#include <mobula/core/failure.hpp>
#include <mobula/core/frame_memory.hpp>
#include <mobula/core/mistake.hpp>
#include <mobula/core/operation.hpp>
#include <mobula/future/shared_state.hpp>

#include <concepts>
#include <optional>
#include <source_location>
#include <type_traits>
#include <utility>

namespace mobula {

template <class T>
class future;

namespace detail {

struct future_access;

/// Waits until a result is there.
class state_operation : waiter {
 public:
  explicit state_operation(shared_state_base& s) noexcept
      : waiter([](waiter& w) noexcept {
          resumer& r = *static_cast<state_operation&>(w).reader_;
          static_cast<void>(r.try_claim());  // being ready has no effect that could be refused
          r.wake(r);
        }),
        state_(&s) {}

  [[nodiscard]] bool ready() const {
    if (state_->ready()) return true;
    state_->check_not_lost();
    return false;
  }
  bool start(resumer& r) noexcept {
    reader_ = &r;
    if (state_->add(*this)) return true;
    static_cast<void>(r.try_claim());
    return false;
  }
  bool cancel() noexcept { return state_->remove(*this); }
  [[nodiscard]] bool ends_at_drop() const noexcept { return state_->by_task(); }
  void result() const noexcept {}
  void describe_wait(wait_description& d) const { d.targets.push_back({"the result", {state_}}); }
  /// For whoever waits for as long as it takes: see execution_context::begin_wait.
  [[nodiscard]] job* awaited_call() const noexcept { return state_->has_context() ? state_ : nullptr; }

 private:
  shared_state_base* state_;
  resumer* reader_ = nullptr;
};

/// The same, and reads it: a reference, as the future stays with the reader.
template <class T>
class read_operation : public state_operation {
 public:
  explicit read_operation(shared_state<T>& s) noexcept : state_operation(s), state_(&s) {}
  decltype(auto) result() const { return state_->result.get(); }

 private:
  shared_state<T>* state_;
};

/// The same with a future of its own, which may be the last one.
template <class T>
class take_operation;

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

  /// What is known of the task's failure, which counts as read then; none while it runs, or if it has not failed.
  [[nodiscard]] std::optional<mobula::failure> failure() const {
    if (!ready()) return std::nullopt;
    return state().result.failure();
  }

  /// Suspends the calling coroutine until the value is there; gives it as `get` does.
  [[nodiscard]] auto operator co_await() const& {
    return detail::operation_awaiter<detail::read_operation<T>>(state());
  }
  [[nodiscard]] auto operator co_await() && {
    return detail::operation_awaiter<detail::take_operation<T>>(std::move(*this));
  }

  /// Submits `f(value)` as a task, to start when the value is there; gives the future of its result, as
  /// `remote(f)(*this)` does. Defined in remote/then.hpp.
  ///
  ///     mb::future<std::size_t> n = page.then(&std::string::size);
  ///     mb::future<int> safe = f.then([](mb::outcome<int> const& o) { return o.has_value() ? o.get() : -1; });
  ///
  /// Of a future<void>, `f` gets nothing. If this fails, so does the result, without a call; but a function that takes
  /// the outcome, and not the value, is called with it, and so sees failures.
  /// Errors: throws no_runtime.
  template <class F = detail::overload_set<>>
  auto then(F&& f, std::source_location where = std::source_location::current()) const&;
  template <class F = detail::overload_set<>>
  auto then(F&& f, std::source_location where = std::source_location::current()) &&;

  /// For `timeout`, `select` and all that waits for operations.
  [[nodiscard]] detail::read_operation<T> to_operation() const& { return detail::read_operation<T>(state()); }
  [[nodiscard]] detail::take_operation<T> to_operation() && { return detail::take_operation<T>(std::move(*this)); }

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
      if (!state().is_last_handle() && !state().result.has_failure())
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

  /// The reader is told that it is over: its failure, if it is one, counts as read.
  template <class T>
  static void count_as_seen(future<T> const& f) noexcept {
    if (f.state_ != nullptr && f.state_->ready()) f.state_->result.count_as_seen();
  }

  /// What has come of it, for a reader who looks at failures, so that they count as read.
  template <class T>
  static outcome<T> const& read_outcome_in_place(future<T> const& f) {
    outcome<T> const& o = f.state().result;
    static_cast<void>(o.failure());
    return o;
  }
  template <class T>
  static outcome<T> read_outcome(future<T> const& f) {
    return read_outcome_in_place(f);
  }
  template <class T>
  static outcome<T> read_outcome(future<T>&& f) {
    future<T> last(std::move(f));
    outcome<T> o;
    if (auto const& there = read_outcome_in_place(last); there.has_failure())
      o.set_failure(there.failure_pointer());
    else
      o.set_from([&]() -> T { return read(std::move(last)); });
    return o;
  }
};

template <class T>
class take_operation : public state_operation {
 public:
  explicit take_operation(future<T> f) : state_operation(future_access::state(f)), future_(std::move(f)) {}
  T result() { return future_access::read(std::move(future_)); }

 private:
  future<T> future_;
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
