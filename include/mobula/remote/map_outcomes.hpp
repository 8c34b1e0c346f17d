#pragma once

#include <mobula/remote/batch_end.hpp>
#include <mobula/remote/map_options.hpp>
#include <mobula/remote/mapping.hpp>
#include <mobula/remote/results.hpp>

#include <utility>

namespace mobula {

/// Calls `f` on every element of a range as `map` does, and gives what each has left behind, a value or a failure: all
/// items are done, whatever others throw.
///
///     for (mb::outcome<double> const& y : mb::map_outcomes(f, xs))
///       if (y.has_value()) use(y.get()); else std::cerr << *y.failure() << '\n';
///
/// Blocks: in a task its fiber, elsewhere the thread. Errors: throws no_runtime.
template <class F = detail::overload_set<>, class R>
[[nodiscard]] auto map_outcomes(F&& f, R&& range, map_options const& options = {}) {
  if constexpr (detail::mappable_to_results<F, R>) {
    detail::mapping_of<F, R, detail::outcome_results> all(f, range, options);
    return detail::run_and_wait(all);
  } else {
    return detail::say_why_not_mapped<F, R>();
  }
}

/// The same in a coroutine, which it suspends: `co_await` it. Lifetime: as async_map.
template <class F = detail::overload_set<>, class R>
[[nodiscard]] auto async_map_outcomes(F&& f, R&& range, map_options options = {}) {
  if constexpr (detail::mappable_to_results<F, R>)
    return detail::run_and_await<detail::mapping_of<F, R, detail::outcome_results>, F, R, map_options>(
        std::forward<F>(f), std::forward<R>(range), std::move(options));
  else
    return detail::say_why_not_mapped<F, R>();
}

}  // namespace mobula
