#pragma once

#include <mobula/future/get.hpp>
#include <mobula/future/group.hpp>

#include <chrono>
#include <optional>
#include <ranges>
#include <utility>
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

void check_wait(std::size_t num_returns, std::size_t size);

template <future_range R>
[[nodiscard]] std::vector<shared_state_base*> states_of(R&& futures) {
  std::vector<shared_state_base*> states;
  if constexpr (std::ranges::sized_range<R>) states.reserve(std::ranges::size(futures));
  for (auto const& f : futures) states.push_back(&future_access::state(f));
  return states;
}

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
  wait_result<value> result;
  auto states = detail::states_of(futures);
  if (states.empty()) return result;
  detail::check_wait(options.num_returns, states.size());
  detail::group_operation group(std::move(states), options.num_returns);
  if (!group.ready()) {
    if (!options.timeout)
      detail::wait_for(group);
    else if (*options.timeout > detail::duration::zero())
      static_cast<void>(detail::wait_for_until(group, detail::deadline_after(*options.timeout)));
  }
  for (auto const& f : futures) {
    bool const taken = result.ready.size() < options.num_returns && f.ready();
    (taken ? result.ready : result.pending).push_back(f);
  }
  return result;
}

/// Waits for all futures of a range, as `get` does, but no longer than `limit`.
///
/// Errors: throws timeout_error when the time is over; then no value has been taken, and one may ask again.
template <future_range R, class Rep, class Period>
auto get(R&& futures, std::chrono::duration<Rep, Period> limit) {
  auto states = detail::states_of(futures);
  std::size_t const all = states.size();
  detail::group_operation group(std::move(states), all);
  auto const d = detail::to_clock(limit);
  if (!group.ready() && (d <= detail::duration::zero() || !detail::wait_for_until(group, detail::deadline_after(d))))
    throw timeout_error();
  return detail::read_each(std::forward<R>(futures));
}

}  // namespace mobula
