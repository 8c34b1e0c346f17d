#pragma once

#include <mobula/core/atomics.hpp>

#include <cstdint>

namespace mobula::detail {

/// Nodes in the order in which they arrive, from any threads, for one consumer, who may sleep until the next one comes.
///
/// A node is linked by `next`. Who adds one touches neither the list nor the node any more, unless the list was closed.
/// Threads: `push` by any; all else by the consumer.
template <class Node, class Sleeper, class Atomics = std_atomics>
class arrival_list {
 public:
  struct pushed {
    Sleeper* to_wake;  // null for nobody
    bool closed;       // then the node was not added
  };
  [[nodiscard]] pushed push(Node& n) noexcept {
    auto v = word_.load(Atomics::acquire);
    for (;;) {
      if (v == is_closed) return {nullptr, true};
      bool const sleeps = (v & asleep) != 0;
      n.next = sleeps ? nullptr : reinterpret_cast<Node*>(v);
      if (word_.compare_exchange_weak(v, to_word(n), Atomics::acq_rel, Atomics::acquire))
        return {sleeps ? reinterpret_cast<Sleeper*>(v & ~asleep) : nullptr, false};
    }
  }

  /// Takes all that have arrived, linked in that order; null if there is none. The consumer is awake.
  [[nodiscard]] Node* take_all() noexcept {
    if (word_.load(Atomics::relaxed) == empty) return nullptr;
    return reversed(reinterpret_cast<Node*>(word_.exchange(empty, Atomics::acquire)));
  }

  /// From now on the next push gives the sleeper to be woken; false if some node is there already.
  [[nodiscard]] bool sleep(Sleeper& s) noexcept {
    std::uintptr_t expected = empty;
    return word_.compare_exchange_strong(expected, reinterpret_cast<std::uintptr_t>(&s) | asleep, Atomics::release,
                                         Atomics::relaxed);
  }

  /// Is awake again, without a node; false if a push has got the sleeper and is about to wake it.
  [[nodiscard]] bool stop_sleeping(Sleeper& s) noexcept {
    std::uintptr_t expected = reinterpret_cast<std::uintptr_t>(&s) | asleep;
    return word_.compare_exchange_strong(expected, empty, Atomics::relaxed, Atomics::relaxed);
  }

  /// Takes the rest and adds no more; what was written before is seen by who finds it closed. The consumer is awake.
  [[nodiscard]] Node* close() noexcept { return reinterpret_cast<Node*>(word_.exchange(is_closed, Atomics::acq_rel)); }

 private:
  static constexpr std::uintptr_t empty = 0;
  static constexpr std::uintptr_t asleep = 1;  // set in the address of a sleeper
  static constexpr std::uintptr_t is_closed = 2;

  static std::uintptr_t to_word(Node& n) noexcept { return reinterpret_cast<std::uintptr_t>(&n); }

  static Node* reversed(Node* newest_first) noexcept {
    Node* in_order = nullptr;
    while (newest_first != nullptr) {
      Node* const older = newest_first->next;
      newest_first->next = in_order;
      in_order = newest_first;
      newest_first = older;
    }
    return in_order;
  }

  // empty; the newest node, the others behind it; a sleeper with `asleep` set: empty too; or is_closed, for good.
  // A push releases its node, `take_all` and `close` acquire it. `sleep` releases the sleeper, and the push that takes
  // it acquires it; the sleeper's address is in the word, so that a push needs nothing of the list after that. `close`
  // releases what its caller has written, which a push that finds it closed acquires.
  typename Atomics::template atomic<std::uintptr_t> word_{empty};
};

}  // namespace mobula::detail
