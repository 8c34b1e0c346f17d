#pragma once

#include <mobula/future/promise.hpp>

#include <chrono>
#include <exception>
#include <future>
#include <memory>
#include <type_traits>
#include <utility>

namespace mobula {
namespace detail {

/// A std::future whose result nobody has taken over yet.
class foreign_future {
 public:
  virtual ~foreign_future() = default;
  /// Waits for it, no longer than `limit`. If it is ready, takes the result over and gives true.
  [[nodiscard]] virtual bool wait(std::chrono::nanoseconds limit) noexcept = 0;

  std::chrono::steady_clock::time_point since = std::chrono::steady_clock::now();
};

/// Sees to it that somebody waits for it. Throws std::system_error if there can be no thread.
void watch(std::unique_ptr<foreign_future> f);

template <class T>
class foreign_future_of final : public foreign_future {
 public:
  explicit foreign_future_of(std::future<T>&& from) : from_(std::move(from)) {}
  [[nodiscard]] future<T> get_future() { return to_.get_future(); }

  [[nodiscard]] bool wait(std::chrono::nanoseconds limit) noexcept override {
    if (from_.wait_for(limit) == std::future_status::timeout) return false;
    to_.set_from([this]() -> T { return from_.get(); });  // a deferred one is run here
    return true;
  }

 private:
  std::future<T> from_;
  promise<T> to_;
};

/// Hands a result over to a std::future, on the thread that completes it.
template <class T>
class hand_over : waiter {
 public:
  static std::future<T> start(future<T> from) {
    auto me = std::make_unique<hand_over>(std::move(from));
    auto result = me->to_.get_future();
    hand_over& h = *me.release();
    if (!future_access::state(h.from_).add(h)) h.finish();
    return result;
  }

  explicit hand_over(future<T> from)
      : waiter([](waiter& w) noexcept { static_cast<hand_over&>(w).finish(); }), from_(std::move(from)) {
    static_cast<void>(future_access::state(from_));  // throws for a handle to nothing
  }

 private:
  void finish() noexcept {
    std::unique_ptr<hand_over> const me(this);
    try {
      if constexpr (std::is_void_v<T>) {
        future_access::read(std::move(from_));
        to_.set_value();
      } else {
        to_.set_value(future_access::read(std::move(from_)));
      }
    } catch (...) { to_.set_exception(std::current_exception()); }
  }

  future<T> from_;
  std::promise<T> to_;
};

}  // namespace detail

/// Makes a future of a std::future, which is consumed: with it, what other libraries compute can be awaited and be an
/// argument of tasks.
///
///     mb::future<int> f = mb::from_std(std::async(std::launch::async, compute));
///
/// A deferred one is run here, at once.
/// Cost: a std::future calls nobody back. So one thread, which lives while any is waited for, sleeps on the oldest and
///       looks at all others in between, every 50 us at first and, the longer nothing new comes, up to every 10 ms. So
///       late a result may be seen.
/// Errors: throws mobula::error for a std::future without a state. What it throws comes out of the future.
template <class T>
[[nodiscard]] future<T> from_std(std::future<T>&& from) {
  if (!from.valid()) throw error("mobula::from_std: this std::future has no state");
  auto f = std::make_unique<detail::foreign_future_of<T>>(std::move(from));
  future<T> result = f->get_future();
  if (!f->wait(std::chrono::nanoseconds::zero())) detail::watch(std::move(f));
  return result;
}

/// Makes a std::future of a future, for libraries that take one. The value is moved out if this is the last handle, else
/// copied.
///
/// Whoever waits for a std::future blocks the thread: in a task a worker, and a manual runtime isn't driven by it.
/// Cost: one allocation beside that of std::promise; no thread.
template <class T>
[[nodiscard]] std::future<T> to_std(future<T> from) {
  return detail::hand_over<T>::start(std::move(from));
}

}  // namespace mobula
