#pragma once

#include <mobula/actor/actor_cell.hpp>
#include <mobula/actor/end_watch.hpp>

#include <chrono>
#include <cstdint>
#include <deque>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

namespace mobula {

/// Which actors of a supervisor are restarted when one has died.
enum class restart_strategy : std::uint8_t {
  one_for_one,  // that one
  all_for_one,  // all of them
};

/// How a supervisor has ended; see monitor.
struct supervisor_end {
  /// Whether it has given up; else its last actor and handle are gone, or its runtime.
  bool gave_up = false;
  /// Then the death that was one too many.
  std::optional<mobula::failure> failure = {};
};

namespace detail {

class supervisor_core;
class actor_lives;

/// What happens after a death.
struct verdict {
  bool restart = false;
  failure_ptr why = {};  // else: what it ends with, if the supervisor says so
};

/// The place of an actor with its supervisor.
///
/// As a control, it tells the actor to look what is ordered.
struct supervised : control {
  supervised(actor_cell_base& a, act_function obey) : control(obey, false), actor(a), node{this} {}

  actor_cell_base& actor;

  // Guarded by the supervisor's lock.
  enum class order : std::uint8_t { none, restart, end } ordered = order::none;
  bool poked = false;  // it is on its way, with a handle to the actor
  bool present = false;
  std::list<supervised*> node;      // to be put into the supervisor's, so that joining can't fail
  failure_ptr why;                  // of an end
  supervised* next_told = nullptr;  // while a verdict tells its others
};

/// A supervisor, as a whole of a tree of them: one lock guards them all.
///
/// Lock order: an actor's own locks are not held when this is taken, nor this when messages are sent.
class supervisor_core : public std::enable_shared_from_this<supervisor_core> {
 public:
  /// Throws mobula::error.
  supervisor_core(std::shared_ptr<scheduler> s, restart_strategy strategy, int max_restarts, duration window,
                  std::shared_ptr<supervisor_core> parent);
  ~supervisor_core();
  supervisor_core(supervisor_core const&) = delete;

  [[nodiscard]] std::mutex& mutex() noexcept { return *mutex_; }
  [[nodiscard]] scheduler& owner() const noexcept { return *scheduler_; }

  /// Throws mobula::error if this has given up.
  void check(actor_cell_base const& newcomer);
  /// If this has given up since, the actor is told to end.
  void add(supervised& s) noexcept;
  /// With the lock held.
  void remove(supervised& s) noexcept;

  /// An actor has died of `why`, or is to obey an order: what happens to it. Others are told what happens to them.
  [[nodiscard]] verdict decide(supervised& s, failure_ptr const& why) noexcept;

  [[nodiscard]] future<supervisor_end> monitor();

 private:
  using watches = std::list<std::shared_ptr<end_watch<supervisor_end>>>;

  [[nodiscard]] bool may_restart(time_point now) noexcept;
  void order_all(supervised::order o, failure_ptr const& why, supervised const& but, supervised*& told) noexcept;
  void give_up(failure_ptr const& why, watches& to_tell) noexcept;

  std::shared_ptr<std::mutex> const mutex_;  // of the tree
  std::shared_ptr<scheduler> const scheduler_;
  std::shared_ptr<supervisor_core> const parent_;
  restart_strategy const strategy_;
  int const max_restarts_;
  duration const window_;

  // Guarded.
  std::list<supervised*> actors_;
  std::vector<supervisor_core*> groups_;  // whose parent this is
  std::deque<time_point> deaths_;         // that were followed by restarts, within the window
  bool gave_up_ = false;
  failure_ptr gave_up_for_;
  watches watches_;
};

}  // namespace detail
}  // namespace mobula
