#pragma once

#include <mobula/actor/actor_died.hpp>
#include <mobula/actor/lane.hpp>
#include <mobula/actor/living_actors.hpp>
#include <mobula/core/failure.hpp>
#include <mobula/core/scheduler.hpp>
#include <mobula/core/spin_lock.hpp>

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <typeinfo>
#include <vector>

namespace mobula::detail {

struct actor_extras;
class call_line;

/// Something that an actor does about itself, between messages.
struct control : job {
  using act_function = void (*)(control&, actor_cell_base&) noexcept;
  /// With `alone`, it acts when nothing else of the actor runs. `act` frees the control.
  explicit control(act_function f, bool with_nobody) noexcept : job(nullptr), act(f), alone(with_nobody) {}

  act_function act;
  bool alone;
};

/// What an actor is apart from its class: a lane of messages, of which one is handled at a time, and a life.
///
/// Most actors are no more than this. What others need, settings, groups, names, monitors, is in their extras.
///
/// Lifetime: counted by handles. When the last one goes, that is a message behind all others, which ends the actor unless
/// a method has made another handle meanwhile; so messages need no count, but for those that run beside others: each has a
/// handle of its own until it is over.
class actor_cell_base : public lane {
 public:
  explicit actor_cell_base(std::shared_ptr<scheduler> s) noexcept;

  /// Whether the object is constructed only when there are resources for it.
  [[nodiscard]] bool waits_for_resources() const noexcept;

  /// Begins with the message that constructs the object, before all others. `wait`, unless null, first waits for what it
  /// depends on. Once.
  void begin(job& constructor, void (*wait)(job& message, scheduler& s, job& then) noexcept) noexcept;

  void add_handle() noexcept { handles_.fetch_add(1, std::memory_order_relaxed); }
  /// Adds one if there is another, and tells whether there was. The caller knows otherwise that the actor isn't gone.
  [[nodiscard]] bool try_add_handle() noexcept;
  [[nodiscard]] bool has_handles() const noexcept { return (handles_.load(std::memory_order_relaxed) & ~ending) != 0; }
  void release_handle() noexcept;

  /// Lets the constructor wait no more for arguments and resources. It is not called then if the actor is doomed, or its
  /// runtime drops. By who keeps the actor alive, from when others know of it.
  void wait_no_more() noexcept;

  /// As when it is killed, if it is not constructed yet, for a reason of somebody else's.
  void end_if_unborn(end_reason r) noexcept;

  /// The actor will end so, whatever comes: from when this returns no call of it begins, but ends with actor_died. The
  /// first reason counts.
  void doom(end_reason r) noexcept;
  [[nodiscard]] bool is_doomed() const noexcept { return doom_.load(std::memory_order_relaxed) != no_doom; }
  /// If it is doomed.
  [[nodiscard]] end_reason doomed_to() const noexcept {
    return static_cast<end_reason>(doom_.load(std::memory_order_relaxed));
  }

  /// Tells whether calls that wait end at once: it is killed, or has exited.
  [[nodiscard]] bool refuses_calls() const noexcept {
    std::uint8_t const d = doom_.load(std::memory_order_relaxed);
    return d == static_cast<std::uint8_t>(end_reason::killed) || d == static_cast<std::uint8_t>(end_reason::exited);
  }
  /// Then: ends those that are queued, without waiting for what runs. By who keeps the actor alive.
  void refuse_queued() noexcept;
  /// Lets calls that wait for their arguments wait no more.
  void close_lines() noexcept;

  /// Ends it, though it has handles, as its runtime is over. It is doomed; by who keeps it alive.
  void end_with_runtime() noexcept;

  /// Throws no_runtime if calls from outside are refused, and this is outside, or the actor ends with its runtime: whoever
  /// calls it then, from a destructor, would else wait for one that does the same.
  void check_open() const;

  /// Sends a control; ordered ones come after what was sent before, others before all that waits. By who keeps the actor
  /// alive.
  void send(control& c, bool ordered) noexcept { deliver(c, ordered ? message_kind::order : message_kind::control); }

  [[nodiscard]] scheduler& owner() const noexcept final { return *scheduler_; }
  [[nodiscard]] actor_cell_base& actor() noexcept final { return *this; }
  [[nodiscard]] job* message() const noexcept final { return at_message_; }
  [[nodiscard]] virtual std::type_info const& type() const noexcept = 0;
  /// What errors call it: its name, else its class's.
  [[nodiscard]] std::string description() const;

  /// Settings and the like; null for most. Set before the first handle is given out, or by a control (release).
  [[nodiscard]] actor_extras* extras() const noexcept { return extras_.load(std::memory_order_acquire); }
  /// Makes them if there are none. By whoever makes the actor, or a control. Throws std::bad_alloc.
  actor_extras& need_extras();

  // By messages and controls.

  /// The devices of the actor.
  [[nodiscard]] std::vector<unsigned> gpus() const;

  /// Whether there is an object.
  [[nodiscard]] bool alive() const noexcept { return life_ == life::alive; }
  /// Whether a call may begin; else with what it ends.
  [[nodiscard]] bool takes_calls() const noexcept { return life_ == life::alive && !is_doomed(); }
  [[nodiscard]] failure_ptr why_not() noexcept;

  /// Whether its life is over, and why.
  [[nodiscard]] bool has_ended() const noexcept { return life_ >= life::dead; }
  [[nodiscard]] end_reason reason() const noexcept { return reason_; }

  /// Why its life is over. When it is.
  [[nodiscard]] virtual failure_ptr& why_dead() noexcept = 0;

  void born() noexcept;
  /// The constructor has failed, or was not called.
  void not_born(failure_ptr why, bool begun) noexcept;
  /// Ends the actor's life, but for its handles: destroys the object, if there is one, when nothing else of the actor runs.
  void die(end_reason reason, failure_ptr why) noexcept;

  // By actor_lives, alone: between two lives there is no object.
  void lose_object() noexcept;
  void live_again() noexcept { life_ = life::alive; }
  /// Puts calls before all that waits in order; of that, what wants to be alone and came in order is the first.
  void put_in_front(message_list<> calls) noexcept;

  /// Whether calls are kept, to be made once more if the actor dies of them. Set before the first handle is given out.
  [[nodiscard]] bool keeps_calls() const noexcept { return keeps_calls_; }
  void keep_calls() noexcept { keeps_calls_ = true; }

  /// A message that was run has failed: what its call ends with, if not with that.
  [[nodiscard]] failure_ptr message_failed(failure_ptr const& f) noexcept;

  /// For a message that is a coroutine: it holds the actor until it ends.
  void begin_coroutine() noexcept {
    holder_ends_.store(2, std::memory_order_relaxed);
    coroutine_started_ = true;
  }
  void coroutine_ended() noexcept {
    if (holder_ends_.fetch_sub(1, std::memory_order_acq_rel) == 1) go_on();
  }

  /// For a message that lets others run while it waits.
  void begin_reentrant(actor_context& message) noexcept;
  void reentrant_ended() noexcept;
  void stack_left_behind() noexcept;

  /// A call leaves the mailbox to be handled or dropped.
  void leaves_mailbox() noexcept {
    if (extras_.load(std::memory_order_relaxed) != nullptr) make_room();
  }

  /// By the lanes, from any thread.
  void lane_parked() noexcept;

  /// Knows of a line; false if the actor's life is over.
  [[nodiscard]] bool add_line(call_line& l) noexcept;
  void remove_line(call_line& l) noexcept;

  living_link living;

 protected:
  ~actor_cell_base();
  [[nodiscard]] bool is_dead() const noexcept { return life_ == life::dead; }

 private:
  // between: one object has died, and there may be another. dead: there is a why_dead. ended: nobody will ask.
  enum class life : std::uint8_t { unborn, alive, between, dead, ended };

  virtual void destroy_object() noexcept = 0;
  virtual void free() noexcept = 0;  // destroys *this

  void resume_coroutine(job& j, scheduler& s) noexcept override { s.submit(j); }
  void stack_left() noexcept override {}
  void resume_stack(job& j, scheduler& s) noexcept override { s.submit(j); }

  void work(job_verb verb) noexcept override;
  [[nodiscard]] sent_message<job> next_message() noexcept;
  [[nodiscard]] bool handle(sent_message<job> m, job_verb verb) noexcept;
  [[nodiscard]] bool want_to_be_alone(sent_message<job> m) noexcept;
  [[nodiscard]] bool act(sent_message<job> m) noexcept;
  void park_lanes(bool drain) noexcept;
  void take_notice(job& j) noexcept;
  [[nodiscard]] bool has_handle_again() noexcept;
  [[nodiscard]] bool ends_with_runtime() const noexcept {
    return is_doomed() && doomed_to() == end_reason::runtime_ended;
  }
  [[nodiscard]] bool end() noexcept;
  void make_room() noexcept;
  void refuse_what_is_queued() noexcept;
  void release_lanes() noexcept;
  void tell_end(failure_ptr const& why) noexcept;

  static constexpr std::uint32_t ending = std::uint32_t{1} << 31;

  std::shared_ptr<scheduler> scheduler_;
  // Handles, and `ending` from when there is none and last_ is sent until that finds one, or ends the actor. A release
  // pairs with the acquire of the last one, and of `end`.
  std::atomic<std::uint32_t> handles_{1};
  // 2 while a coroutine holds the actor, less one for its start's end, less one for its own. The second goes on with the
  // messages, and acquires what the first has written.
  std::atomic<std::uint32_t> holder_ends_{0};
  std::atomic<actor_extras*> extras_{nullptr};
  job last_{nullptr};
  job* at_message_ = nullptr;  // the call that is being handled, or was last; null while a control acts
  life life_ = life::unborn;
  end_reason reason_ = end_reason::no_handles;
  bool coroutine_started_ = false;
  bool keeps_calls_ = false;
  // no_doom, then an end_reason. Set once, by any thread; relaxed, as nothing else is read by it: a call that begins after
  // who has set it has let it begin sees it.
  static constexpr std::uint8_t no_doom = 255;
  std::atomic<std::uint8_t> doom_{no_doom};
  // Set once, when there is a why_dead, which is what calls end with then. Relaxed: to see it late is harmless.
  std::atomic<bool> told_why_{false};
  // How often somebody wanted queued calls refused since one does so, for all: what a refused call destroys may call the
  // actor again, to any depth. Each add releases what was sent before; the one acquires it and looks again.
  std::atomic<std::uint32_t> refusals_{0};
  spin_lock lines_lock_;  // of the following
  bool lines_closed_ = false;
  call_line* lines_ = nullptr;
};

/// What calls of an actor that has ended so end with.
[[nodiscard]] failure_ptr death_of(actor_cell_base const& a, end_reason r, failure_ptr const& cause = {}) noexcept;

/// A handle is one to nothing.
[[noreturn]] void throw_no_actor();

/// An argument can't be copied, and would have to be.
[[noreturn]] void throw_not_kept(std::string const& call);

/// Has an actor die, to be restarted if it may be. By who keeps it alive. Throws std::bad_alloc.
void send_death(actor_cell_base& a);

/// Has an actor end, when nothing else of it runs: `stopped` after what was sent before, else before what waits. By who
/// keeps it alive. Throws std::bad_alloc.
void send_end(actor_cell_base& a, end_reason r);

}  // namespace mobula::detail
