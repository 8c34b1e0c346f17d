#pragma once

#include <mobula/core/atomics.hpp>

#include <cstdint>

namespace mobula::detail {

/// Guards what belongs to whoever is at work on an actor, and is lent to others while that one runs a call.
///
/// Whoever is at work opens and closes it all the time, by plain stores; others hardly ever come, and pay for both sides by
/// a process barrier (process_barrier.hpp). Closed at first.
template <class Atomics = std_atomics>
class list_lock {
 public:
  // By whoever is at work.

  void open() noexcept { closed_.store(0, Atomics::release); }
  void close() noexcept {
    while (!try_close()) {
      closed_.store(0, Atomics::release);
      while (borrowed_.load(Atomics::acquire) != 0) Atomics::pause();
    }
  }

  // By any other thread.

  /// Tells whether it was open: then it is the caller's until `give_back`, for some instructions. False if it is closed, or
  /// somebody else's.
  [[nodiscard]] bool borrow() noexcept {
    if (borrowed_.exchange(1, Atomics::seq_cst) != 0) return false;
    Atomics::process_barrier();
    for (int i = 0; i < patience; ++i)
      if (closed_.load(Atomics::seq_cst) == 0) return true;
    give_back();
    return false;
  }
  void give_back() noexcept { borrowed_.store(0, Atomics::release); }

 private:
  // It is closed between two calls for some instructions as a rule. To yield would take milliseconds where others compute.
  static constexpr int patience = 16;

  // Either this sees that it is borrowed, or whoever borrows sees that it is closed.
  bool try_close() noexcept {
    if (Atomics::has_process_barrier()) [[likely]] {
      closed_.store(1, Atomics::relaxed);
      Atomics::compiler_barrier();
      return borrowed_.load(Atomics::acquire) == 0;
    }
    closed_.store(1, Atomics::seq_cst);
    return borrowed_.load(Atomics::seq_cst) == 0;
  }

  // 1 while it is closed. `open` releases what whoever is at work has done to who borrows it and acquires.
  typename Atomics::template atomic<std::uint8_t> closed_{1};
  // 1 while somebody has, or wants to have borrowed it. `give_back` releases to the `close` that acquires.
  typename Atomics::template atomic<std::uint8_t> borrowed_{0};
};

}  // namespace mobula::detail
