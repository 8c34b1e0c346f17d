#pragma once

#include <mobula/remote/batch_end.hpp>
#include <mobula/remote/mapping.hpp>
#include <mobula/remote/reduction.hpp>
#include <mobula/remote/results.hpp>
#include <mobula/task/task.hpp>

#include <functional>
#include <iterator>
#include <ranges>
#include <type_traits>
#include <utility>

namespace mobula {
namespace detail {

/// What F gives for an element of R.
template <class F, class R>
using item_result = std::invoke_result_t<F&, element_reference<R>>;

/// Whether a value that is made of an element of R by F can be one of type T, and Operation join two of these.
template <class F, class R, class T>
concept reducible_to =
    mappable_to_results<F, R> &&
    std::is_constructible_v<
        T, typename batch_of<F, numbered<std::remove_reference_t<R>>, results, item_result<F, R>>::value>;
template <class F, class R, class T, class Operation>
concept reducible = reducible_to<F, R, T> && std::is_invocable_r_v<T, Operation&, T, T>;

/// Says why not.
template <class F, class R, class T, class Operation>
auto say_why_not_reduced() {
  if constexpr (!iterable<R> && iterable<T>)
    static_assert(never<R>, "mobula::reduce: the range comes first: reduce(range, init, op)");
  else if constexpr (!mappable_to_results<F, R>)
    say_why_not_mapped<F, R>();
  else if constexpr (!reducible_to<F, R, T>)
    static_assert(never<R>, "mobula::reduce: an element can't be converted to the type of `init`");
  else
    static_assert(never<R>,
                  "mobula::reduce: the operation must take two values of the type of `init` and give a third");
  return mistake();
}

/// Gives an element as it is. Unlike std::identity, not by reference if it was made on the fly.
struct unchanged {
  template <class X>
  X operator()(X&& x) const {
    return std::forward<X>(x);
  }
};

/// The elements of a list as rvalues.
template <class List>
[[nodiscard]] auto moved_from(List& list) {
  return std::ranges::subrange(std::move_iterator(list.begin()), std::move_iterator(list.end()));
}

}  // namespace detail

/// Joins `init` and the elements of a range by `op`, in parallel where that pays.
///
///     double sum = mb::reduce(xs, 0.0);
///     std::string text = mb::reduce(words, std::string());
///
/// `op` must be associative; it needn't be commutative. It is called as op(T, T) with T the type of `init`, to which an
/// element that is not one is converted first, perhaps from several threads at once.
///
/// In which order the parts are joined depends on n, the number of elements, alone. So where `op` is only almost
/// associative, as the sum of floating-point numbers is, the result is the same bit for bit on any number of workers.
/// The order: leaves of b neighbours are joined from left to right, where b is n/64 rounded down to a power of two, but
/// at least 2 and at most 1024. Then neighbours are joined pair by pair, round after round, until one is left; an odd
/// one at the end waits for the next round. Last comes op(init, tree).
///
/// Blocks: in a task its fiber, elsewhere the thread.
/// Errors: throws what would be thrown first if the same were done on one thread, after what had begun is over. Throws
///         no_runtime.
template <class R, class T, class Operation = std::plus<>>
  requires detail::iterable<R>
[[nodiscard]] T reduce(R&& range, T init, Operation&& op = {}) {
  if constexpr (detail::reducible<detail::unchanged, R, T, Operation>) {
    detail::unchanged same;
    detail::reducing_of<detail::unchanged, R, T, Operation> all(same, range, init, op);
    return detail::run_and_wait(all);
  } else {
    return detail::say_why_not_reduced<detail::unchanged, R, T, Operation>();
  }
}

/// What says so where the range does not come first.
template <class R, class T, class Operation = std::plus<>>
  requires(!detail::iterable<R>)
auto reduce(R&&, T, Operation&& = {}) {
  return detail::say_why_not_reduced<detail::unchanged, R, T, Operation>();
}
template <class R, class T, class Operation = std::plus<>>
  requires(!detail::iterable<R>)
auto async_reduce(R&&, T, Operation&& = {}) {
  return detail::say_why_not_reduced<detail::unchanged, R, T, Operation>();
}

/// The same in a coroutine, which it suspends: `co_await` it.
template <class R, class T, class Operation = std::plus<>>
  requires detail::iterable<R>
[[nodiscard]] task<T> async_reduce(R&& range, T init, Operation&& op = {}) {
  if constexpr (detail::reducible<detail::unchanged, R, T, Operation>) {
    using all = detail::reducing_of<detail::unchanged, R, T, Operation>;
    return detail::run_and_await<all, detail::unchanged, R, T, Operation>({}, std::forward<R>(range), std::move(init),
                                                                          std::forward<Operation>(op));
  } else {
    return detail::say_why_not_reduced<detail::unchanged, R, T, Operation>();
  }
}

/// Calls `f` on every element of a range and joins `init` and the results by `op`, as `reduce` does.
///
///     double norm2 = mb::transform_reduce([](double x) { return x * x; }, xs, 0.0, std::plus<>());
///
/// `f` may be a coroutine function: then the results are collected first, as `map` does.
template <class F = detail::overload_set<>, class R, class T, class Operation>
[[nodiscard]] T transform_reduce(F&& f, R&& range, T init, Operation&& op) {
  if constexpr (detail::reducible<F, R, T, Operation>) {
    if constexpr (detail::is_task<detail::item_result<F, R>>) {
      map_options const options;
      detail::mapping_of<F, R, detail::results> all(f, range, options);
      auto values = detail::run_and_wait(all);
      return mobula::reduce(detail::moved_from(values), std::move(init), op);
    } else {
      detail::reducing_of<F, R, T, Operation> all(f, range, init, op);
      return detail::run_and_wait(all);
    }
  } else {
    return detail::say_why_not_reduced<F, R, T, Operation>();
  }
}

namespace detail {

template <class F, class R, class T, class Operation>
task<T> collect_and_reduce(F f, R range, T init, Operation op) {
  map_options const options;
  mapping_of<F, R, results> all(f, range, options);
  if (!all.begin()) co_await batch_end(*all.control());
  auto values = all.take();
  co_return co_await async_reduce(moved_from(values), std::move(init), op);
}

}  // namespace detail

/// The same in a coroutine, which it suspends: `co_await` it.
template <class F = detail::overload_set<>, class R, class T, class Operation>
[[nodiscard]] task<T> async_transform_reduce(F&& f, R&& range, T init, Operation&& op) {
  if constexpr (detail::reducible<F, R, T, Operation>) {
    if constexpr (detail::is_task<detail::item_result<F, R>>)
      return detail::collect_and_reduce<F, R, T, Operation>(std::forward<F>(f), std::forward<R>(range), std::move(init),
                                                            std::forward<Operation>(op));
    else
      return detail::run_and_await<detail::reducing_of<F, R, T, Operation>, F, R, T, Operation>(
          std::forward<F>(f), std::forward<R>(range), std::move(init), std::forward<Operation>(op));
  } else {
    return detail::say_why_not_reduced<F, R, T, Operation>();
  }
}

}  // namespace mobula
