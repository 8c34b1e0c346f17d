#pragma once

#include <mobula/actor/actor_context.hpp>
#include <mobula/actor/list_lock.hpp>
#include <mobula/actor/mailbox.hpp>
#include <mobula/core/scheduler.hpp>

#include <atomic>
#include <cstdint>

namespace mobula::detail {

/// One queue of an actor's messages, and the job that handles them. The actor itself is one, which handles a message at a
/// time; its concurrency groups are others.
///
/// Whoever finds nobody at work makes the lane a job, counted as a task, which works until the mailbox is empty.
class lane : public actor_context, protected job {
 public:
  lane(lane const&) = delete;

  /// Queues a message. Those that one thread delivers with one kind are handled in that order. The caller keeps the actor
  /// alive, by a handle or by being counted by it, unless the message goes on with what ran in the actor before.
  void deliver(job& message, message_kind kind) noexcept;

  /// Takes all calls out that wait here, but those that whoever is at work is just looking at, or has given a slot. By who
  /// keeps the actor alive.
  void take_calls(message_list<>& to) noexcept;

  /// Counts a task as over, if this is a worker of that runtime or a thread of its blocking calls; elsewhere that is over.
  static void finish_task(scheduler& s) noexcept;
  /// The same, by any thread, while the runtime waits for it.
  static void finish_task_anywhere(scheduler& s) noexcept;

 protected:
  explicit lane(bool parallel) noexcept : actor_context(parallel), job(&step) {}
  ~lane() = default;

  /// Handles messages, as whoever is at work.
  virtual void work(job_verb verb) noexcept = 0;
  [[nodiscard]] virtual scheduler& owner() const noexcept = 0;

  /// The next message in order, urgent ones first, but not for ever.
  [[nodiscard]] sent_message<job> next() noexcept;
  void look_into_mailbox() noexcept;

  /// Being at work goes on as a job, when others have had their turn.
  void go_on() noexcept;
  /// Begins to be at work, with a task counted for it.
  void be_at_work() noexcept;

  /// Around what may take long: others may take calls out of the lists then.
  void open_lists() noexcept {
    if (in_order_.empty() && urgent_.empty()) return;
    lists_are_open_ = true;
    lists_.open();
  }
  void close_lists() noexcept {
    if (!lists_are_open_) [[likely]]
      return;
    lists_.close();
    lists_are_open_ = false;
  }

  mailbox<> mailbox_;
  // Says that something urgent is in the mailbox while messages taken before are still there. A hint: relaxed, what it
  // tells of is in the mailbox. By any thread, cleared by whoever is at work.
  std::atomic<bool> urgent_hint_{false};
  std::uint8_t urgent_in_a_row_ = 0;
  bool lists_are_open_ = false;
  list_lock<> lists_;  // of the following
  // Taken from the mailbox; by whoever is at work.
  message_list<> in_order_;
  message_list<> urgent_;

 private:
  // What came too late for a runtime that has ended is to be destroyed; its messages end with `cancelled` all the same.
  static void step(job& j, job_verb verb) noexcept {
    static_cast<lane&>(j).work(verb == job_verb::destroy ? job_verb::drop : verb);
  }
};

/// How long a lane may work before others get their turn: so many messages, or so much time.
class turn {
 public:
  explicit turn(scheduler const& s) noexcept : one_only_(s.in_virtual_time) {}

  /// Tells, after each message, whether it is over.
  [[nodiscard]] bool is_over() noexcept;

 private:
  bool const one_only_;  // so that a seed decides what comes between
  unsigned handled_ = 0;
  std::uint64_t end_ = 0;  // in ticks, from the first message on
};

}  // namespace mobula::detail
