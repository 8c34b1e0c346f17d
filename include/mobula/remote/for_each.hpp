#pragma once

#include <mobula/remote/map_options.hpp>
#include <mobula/remote/mapping.hpp>
#include <mobula/remote/results.hpp>

namespace mobula {

/// Calls `f` on every element of a range for its effect, as `map` does; what `f` returns is dropped.
///
///     mb::for_each([](double& x) { x = std::sqrt(x); }, xs);
///
/// Blocks: in a task its fiber, elsewhere the thread.
/// Errors: as map.
template <class F, class R>
void for_each(F&& f, R&& range, map_options const& options = {}) {
  static_assert(detail::mappable<F, R>, "mobula::for_each: the function can't be called with an element of the range");
  if constexpr (detail::mappable<F, R>)
    detail::run_and_wait(detail::mapping<F&, R&, detail::dropped_results>(f, range, options));
}

}  // namespace mobula
