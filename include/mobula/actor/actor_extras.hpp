#pragma once

#include <mobula/actor/actor_cell.hpp>
#include <mobula/actor/concurrency.hpp>
#include <mobula/actor/mailbox_room.hpp>
#include <mobula/actor/method.hpp>
#include <mobula/actor/parallel_lane.hpp>
#include <mobula/future/shared_state.hpp>
#include <mobula/remote/lease.hpp>

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mobula::detail {

class actor_lives;

/// What messages run in that let others run while they wait: they go on when the actor gets to them.
class reentrant_context final : public actor_context {
 public:
  explicit reentrant_context(actor_cell_base& a) noexcept : actor_context(false), actor_(a) {}
  [[nodiscard]] actor_cell_base& actor() noexcept override { return actor_; }
  [[nodiscard]] bool is_reentrant() const noexcept override { return true; }

 private:
  void resume_coroutine(job& j, scheduler&) noexcept override { actor_.deliver(j, message_kind::coroutine); }
  void stack_left() noexcept override;
  void resume_stack(job& j, scheduler&) noexcept override { actor_.deliver(j, message_kind::stack); }

  actor_cell_base& actor_;
};

/// Whether a call may block its thread, so that it has to have one of its own.
enum class blocking_kind : std::uint8_t {
  none,
  if_plain,  // its actor's methods may, as far as they are no coroutines
  asked,     // this one
};

/// Where a message goes, and how it is handled there.
struct route {
  actor_context* context = nullptr;
  concurrency::kind how = concurrency::kind::serial;
  message_kind kind = message_kind::normal;
  bool cancellable = false;  // also while it runs, whoever calls
  bool detached = false;     // from who calls
  blocking_kind blocks = blocking_kind::none;

  [[nodiscard]] lane& to() const noexcept {
    if (how == concurrency::kind::parallel) return static_cast<parallel_lane&>(*context);
    return context->actor();
  }
  /// How many may be handled at once, where that is parallel.
  [[nodiscard]] unsigned limit() const noexcept { return static_cast<parallel_lane&>(*context).limit(); }
};

/// What few actors need.
struct actor_extras {
  explicit actor_extras(actor_cell_base& a);  // throws std::bad_alloc
  ~actor_extras();

  struct group {
    std::string name;  // empty for that of one method
    parallel_lane* where;
  };
  struct method_route {
    void const* method;
    route to;
  };

  /// A new group; it is parked. Throws std::bad_alloc.
  parallel_lane& add_group(actor_cell_base& a, std::string_view name, unsigned limit);
  [[nodiscard]] route route_of(void const* method) const noexcept;

  /// From when the maker has begun with the actor.
  void keep_constructor() noexcept {
    constructor->add_handle();
    keeps_constructor_ = true;
  }

  // Written before the first handle is given out, and then only read.

  std::string name;
  std::string name_space;
  reentrant_context reentrant;
  std::deque<parallel_lane> lanes;
  std::vector<group> groups;
  std::vector<method_route> methods;
  route by_default;
  std::unique_ptr<actor_lives> lives;  // null for one life
  std::optional<mailbox_room> room;    // of a bounded mailbox; it locks itself
  std::shared_ptr<lease> has;          // of its runtime's resources; null for nothing
  // The call that constructs the object, if it has to wait for something; kept, as one may cut that short at any time.
  shared_state_base* constructor = nullptr;

  // By whoever is at work on the actor itself.

  /// Whether nothing new may begin.
  [[nodiscard]] bool held_up() const noexcept;
  [[nodiscard]] bool alone() const noexcept { return lanes_are_parked && reentrant_running == 0; }
  /// When alone: what comes now, if its time has come.
  [[nodiscard]] sent_message<job> take_due() noexcept;

  /// What waits until nothing else of the actor runs; meanwhile nothing new begins. null for nothing.
  sent_message<job> wants_to_be_alone;
  /// What has to wait for that, though it came out of the mailbox.
  message_list<> put_off;
  unsigned reentrant_running = 0;
  bool lanes_are_parked = true;
  bool parking = false;  // they have been told to
  std::atomic<unsigned> lanes_to_park{
      0};  // who takes it to zero tells the actor, by all_parked; acquires the others' work
  job all_parked{nullptr};

  /// Who is told when the actor's life ends, on a worker, or where the last handle goes if the runtime is over; then they
  /// are forgotten. They may not throw.
  std::vector<std::function<void(end_reason, failure_ptr const&)>> on_end;

 private:
  bool keeps_constructor_ = false;
};

/// Where a call goes by what its actor's options say of its method.
[[nodiscard]] inline route route_of(actor_cell_base& a, void const* method) noexcept {
  actor_extras* const e = a.extras();
  return e == nullptr ? route{&a} : e->route_of(method);
}

/// The group of that name. Throws mobula::error, which tells what groups there are.
[[nodiscard]] parallel_lane& find_group(actor_extras const* e, std::string_view name);

}  // namespace mobula::detail
