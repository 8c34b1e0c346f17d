#pragma once

#include <mobula/actor/actor_died.hpp>
#include <mobula/core/failure.hpp>

#include <optional>

namespace mobula {

/// How the life of an actor has ended; see monitor.
struct actor_end {
  end_reason reason = end_reason::no_handles;
  /// What it has failed of, if that is the reason: what its constructor or a method threw.
  std::optional<mobula::failure> failure = {};
  /// How often it had been restarted.
  int restarts = 0;
};

}  // namespace mobula
