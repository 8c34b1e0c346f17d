#pragma once

#include <mobula/actor/actor_cell.hpp>
#include <mobula/actor/dies_on.hpp>
#include <mobula/actor/parallel_lane.hpp>
#include <mobula/actor/saved_state.hpp>
#include <mobula/actor/supervision.hpp>

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>

namespace mobula::detail {

/// What an actor dies of, and how often.
struct life_options {
  int max_restarts = 0;
  int max_task_retries = 0;
  death_predicate dies_on = {};
  std::shared_ptr<supervisor_core> supervisor = {};
};

/// Constructs an actor's object once more. Throws what the constructor throws; then there is no object.
using construct_again = std::function<void(saved_state const&)>;

/// The lives of an actor that may die of what its methods throw, and be restarted.
///
/// A death: whoever dies says so here, once a life. From then on no call begins; those that would are put back. When all
/// that runs is over, the actor, alone, makes a new object or ends, as its options or its supervisor decide, and the calls
/// that were put back come first.
class actor_lives {
 public:
  /// Throws mobula::error if the options contradict each other.
  actor_lives(actor_cell_base& a, life_options o);
  actor_lives(actor_lives const&) = delete;
  ~actor_lives();

  /// Before the first handle is given out. `begin`, which throws mobula::error if the supervisor has given up, and then,
  /// when nothing can fail any more, `join`.
  void begin(construct_again f);
  void join() noexcept;

  [[nodiscard]] life_options const& options() const noexcept { return options_; }

  // By messages.

  /// Decides whether the actor dies of that, and begins it.
  [[nodiscard]] bool dies_of(failure_ptr const& f) noexcept;
  /// Whether a call may be made once more that has been made so often and was the actor's death.
  [[nodiscard]] bool may_retry(std::uint32_t runs) const noexcept {
    return options_.max_task_retries < 0 || runs <= static_cast<std::uint32_t>(options_.max_task_retries);
  }
  /// Whether nothing may begin.
  [[nodiscard]] bool dying() const noexcept { return dying_.load(std::memory_order_acquire); }
  /// Takes a call that comes first in the next life. The caller is one of those that the actor waits for.
  void put_back(job& message, parallel_lane* from) noexcept;
  void save(saved_state s) noexcept;

  // By who is at work on the actor.

  /// Has it die, though none of its methods has failed.
  void die(end_reason r, failure_ptr why) noexcept;
  [[nodiscard]] bool is_notice(job const& j) const noexcept { return &j == &notice_; }
  void notice_came() noexcept { restart_due_ = true; }
  [[nodiscard]] bool restart_due() const noexcept { return restart_due_; }
  [[nodiscard]] control& restart() noexcept { return restart_; }

  /// Does what the supervisor has ordered, unless it is done.
  void obey() noexcept;

  /// Why its supervisor has ordered its end; null if it has not.
  [[nodiscard]] failure_ptr ordered_why() noexcept;

  /// The actor has ended, but for its handles; nothing of it runs.
  void ended() noexcept;
  /// With this locked, an actor of a supervisor may find that it has nothing to do any more, and ends.
  [[nodiscard]] std::unique_lock<std::mutex> lock_supervisor() noexcept;
  /// With that locked.
  void found_to_end() noexcept {
    if (options_.supervisor != nullptr) options_.supervisor->remove(place_);
  }

  [[nodiscard]] int restarts() const noexcept { return restarts_.load(std::memory_order_relaxed); }
  /// Whether the next death is the end, for certain. Once true, it stays true. Any thread.
  [[nodiscard]] bool is_last() const noexcept {
    return options_.supervisor == nullptr && options_.max_restarts >= 0 && restarts() >= options_.max_restarts;
  }
  /// What it has died of in the end.
  [[nodiscard]] failure_ptr const& died_of() const noexcept { return why_; }

 private:
  void restart_or_end() noexcept;
  [[nodiscard]] verdict decide() noexcept;
  void construct() noexcept;
  void end(failure_ptr ordered) noexcept;
  void give_back() noexcept;
  void leave_supervisor() noexcept;

  actor_cell_base& actor_;
  life_options const options_;
  construct_again construct_again_;

  // Set by the death of an object (release), cleared when there is a new one, alone. Who begins a call beside others
  // acquires it.
  std::atomic<bool> dying_{false};
  job notice_{nullptr};  // of the death, to who is at work; sent once a life
  control restart_;
  supervised place_;

  // By who is at work.
  bool restart_due_ = false;
  std::atomic<int> restarts_{0};  // relaxed: a number, by which others only know early what will be

  std::mutex mutex_;  // of the following, while calls may run
  failure_ptr why_;
  end_reason how_ = end_reason::failed;
  message_list<> again_;  // those of the actor's own lane
  saved_state saved_;
};

/// Begins to be under the supervisor, if the actor has one.
void join_supervisor(actor_cell_base& a) noexcept;

}  // namespace mobula::detail
