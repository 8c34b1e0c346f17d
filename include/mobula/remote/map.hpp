#pragma once

#include <mobula/remote/batch_end.hpp>
#include <mobula/remote/map_options.hpp>
#include <mobula/remote/mapping.hpp>
#include <mobula/remote/results.hpp>

#include <utility>

namespace mobula {

/// Calls `f` on every element of a range, in parallel where that pays, and gives the results in order.
///
///     std::vector<double> ys = mb::map(f, xs);
///     auto zs = mb::map(simulate, xs, {.in_flight = 100, .progress = print});
///
/// It is one batch, whatever the size: the caller begins with the items, and other workers are asked to help once what
/// is left is worth more than waking them. So it is never slower than a loop, but for some 100 ns a call. If `f` is a
/// coroutine function, all its tasks are in flight at once, or as many as in_flight says.
/// The range is anything with begin and end that can be looked at twice; elements are passed as the range gives them.
/// `f` is called from several threads at once, so it must not write to what it shares.
///
/// Blocks: in a task its fiber, elsewhere the thread.
/// Errors: throws what the first element in order that failed threw, as a loop would, whoever else has failed, and earlier:
///         current_failure()->item() is its index. All elements before it have been done; of those behind it, those that had
///         begun are over then, and the rest is not begun. Of what others threw nobody is told (map_outcomes tells all).
///         Throws no_runtime.
template <class F = detail::overload_set<>, class R>
auto map(F&& f, R&& range, map_options const& options = {}) {
  if constexpr (detail::mappable_to_results<F, R>) {
    detail::mapping_of<F, R, detail::results> all(f, range, options);
    return detail::run_and_wait(all);
  } else {
    return detail::say_why_not_mapped<F, R>();
  }
}

/// The same in a coroutine, which it suspends instead of blocking: `co_await` it.
///
///     std::vector<double> ys = co_await mb::async_map(f, xs);
///
/// Lifetime: what is an lvalue is borrowed until the task is over; the rest is kept in it.
template <class F = detail::overload_set<>, class R>
[[nodiscard]] auto async_map(F&& f, R&& range, map_options options = {}) {
  if constexpr (detail::mappable_to_results<F, R>)
    return detail::run_and_await<detail::mapping_of<F, R, detail::results>, F, R, map_options>(
        std::forward<F>(f), std::forward<R>(range), std::move(options));
  else
    return detail::say_why_not_mapped<F, R>();
}

}  // namespace mobula
