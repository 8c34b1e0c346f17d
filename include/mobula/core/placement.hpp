#pragma once

#include <mobula/requirements.hpp>

#include <cstdint>
#include <optional>

namespace mobula {

/// Which of the tasks that could run now does, when there are more than workers.
enum class priority : std::uint8_t {
  background,  // when there is nothing else to do
  low,
  normal,
  high,  // before all others
};

namespace detail {

/// Where and when a task is to run, if not just on any worker in its turn.
struct placement {
  /// None: that of the task that starts it, else normal.
  std::optional<mobula::priority> level = {};
  /// Only there; no more than one of the two.
  std::optional<unsigned> worker = {}, numa_node = {};
  /// On a thread that may block in the kernel (blocking_pool).
  bool blocking = false;

  /// Whether it is nothing out of the ordinary.
  [[nodiscard]] bool plain() const noexcept {
    return level.value_or(mobula::priority::normal) == mobula::priority::normal && !worker && !numa_node && !blocking;
  }
};

}  // namespace detail
}  // namespace mobula
