#pragma once

#include <mobula/actor/mailbox.hpp>
#include <mobula/core/failure.hpp>
#include <mobula/core/scheduler.hpp>

#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>

namespace mobula::detail {

/// A call on its way to an actor: it is queued in a mailbox instead of a scheduler's queue.
struct message_hooks {
  /// Waits for what the call depends on and then submits `then`; null if it depends on nothing.
  void (*wait)(job& message, scheduler& s, job& then) = nullptr;
};

/// What an actor is apart from its class: a mailbox, and a job that works on it.
///
/// Lifetime: counted; each handle holds a share, and so does being at work. When none is left, the object is destroyed,
/// on a worker if the runtime still lives.
class actor_cell_base : private job {
 public:
  explicit actor_cell_base(std::shared_ptr<scheduler> s) noexcept;
  actor_cell_base(actor_cell_base const&) = delete;

  /// Begins with the message that constructs the object, before all others. Its task has been admitted. Once.
  void begin(job& constructor, message_hooks const& hooks) noexcept;

  /// Delivers a message whose task has been admitted. Messages of one thread are handled in the order of delivery.
  void deliver(job& message) noexcept;

  void add_handle() noexcept { shares_.fetch_add(1, std::memory_order_relaxed); }
  void release_handle() noexcept;

  [[nodiscard]] scheduler& owner() const noexcept { return *scheduler_; }

  /// For a message that is a coroutine, before and after it is started: it holds the actor until it ends.
  void begin_coroutine() noexcept;
  void coroutine_started() noexcept;
  void coroutine_ended() noexcept;

  /// Why the constructor failed; null if it did not. By messages only.
  failure_ptr failure;

 protected:
  ~actor_cell_base() = default;

 private:
  virtual void destroy_object() noexcept = 0;  // destroys *this too

  void be_at_work() noexcept;
  static void step(job& j, job_verb verb) noexcept;
  void work(job_verb verb) noexcept;

  std::shared_ptr<scheduler> scheduler_;
  mailbox<> mailbox_;
  job* taken_ = nullptr;      // messages taken from the mailbox, in order; by whoever is at work
  bool* held_ = nullptr;      // tells whoever is at work that a coroutine holds the actor now
  std::atomic<int> turn_{0};  // see coroutine_started
  std::atomic<std::uint32_t> shares_{1};
  bool dying_ = false;  // the next step destroys; set when nobody else holds a share
};

/// Calls through one handle while an earlier one waits for its dependencies: they wait behind it, in order. Other
/// handles are not held up, so that what the call depends on may itself call the actor.
class call_line : private job {
 public:
  explicit call_line(actor_cell_base& cell) noexcept;
  call_line(call_line const&) = delete;

  /// Puts a message at the end of the line, or straight into the mailbox if there is no line and nothing to wait for.
  void pass(job& message, message_hooks const& hooks);

  void release() noexcept;

 private:
  struct entry {
    job* message;
    message_hooks hooks;
  };

  ~call_line() = default;
  static void step(job& j, job_verb) noexcept;
  void advance() noexcept;

  actor_cell_base& cell_;
  std::mutex mutex_;
  std::deque<entry> line_;  // guarded; the first is being waited for
  std::atomic<int> shares_{1};
};

}  // namespace mobula::detail
