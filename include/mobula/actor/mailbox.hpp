#pragma once

#include <mobula/core/atomics.hpp>
#include <mobula/core/job.hpp>

#include <cstdint>

namespace mobula::detail {

/// The messages of an actor, linked by `next`; and whether somebody is at work on them.
///
/// Threads: `push` by any; the rest only by the one who is at work, which a `push` that gives true makes of the pusher.
template <class Message = job, class Atomics = std_atomics>
class mailbox {
 public:
  /// Adds a message. True if nobody is at work: then the caller sees to it that somebody is.
  [[nodiscard]] bool push(Message& m) noexcept {
    auto v = word_.load(Atomics::relaxed);
    do m.next = v > working ? from(v) : nullptr;
    while (!word_.compare_exchange_weak(v, to(m), Atomics::acq_rel, Atomics::relaxed));
    return v == idle;
  }

  /// Takes all messages, linked in the order in which they were pushed; null if there is none.
  [[nodiscard]] Message* take_all() noexcept {
    Message* newest_first = nullptr;
    if (auto const v = word_.load(Atomics::relaxed); v > working)
      newest_first = from(word_.exchange(working, Atomics::acquire));
    Message* in_order = nullptr;
    while (newest_first != nullptr) {
      Message* const older = newest_first->next;
      newest_first->next = in_order;
      in_order = newest_first;
      newest_first = older;
    }
    return in_order;
  }

  /// Stops being at work; false if there are messages again, and the caller goes on being at work.
  [[nodiscard]] bool rest() noexcept {
    std::uintptr_t expected = working;
    return word_.compare_exchange_strong(expected, idle, Atomics::acq_rel, Atomics::relaxed);
  }

 private:
  static constexpr std::uintptr_t idle = 0;
  static constexpr std::uintptr_t working = 1;

  static Message* from(std::uintptr_t v) noexcept { return reinterpret_cast<Message*>(v); }
  static std::uintptr_t to(Message& m) noexcept { return reinterpret_cast<std::uintptr_t>(&m); }

  // idle: empty, nobody at work. working: empty, somebody at work. Else the newest message, the others behind it, and
  // somebody at work or about to be. A push releases its message, take_all acquires it. A rest releases what the
  // messages did to the actor, and the push that finds idle acquires it for who works next.
  // At first somebody is at work: on the constructor.
  typename Atomics::template atomic<std::uintptr_t> word_{working};
};

}  // namespace mobula::detail
