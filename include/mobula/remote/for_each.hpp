#pragma once

#include <mobula/remote/batch_end.hpp>
#include <mobula/remote/map_options.hpp>
#include <mobula/remote/mapping.hpp>
#include <mobula/remote/results.hpp>
#include <mobula/task/task.hpp>

#include <utility>

namespace mobula {

/// Calls `f` on every element of a range for its effect, as `map` does; what `f` returns is dropped.
///
///     mb::for_each([](double& x) { x = std::sqrt(x); }, xs);
///
/// Blocks: in a task its fiber, elsewhere the thread.
/// Errors: as map.
template <class F = detail::overload_set<>, class R>
void for_each(F&& f, R&& range, map_options const& options = {}) {
  if constexpr (detail::mappable_many<F, R>) {
    detail::mapping_of<F, R, detail::dropped_results> all(f, range, options);
    detail::run_and_wait(all);
  } else {
    detail::say_why_not_mapped<F, R>();
  }
}

/// The same in a coroutine, which it suspends: `co_await` it. Lifetime: as async_map.
template <class F = detail::overload_set<>, class R>
[[nodiscard]] task<> async_for_each(F&& f, R&& range, map_options options = {}) {
  if constexpr (detail::mappable_many<F, R>)
    return detail::run_and_await<detail::mapping_of<F, R, detail::dropped_results>, F, R, map_options>(
        std::forward<F>(f), std::forward<R>(range), std::move(options));
  else
    return detail::say_why_not_mapped<F, R>();
}

}  // namespace mobula
