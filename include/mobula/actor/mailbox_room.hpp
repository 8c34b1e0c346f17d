#pragma once

#include <mobula/task/gate.hpp>

#include <cstddef>
#include <cstdint>
#include <utility>

namespace mobula::detail {

class actor_cell_base;
class mailbox_room;

/// Waits for a place in a bounded mailbox.
class place_operation : public passage<mailbox_room> {
 public:
  explicit place_operation(mailbox_room& r) noexcept;
  place_operation(place_operation&&) noexcept = default;
  /// Gives the place back, if it has got one and nobody has asked for it.
  ~place_operation();

 private:
  mailbox_room* room_;
};

/// The places of a bounded mailbox. Whoever sends a call takes one before it makes the message, and it is free again when
/// the call leaves the mailbox. First come, first served.
class mailbox_room : gate<mailbox_room> {
 public:
  mailbox_room(std::size_t most, bool fails) noexcept : gate("mailbox"), limit(most), refuses(fails) {}

  [[nodiscard]] bool try_take() noexcept { return try_pass(0); }
  /// For a call that comes back into the mailbox: it never waits.
  void take_again() noexcept {
    inspect([this]() noexcept { ++taken_; });
  }
  void give_back() noexcept {
    change([this]() noexcept { --taken_; });
  }

  /// Lets everybody in, or ends that. While the actor waits to be alone, no call leaves its mailbox, and one that it has to
  /// wait for may itself wait for a place there.
  void lift(bool lifted) noexcept {
    change([this, lifted]() noexcept { lifted_ = lifted; });
  }

  std::size_t const limit;
  bool const refuses;  // nobody waits for a place

 private:
  friend gate<mailbox_room>;
  friend passage<mailbox_room>;
  friend place_operation;

  static constexpr auto waits_for = "room in a mailbox";

  [[nodiscard]] bool admits(std::uint64_t) const noexcept { return lifted_ || taken_ < limit; }
  void enter(std::uint64_t) noexcept { ++taken_; }

  std::size_t taken_ = 0;
  bool lifted_ = false;
};

inline place_operation::place_operation(mailbox_room& r) noexcept : passage(r), room_(&r) {}
inline place_operation::~place_operation() {
  if (passed()) room_->give_back();
}

/// A place that was taken for a call, to be given back unless the call is sent; or none, of a mailbox without limit.
class mailbox_place {
 public:
  explicit mailbox_place(mailbox_room* r) noexcept : room_(r) {}
  mailbox_place(mailbox_place&& other) noexcept : room_(std::exchange(other.room_, nullptr)) {}
  ~mailbox_place() {
    if (room_ != nullptr) room_->give_back();
  }
  void keep() noexcept { room_ = nullptr; }

 private:
  mailbox_room* room_;
};

/// Whether a call that runs here must not wait for a place: by the actor's settings, or since it would wait for itself.
[[nodiscard]] bool may_not_wait(actor_cell_base const& a, mailbox_room const& r) noexcept;

/// Throws why: mailbox_full or deadlock_error.
[[noreturn]] void throw_full(actor_cell_base const& a, mailbox_room const& r);

/// Takes a place, and waits for it. Throws that, no_runtime and too_many_blocked.
[[nodiscard]] mailbox_place wait_for_place(actor_cell_base const& a, mailbox_room& r);

}  // namespace mobula::detail
