#pragma once

#include <mobula/core/keeping_operation.hpp>
#include <mobula/core/operation.hpp>
#include <mobula/task/channel_core.hpp>
#include <mobula/task/pull_iterator.hpp>

#include <cstddef>
#include <memory>
#include <stdexcept>
#include <type_traits>
#include <utility>

namespace mobula {

/// A queue of bounded length between tasks: who sends waits while it is full, who receives waits while it is empty.
///
///     mb::channel<int> numbers(16);
///     co_await numbers.send(1);                     // in a coroutine
///     mb::get(numbers.send(2));                     // in a plain task, or outside
///     numbers.close();                              // no more will come
///     while (auto n = co_await numbers.receive()) use(*n);
///
/// A channel is a handle: copies are cheap and name the same queue, as those of a future do. Items come out in the order
/// in which they went in; both senders and receivers have their turns in the order in which they came. `send` and
/// `receive` may be branches of a `select` and have time limits: what is given up has not happened, and each item that
/// was sent is received once.
///
/// T may be movable only. Its moves run under a lock and must not wait; if they may throw, each item is kept on the heap.
/// Threads: every member may be called at once from many threads, also on the same handle.
/// Lifetime: what is sent or received is awaited while a handle lives, but if it comes from a temporary handle, which it
/// keeps; items that nobody received die with the last.
/// Cost: an array of `capacity` items; nothing is allocated after that.
template <class T>
class channel {
  static_assert(std::is_object_v<T> && std::is_move_constructible_v<T>, "mobula::channel: T must be a movable object");

 public:
  using value_type = T;

  channel() = delete;  // mobula::channel: say how many items may wait, mb::channel<T> c(16)
  /// Errors: throws std::invalid_argument if the capacity is 0.
  explicit channel(std::size_t capacity) : core_(std::make_shared<detail::channel_core<T>>(checked(capacity))) {}
  channel(channel const&) noexcept = default;  // and no move: every handle names a channel, always
  channel& operator=(channel const&) noexcept = default;

  /// Sends an item, when there is room: gives true. False if the channel is or gets closed before; then the item is still
  /// in the operation, and goes with it:
  ///
  ///     auto sending = work.send(std::move(x));
  ///     if (!co_await sending) keep(std::move(sending).unsent());
  template <class U = T>
    requires std::is_constructible_v<T, U>
  auto send(U&& x) const& {
    return detail::send_operation<T>(*core_, std::forward<U>(x));
  }
  template <class U = T>
    requires std::is_constructible_v<T, U>
  auto send(U&& x) const&& {
    return detail::keeping_operation<detail::send_operation<T>, core>(core_, *core_, std::forward<U>(x));
  }

  /// Sends if that needs no waiting. If it gives false, as the channel is full or closed, an rvalue was not moved from.
  [[nodiscard]] bool try_send(T&& x) const { return core_->try_send(std::move(x)); }
  [[nodiscard]] bool try_send(T const& x) const { return core_->try_send(T(x)); }

  /// Receives the next item, when there is one: gives it in a std::optional, which is empty if the channel is closed and
  /// no item is left.
  auto receive() const& noexcept { return detail::receive_operation<T>(*core_); }
  auto receive() const&& noexcept {
    return detail::keeping_operation<detail::receive_operation<T>, core>(core_, *core_);
  }

  /// Receives if there is an item.
  [[nodiscard]] std::optional<T> try_receive() const {
    auto op = receive();
    if (!op.ready()) return std::nullopt;
    return op.result();
  }

  /// Says that no more will come: those who wait to send give up, and who receives gets what is left. May be called again.
  void close() const noexcept { core_->close(); }
  [[nodiscard]] bool closed() const noexcept { return core_->closed(); }

  /// How many items wait; others may change that at any time.
  [[nodiscard]] std::size_t size() const noexcept { return core_->size(); }
  [[nodiscard]] std::size_t capacity() const noexcept { return core_->capacity(); }

 private:
  static std::size_t checked(std::size_t capacity) {
    if (capacity != 0) return capacity;
    throw std::invalid_argument(
        "mobula::channel: the capacity is 0, so nothing could ever be sent; the least is 1, where each item waits "
        "until "
        "the one before has been received");
  }

  using core = std::shared_ptr<detail::channel_core<T>>;

  core core_;
};

namespace detail {

template <class T>
class channel_reader {
 public:
  explicit channel_reader(channel<T> const& c) noexcept : channel_(c) {}
  [[nodiscard]] auto next() const noexcept { return channel_.receive(); }
  [[nodiscard]] auto begin() { return pull_iterator(*this); }
  [[nodiscard]] std::default_sentinel_t end() const noexcept { return {}; }

 private:
  channel<T> channel_;
};

}  // namespace detail

/// What a channel still gives, to its end, as a range for where there is no co_await.
///
///     for (auto order : mb::each(orders)) ship(order);
///
/// Blocks: at each step, as `get` does. Several may read one channel: each item goes to one of them.
template <class T>
[[nodiscard]] auto each(channel<T> const& c) {
  return detail::channel_reader<T>(c);
}

}  // namespace mobula
