#pragma once

#include <mobula/future/get.hpp>
#include <mobula/future/group.hpp>

#include <chrono>
#include <cstddef>
#include <optional>
#include <ranges>
#include <type_traits>
#include <utility>
#include <vector>

namespace mobula {

/// What `wait` waits for.
struct wait_options {
  /// Wait until so many are ready; from 1 to the number of futures.
  std::size_t num_returns = 1;
  /// Wait no longer than this; none for as long as it takes. Zero looks without waiting.
  std::optional<detail::time_span> timeout = {};
};

/// The futures that were given to `wait`, in their order.
template <class T>
struct wait_result {
  std::vector<future<T>> ready;    // at most num_returns of them; fewer after a timeout
  std::vector<future<T>> pending;  // the rest, some of which may be ready too
};

namespace detail {

/// Waits for some of them. Throws std::invalid_argument if that is none, or more than there are; none of none are there.
[[nodiscard]] group_operation group_for_wait(std::vector<shared_state_base*> states, std::size_t num_returns);

/// The futures of a range, parted into those that are ready, at most `num_returns`, and the rest.
template <future_range R>
[[nodiscard]] auto split_ready(R& futures, std::size_t num_returns) {
  wait_result<typename std::remove_cvref_t<std::ranges::range_reference_t<R>>::value_type> result;
  for (auto const& f : futures) {
    bool const taken = result.ready.size() < num_returns && f.ready();
    if (taken) future_access::count_as_seen(f);
    (taken ? result.ready : result.pending).push_back(f);
  }
  return result;
}

/// Throws timeout_error.
void wait_for_all(std::vector<shared_state_base*> states, duration limit);

}  // namespace detail

/// Waits until some of the futures are ready, failed ones included, or the time is over.
///
///     auto [ready, pending] = mb::wait(futures, {.num_returns = 3, .timeout = 1s});
///
/// Of the futures in `ready`, failures count as read.
/// Blocks: in a task its fiber, never the worker; elsewhere the thread.
/// Errors: throws std::invalid_argument if num_returns is 0 or more than there are futures. An empty range gives empty
///         lists.
template <future_range R>
[[nodiscard]] auto wait(R&& futures, wait_options const& options = {}) {
  auto some = detail::group_for_wait(detail::states_of(futures), options.num_returns);
  static_cast<void>(detail::ready_within(some, options.timeout.value_or(detail::duration::max())));
  return detail::split_ready(futures, options.num_returns);
}

/// Waits for all futures of a container, as `get` does, but no longer than `limit`; zero looks without waiting.
///
/// Errors: throws timeout_error when the time is over; then no value has been taken, of an rvalue neither, and one may
///         ask again.
template <future_container C, class Rep, class Period>
auto get(C&& futures, std::chrono::duration<Rep, Period> limit) {
  detail::wait_for_all(detail::states_of(futures), detail::to_clock(limit));
  return detail::read_together<detail::value_reader>(std::forward<C>(futures));
}

}  // namespace mobula
