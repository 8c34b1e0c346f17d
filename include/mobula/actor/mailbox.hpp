#pragma once

#include <mobula/core/atomics.hpp>
#include <mobula/core/job.hpp>

#include <cstdint>

namespace mobula::detail {

/// What a message is, kept in the low bits of the link to it. The first three are handled in the order in which they
/// were sent; the others before them.
enum class message_kind : std::uintptr_t {
  normal,
  order,      // a control that comes after what was sent before
  last,       // the actor's own: its last handle is gone
  high,       // a call of high priority
  control,    // a control that comes before everything
  notice,     // the actor's own: its other lanes stand still, or its object has died
  coroutine,  // goes on with a coroutine that had let others run
  stack,      // goes on with a fiber that had let others run
};

/// A message, or none, and its kind.
template <class Message>
struct sent_message {
  Message* message = nullptr;
  message_kind kind{};
};

/// Messages in order, linked by `next`, with their kinds. By one at a time.
template <class Message = job>
class message_list {
 public:
  [[nodiscard]] bool empty() const noexcept { return first_ == 0; }

  void push_front(Message& m, message_kind k) noexcept {
    m.next = reinterpret_cast<Message*>(first_);
    if (first_ == 0) last_ = &m;
    first_ = link(m, k);
  }

  void push_back(Message& m, message_kind k) noexcept {
    m.next = nullptr;
    if (first_ == 0)
      first_ = link(m, k);
    else
      last_->next = reinterpret_cast<Message*>(link(m, k));
    last_ = &m;
  }

  /// Puts all of another list behind this one; that is empty then.
  void append(message_list& other) noexcept {
    if (other.first_ == 0) return;
    if (first_ == 0)
      first_ = other.first_;
    else
      last_->next = reinterpret_cast<Message*>(other.first_);
    last_ = other.last_;
    other.first_ = 0;
  }

  /// Moves the calls among them, in order, to the end of another list.
  void give_calls(message_list& to) noexcept {
    message_list left;
    for (auto m = pop(); m.message != nullptr; m = pop())
      (m.kind == message_kind::normal || m.kind == message_kind::high ? to : left).push_back(*m.message, m.kind);
    *this = left;
  }

  [[nodiscard]] sent_message<Message> pop() noexcept {
    if (first_ == 0) return {};
    sent_message<Message> const m = at(first_);
    first_ = reinterpret_cast<std::uintptr_t>(static_cast<Message*>(m.message->next));
    return m;
  }

  /// A pointer to a message and its kind in one word, which is greater than 7.
  static std::uintptr_t link(Message& m, message_kind k) noexcept {
    return reinterpret_cast<std::uintptr_t>(&m) | static_cast<std::uintptr_t>(k);
  }
  static sent_message<Message> at(std::uintptr_t link) noexcept {
    return {reinterpret_cast<Message*>(link & ~std::uintptr_t{7}), static_cast<message_kind>(link & 7)};
  }

 private:
  std::uintptr_t first_ = 0;  // a link; so is `next` of each message
  Message* last_ = nullptr;   // means nothing while there is no first
};

/// The messages that were sent to an actor, and whether somebody is at work on them.
///
/// Threads: `push` and `take_from_outside` by any; the rest only by the one who is at work, which a `push` that gives true
///          makes of the pusher.
template <class Message = job, class Atomics = std_atomics>
class mailbox {
 public:
  /// Adds a message. True if nobody is at work: then the caller sees to it that somebody is. Else the message may have
  /// been handled and the mailbox may be gone when this returns.
  [[nodiscard]] bool push(Message& m, message_kind k = message_kind::normal) noexcept {
    auto v = word_.load(Atomics::relaxed);
    do m.next = reinterpret_cast<Message*>(v > working ? v : 0);
    while (!word_.compare_exchange_weak(v, list::link(m, k), Atomics::acq_rel, Atomics::relaxed));
    return v == idle;
  }

  /// Moves all messages to the ends of two lists, in the order in which they were pushed.
  void take_all(message_list<Message>& in_order, message_list<Message>& before_them) noexcept {
    if (word_.load(Atomics::relaxed) <= working) return;
    auto const v = word_.exchange(working, Atomics::acquire);
    if (v > working) sort(v, in_order, before_them);  // else another has taken them
  }

  /// The same by who is not at work, while the mailbox can't end.
  void take_from_outside(message_list<Message>& in_order, message_list<Message>& before_them) noexcept {
    auto v = word_.load(Atomics::relaxed);
    do
      if (v <= working) return;
    while (!word_.compare_exchange_weak(v, working, Atomics::acquire, Atomics::relaxed));
    sort(v, in_order, before_them);
  }

  /// Tells whether there are messages; more may come at any time.
  [[nodiscard]] bool has_messages() const noexcept { return word_.load(Atomics::acquire) > working; }

  /// Stops being at work; false if there are messages again, and the caller goes on being at work. After a true, another
  /// may be at work and end the mailbox.
  [[nodiscard]] bool rest() noexcept {
    std::uintptr_t expected = working;
    return word_.compare_exchange_strong(expected, idle, Atomics::acq_rel, Atomics::relaxed);
  }

 private:
  using list = message_list<Message>;
  static constexpr std::uintptr_t idle = 0;
  static constexpr std::uintptr_t working = 1;

  static void sort(std::uintptr_t v, list& in_order, list& before_them) noexcept {
    list taken, urgent;
    while (v != 0) {  // the newest first
      auto const [m, k] = list::at(v);
      v = reinterpret_cast<std::uintptr_t>(static_cast<Message*>(m->next));
      (k <= message_kind::last ? taken : urgent).push_front(*m, k);
    }
    in_order.append(taken);
    before_them.append(urgent);
  }

  // idle: empty, nobody at work. working: empty, somebody at work. Else a link to the newest message, the others behind
  // it, and somebody at work or about to be. A push releases its message, and who takes it acquires it. Others only change
  // a link to working, so whoever is at work may find nothing where there was a link. A rest releases what the messages did
  // to the actor, and the push that finds idle acquires it for who works next.
  // At first somebody is at work: on the constructor.
  typename Atomics::template atomic<std::uintptr_t> word_{working};
};

}  // namespace mobula::detail
