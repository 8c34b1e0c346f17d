#pragma once

#include <mobula/actor/lane.hpp>

#include <atomic>
#include <utility>

namespace mobula::detail {

/// A lane of which several messages are handled at the same time: each becomes a job of its own when there is a slot.
///
/// It is parked at first, and whenever the actor wants to be alone with its object: then it handles nothing.
class parallel_lane final : public lane {
 public:
  parallel_lane(actor_cell_base& a, unsigned limit) noexcept
      : lane(true), actor_(a), limit_(static_cast<int>(limit)), slots_(static_cast<int>(limit)) {}

  /// Parks it, when all that runs here is over; with `drain`, also what was sent before. The actor is told. Once, until
  /// `release`.
  void park(bool drain) noexcept { deliver(park_, drain ? message_kind::order : message_kind::control); }
  /// Ends its being parked.
  void release() noexcept;

  /// Calls that come first when the actor has a new object (actor_lives), by whose lock they are guarded.
  message_list<> put_back;
  /// Puts them in front. While it is parked.
  void give_back() noexcept {
    put_back.append(in_order_);
    std::swap(put_back, in_order_);
  }

  /// A message that was handled here is over. It may have been the last that kept the actor.
  void message_ended() noexcept;

  /// Whether there is something to handle. While it is parked; what is sent meanwhile may be missed.
  [[nodiscard]] bool has_messages() const noexcept {
    return !in_order_.empty() || !urgent_.empty() || mailbox_.has_messages();
  }

  [[nodiscard]] actor_cell_base& actor() noexcept override { return actor_; }
  [[nodiscard]] unsigned limit() const noexcept { return static_cast<unsigned>(limit_); }

 private:
  void resume_coroutine(job& j, scheduler& s) noexcept override { s.submit(j); }
  void stack_left() noexcept override {}
  void resume_stack(job& j, scheduler& s) noexcept override { s.submit(j); }

  void work(job_verb verb) noexcept override;
  [[nodiscard]] scheduler& owner() const noexcept override;
  [[nodiscard]] bool take_slots(int n) noexcept;

  actor_cell_base& actor_;
  int const limit_;
  // Slots that are free, less those that whoever is at work waits for. Who ends a message and brings it from below zero to
  // zero goes on in the place of whoever waits, whose taking it acquires.
  std::atomic<int> slots_;
  sent_message<job> waiting_;  // has been given its slots when the lane goes on
  job park_{nullptr};
};

}  // namespace mobula::detail
