#pragma once

#include <mobula/core/atomics.hpp>

#include <cstdint>

namespace mobula::detail {

/// Somebody who waits for a value. It lives with whoever waits, and `notify` is called once, from any thread; it may
/// end the waiter's life.
struct waiter {
  using notify_function = void (*)(waiter&) noexcept;
  explicit waiter(notify_function n) noexcept : notify(n) {}

  notify_function notify;
  waiter* next = nullptr;
};

/// Those who wait for one event, which happens once; and whether it has happened.
///
/// Threads: any, but for `complete`: once.
template <class Atomics = std_atomics>
class waiter_list {
 public:
  /// Tells whether the event has happened; then all that was written before is visible.
  [[nodiscard]] bool done() const noexcept { return word_.load(Atomics::acquire) == is_done; }

  /// Adds a waiter; false if the event has happened, and then `notify` won't be called.
  [[nodiscard]] bool add(waiter& w) noexcept {
    auto v = word_.load(Atomics::acquire);
    for (;;) {
      if (v == is_done) return false;
      if ((v & locked) != 0) {
        v = word_.load(Atomics::acquire);
        continue;
      }
      w.next = from(v);
      if (word_.compare_exchange_weak(v, to(w), Atomics::acq_rel, Atomics::acquire)) return true;
    }
  }

  /// Takes a waiter out; false if the event has happened: then `notify` has been called or is about to be.
  [[nodiscard]] bool remove(waiter& w) noexcept {
    auto v = lock();
    if (v == is_done) return false;
    waiter* before = nullptr;
    waiter* at = from(v);
    for (; at != &w; at = at->next) before = at;
    if (before != nullptr)
      before->next = w.next;
    else
      v = w.next == nullptr ? 0 : to(*w.next);
    word_.store(v, Atomics::release);  // unlocks
    return true;
  }

  /// The event happens: notifies every waiter, first come first served.
  void complete() noexcept {
    auto v = word_.load(Atomics::relaxed);
    for (;;) {
      if ((v & locked) != 0)
        v = word_.load(Atomics::relaxed);
      else if (word_.compare_exchange_weak(v, is_done, Atomics::acq_rel, Atomics::relaxed))
        break;
    }
    waiter* in_order = nullptr;
    for (waiter* w = from(v); w != nullptr;) {
      waiter* const rest = w->next;
      w->next = in_order;
      in_order = w;
      w = rest;
    }
    while (in_order != nullptr) {
      waiter& w = *in_order;
      in_order = w.next;  // before notify, which may end w
      w.notify(w);
    }
  }

 private:
  static constexpr std::uintptr_t is_done = 1;
  static constexpr std::uintptr_t locked = 2;

  static waiter* from(std::uintptr_t v) noexcept { return reinterpret_cast<waiter*>(v); }
  static std::uintptr_t to(waiter& w) noexcept { return reinterpret_cast<std::uintptr_t>(&w); }

  // Waits until nobody else has the lock, and takes it, unless the event has happened.
  std::uintptr_t lock() noexcept {
    auto v = word_.load(Atomics::acquire);
    for (;;) {
      if (v == is_done) return v;
      if ((v & locked) != 0)
        v = word_.load(Atomics::acquire);
      else if (word_.compare_exchange_weak(v, v | locked, Atomics::acq_rel, Atomics::acquire))
        return v;
    }
  }

  // 0: pending, nobody waits. A pointer: the last waiter that was added, the others behind it. The same with `locked`
  // set: somebody takes one out, for a few instructions. is_done: the event has happened. Each exchange in `add` and
  // the unlock release the links; `complete` acquires them and releases the value, which `done` and a failed `add`
  // acquire.
  typename Atomics::template atomic<std::uintptr_t> word_{0};
};

}  // namespace mobula::detail
