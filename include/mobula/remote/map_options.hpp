#pragma once

#include <mobula/core/steady.hpp>

#include <cstddef>
#include <functional>

namespace mobula {

/// How `map` and its kin go about a range.
struct map_options {
  /// How many items a worker takes at once; 0 to decide by what they cost.
  std::size_t chunk = 0;
  /// How many coroutine items may have begun and not be over; for plain functions, how many threads work at once. 0 for
  /// no limit.
  std::size_t in_flight = 0;
  /// Called with how many items are over and how many there are: now and then, some fifty times a second at most, and
  /// at the end of a call that succeeds with both the same. By one thread at a time, whichever. What it throws comes out
  /// of the call when all items are over, and it isn't called again.
  detail::steady<std::function<void(std::size_t done, std::size_t total)>> progress = {};
};

}  // namespace mobula
