#pragma once

#include <mobula/actor/supervision.hpp>
#include <mobula/core/steady.hpp>

#include <memory>
#include <utility>

namespace mobula {

namespace detail {
struct supervisor_access;
}

/// Decides what becomes of actors that die: restarts them, up to a number of times within a window, and else passes the
/// death on to its parent, or ends all of its actors. A cheap handle.
///
///     auto s = mb::supervise({.strategy = mb::restart_strategy::all_for_one, .max_restarts = 3, .window = 10s});
///     auto reader = mb::make_actor<stage>.options({.supervisor = s, .dies_on = mb::dies_on_any()})(file);
///
/// A death is an exception of a method that its actor dies on, a kill that asks for a restart, and a constructor that
/// fails at a restart. Actors that end otherwise, also by their first constructor, leave the supervisor.
///
/// Threads:  any.
/// Lifetime: as long as a handle, an actor of it or a supervisor below it.
class supervisor {
 public:
  /// A handle to nothing: no supervisor.
  supervisor() noexcept = default;

  [[nodiscard]] bool valid() const noexcept { return core_ != nullptr; }
  friend bool operator==(supervisor const&, supervisor const&) noexcept = default;

 private:
  friend detail::supervisor_access;
  explicit supervisor(std::shared_ptr<detail::supervisor_core> c) noexcept : core_(std::move(c)) {}

  std::shared_ptr<detail::supervisor_core> core_;
};

struct supervisor_options {
  restart_strategy strategy = restart_strategy::one_for_one;
  /// How many deaths within `window` are followed by a restart; -1 for all. At the next one this gives up.
  int max_restarts = 3;
  /// By the clock of the runtime.
  detail::time_span window = std::chrono::seconds(10);
  /// Who decides when this gives up: to restart all actors of this, which counts with the parent as one death (and, if
  /// that is all_for_one, all of its others too), or to give up as well. None: all actors of this end, as failed.
  detail::steady<supervisor> parent = {};
};

namespace detail {

struct supervisor_access {
  static supervisor make(std::shared_ptr<supervisor_core> c) noexcept { return supervisor(std::move(c)); }
  static std::shared_ptr<supervisor_core> const& core(supervisor const& s) noexcept { return s.core_; }
};

}  // namespace detail

/// Makes a supervisor on the current runtime. Actors come under it when they are made, by actor_options::supervisor;
/// those that live already can't.
///
/// Errors: throws no_runtime, and mobula::error for options that are not allowed, as a parent of another runtime or one
///         that has given up.
[[nodiscard]] supervisor supervise(supervisor_options const& o = {});

/// The end of a supervisor as a future: ready when it has given up, itself or with its parent.
///
/// Errors: throws mobula::error for a handle to nothing.
[[nodiscard]] future<supervisor_end> monitor(supervisor const& s);

}  // namespace mobula
