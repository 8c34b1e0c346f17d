#pragma once

#include <mobula/core/spin_lock.hpp>
#include <mobula/task/wait_queue.hpp>

#include <cassert>
#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <type_traits>
#include <utility>

namespace mobula::detail {

template <class T>
class channel_core;

/// How an item lies in a channel: so that moving it throws nothing, as it changes hands where nobody could be told.
template <class T>
using channel_item = std::conditional_t<std::is_nothrow_move_constructible_v<T>, T, std::unique_ptr<T>>;

template <class T, class U>
[[nodiscard]] decltype(auto) to_channel_item(U&& x) {
  if constexpr (!std::is_same_v<channel_item<T>, T>)
    return std::make_unique<T>(std::forward<U>(x));
  else if constexpr (std::is_same_v<U, T>)
    return std::forward<U>(x);  // an rvalue, which is moved only if it is taken
  else
    return T(std::forward<U>(x));
}
template <class T>
[[nodiscard]] T&& from_channel_item(channel_item<T>& item) noexcept {
  if constexpr (std::is_same_v<channel_item<T>, T>)
    return std::move(item);
  else
    return std::move(*item);
}

/// Waits until its item is in the channel, or the channel is closed; see channel::send.
template <class T>
class [[nodiscard("nothing is sent until it is awaited: co_await it, or give it to get")]] send_operation : queue_node {
 public:
  template <class U>
  send_operation(channel_core<T>& c, U&& x) : channel_(&c), item_(to_channel_item<T>(std::forward<U>(x))) {}

  [[nodiscard]] bool ready() noexcept { return channel_->send(*this, nullptr); }
  bool start(resumer& r) noexcept { return !channel_->send(*this, &r); }
  static constexpr auto waits_for = "room in a channel";
  bool cancel() noexcept { return channel_->cancel(*this); }

  /// Tells whether the item has been sent; false if the channel is closed.
  [[nodiscard]] bool result() const noexcept { return sent_; }

  /// Gives the item back that has not been sent: the channel was closed, or a timeout or a select gave it up.
  [[nodiscard]] T unsent() && {
    assert(!sent_);
    return from_channel_item<T>(item_);
  }

 private:
  friend channel_core<T>;
  channel_core<T>* channel_;
  channel_item<T> item_;
  bool sent_ = false;
};

/// Waits for an item, or for the end of the channel; see channel::receive.
template <class T>
class [[nodiscard("nothing is received until it is awaited: co_await it, or give it to get")]] receive_operation
    : queue_node {
 public:
  explicit receive_operation(channel_core<T>& c) noexcept : channel_(&c) {}

  [[nodiscard]] bool ready() noexcept { return channel_->receive(*this, nullptr); }
  bool start(resumer& r) noexcept { return !channel_->receive(*this, &r); }
  static constexpr auto waits_for = "an item of a channel";
  bool cancel() noexcept { return channel_->cancel(*this); }

  /// The item; none if the channel is closed and empty.
  [[nodiscard]] std::optional<T> result() {
    if (!item_) return std::nullopt;
    return std::optional<T>(from_channel_item<T>(*item_));
  }

 private:
  friend channel_core<T>;
  channel_core<T>* channel_;
  std::optional<channel_item<T>> item_;
};

/// What the handles of a channel share: a ring of items, and those who wait.
///
/// Senders wait only while it is full, and receivers only while it is empty. So whoever acts completes itself first,
/// which its own select may refuse, and then at most one other; no step needs the consent of two.
/// Threads: any; all below is guarded by the lock, and whoever's turn has come is woken after it.
template <class T>
class channel_core {
  using item = channel_item<T>;

 public:
  explicit channel_core(std::size_t capacity) : capacity_(capacity), ring_(std::allocator<item>().allocate(capacity)) {}
  channel_core(channel_core const&) = delete;
  ~channel_core() {
    for (; size_ != 0; drop_first()) {}
    std::allocator<item>().deallocate(ring_, capacity_);
  }

  /// Sends, or tells that the channel is closed; true if there is nothing to wait for. If it has to wait, it stands in
  /// line for `r`, if any. What is refused by `r` also has nothing to wait for.
  bool send(send_operation<T>& op, resumer* r) noexcept {
    wake_list wakes;
    {
      std::lock_guard const lock(lock_);
      if (!closed_ && size_ == capacity_) return wait(senders_, op, r);
      if (r != nullptr && !r->try_claim()) return true;
      if (closed_) return true;
      give(std::move(op.item_), wakes);
      op.sent_ = true;
    }
    wakes.wake();
    return true;
  }

  /// The same for receiving.
  bool receive(receive_operation<T>& op, resumer* r) noexcept {
    wake_list wakes;
    {
      std::lock_guard const lock(lock_);
      if (!closed_ && size_ == 0) return wait(receivers_, op, r);
      if (r != nullptr && !r->try_claim()) return true;
      if (size_ == 0) return true;
      op.item_.emplace(std::move(ring_[first_]));
      make_room(wakes);
    }
    wakes.wake();
    return true;
  }

  template <class U>
  bool try_send(U&& x) {
    wake_list wakes;
    {
      std::lock_guard const lock(lock_);
      if (closed_ || size_ == capacity_) return false;
      give(to_channel_item<T>(std::forward<U>(x)), wakes);
    }
    wakes.wake();
    return true;
  }

  bool cancel(send_operation<T>& op) noexcept {
    std::lock_guard const lock(lock_);
    return senders_.remove(op);
  }
  bool cancel(receive_operation<T>& op) noexcept {
    std::lock_guard const lock(lock_);
    return receivers_.remove(op);
  }

  void close() noexcept {
    wake_list wakes;
    {
      std::lock_guard const lock(lock_);
      closed_ = true;
      while (queue_node* const n = senders_.choose()) wakes.add(*n);
      while (queue_node* const n = receivers_.choose()) wakes.add(*n);
    }
    wakes.wake();
  }

  [[nodiscard]] bool closed() const noexcept {
    std::lock_guard const lock(lock_);
    return closed_;
  }
  [[nodiscard]] std::size_t size() const noexcept {
    std::lock_guard const lock(lock_);
    return size_;
  }
  [[nodiscard]] std::size_t capacity() const noexcept { return capacity_; }

 private:
  static bool wait(wait_queue& queue, queue_node& n, resumer* r) noexcept {
    if (r != nullptr) queue.push(n, *r);
    return false;
  }

  // To the first receiver in line, else into the ring, which has room.
  void give(item&& x, wake_list& wakes) noexcept {
    if (queue_node* const n = receivers_.choose()) {
      static_cast<receive_operation<T>*>(n)->item_.emplace(std::move(x));
      wakes.add(*n);
    } else {
      append(std::move(x));
    }
  }

  // The first item has been moved from. Its room goes to the first sender in line.
  void make_room(wake_list& wakes) noexcept {
    drop_first();
    if (queue_node* const n = senders_.choose()) {
      auto& sender = *static_cast<send_operation<T>*>(n);
      append(std::move(sender.item_));
      sender.sent_ = true;
      wakes.add(*n);
    }
  }

  void append(item&& x) noexcept {
    std::size_t const at = size_ < capacity_ - first_ ? first_ + size_ : first_ + size_ - capacity_;
    std::construct_at(ring_ + at, std::move(x));
    ++size_;
  }
  void drop_first() noexcept {
    std::destroy_at(ring_ + first_);
    first_ = first_ + 1 == capacity_ ? 0 : first_ + 1;
    --size_;
  }

  mutable spin_lock lock_;
  bool closed_ = false;
  std::size_t size_ = 0;
  std::size_t first_ = 0;
  std::size_t const capacity_;
  item* const ring_;
  wait_queue senders_;
  wait_queue receivers_;
};

}  // namespace mobula::detail
