#pragma once

#include <mobula/future/get.hpp>

#include <optional>
#include <ranges>
#include <span>
#include <vector>

namespace mobula {

/// What `wait` waits for.
struct wait_options {
  /// Wait until so many are ready; from 1 to the number of futures.
  std::size_t num_returns = 1;
  /// Wait no longer than this; none for as long as it takes. Zero looks without waiting.
  std::optional<detail::duration> timeout = {};
};

/// The futures that were given to `wait`, in their order.
template <class T>
struct wait_result {
  std::vector<future<T>> ready;    // at most num_returns of them; fewer after a timeout
  std::vector<future<T>> pending;  // the rest, some of which may be ready too
};

namespace detail {

/// Blocks until `count` of the states are ready or the time is over.
void wait_for_some(std::span<shared_state_base* const> states, std::size_t count, std::optional<duration> timeout);

void check_wait(std::size_t num_returns, std::size_t size);

}  // namespace detail

/// Waits until some of the futures are ready, failed ones included, or the time is over.
///
///     auto [ready, pending] = mb::wait(futures, {.num_returns = 3, .timeout = 1s});
///
/// Blocks: in a task its fiber, never the worker; elsewhere the thread.
/// Errors: throws std::invalid_argument if num_returns is 0 or more than there are futures. An empty range gives empty
///         lists.
template <future_range R>
[[nodiscard]] auto wait(R&& futures, wait_options const& options = {}) {
  using value = detail::range_value_of_futures<R>;
  std::vector<detail::shared_state_base*> states;
  for (auto const& f : futures) states.push_back(&detail::future_access::state(f));
  wait_result<value> result;
  if (states.empty()) return result;
  detail::check_wait(options.num_returns, states.size());
  detail::wait_for_some(states, options.num_returns, options.timeout);
  for (auto const& f : futures) {
    bool const taken = result.ready.size() < options.num_returns && f.ready();
    (taken ? result.ready : result.pending).push_back(f);
  }
  return result;
}

}  // namespace mobula
