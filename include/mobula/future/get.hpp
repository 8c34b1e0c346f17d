#pragma once

#include <mobula/future/holder.hpp>

#include <ranges>
#include <source_location>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace mobula {

namespace detail {

// Waits for all. The last first: what was submitted last is what a worker runs first, and what other threads finish
// last, so that most of the others are ready then.
template <class C>
void wait_for_each(C& futures, std::source_location where = {}) {
  if constexpr (future_range<C&> && std::ranges::bidirectional_range<C>) {
    for (auto i = std::ranges::end(futures); i != std::ranges::begin(futures);) future_access::state(*--i).wait(where);
  } else {
    auto const wait = [where](shared_state_base& s) { s.wait(where); };
    visit_states(futures, wait);
  }
}

// Goes through a source once and keeps its futures.
template <future_source R>
[[nodiscard]] auto collect(R&& source) {
  std::vector<std::remove_cvref_t<std::ranges::range_reference_t<R>>> futures;
  if constexpr (std::ranges::sized_range<R>) futures.reserve(std::ranges::size(source));
  for (auto&& f : source) futures.push_back(std::forward<decltype(f)>(f));
  return futures;
}

}  // namespace detail

/// Waits for a value and gives a reference to it, which is good as long as the future is.
///
/// Blocks: in a task its fiber, never the worker; elsewhere the thread. In a coroutine, `co_await` the future instead.
/// Errors: throws what the task threw.
template <class T>
decltype(auto) get(future<T> const& f, std::source_location where = std::source_location::current()) {
  detail::future_access::state(f).wait(where);
  return detail::future_access::read(f);
}

/// The same, and moves the value out if `f` is its last handle; else copies it. `f` is a handle to nothing afterwards.
template <class T>
T get(future<T>&& f, std::source_location where = std::source_location::current()) {
  detail::future_access::state(f).wait(where);
  return detail::future_access::read(std::move(f));
}

/// Waits for all futures of a container and gives their values in the same shape: a std::array for an array, a
/// std::vector for another range, a tuple for a tuple, a pair for a pair, a map with the same keys for a map.
///
///     std::vector<int> all = mb::get(futures);
///     auto [ys, n] = mb::get(std::tuple(futures, count));  // containers may lie within each other
///
/// An lvalue keeps its futures, and values are copied; out of an rvalue, whose last handles they are, they are moved. A
/// list of futures of nothing gives nothing; a reference comes as std::reference_wrapper in a list, void as
/// std::monostate in a tuple or a map.
/// Errors: throws what the first failed task in order threw, after all are over.
template <future_container C>
auto get(C&& futures, std::source_location where = std::source_location::current()) {
  detail::wait_for_each(futures, where);
  return detail::read_together<detail::value_reader>(std::forward<C>(futures));
}

/// The same for a range that makes its futures on the fly: all of them first.
///
///     auto squares = mb::get(xs | std::views::transform(mb::remote(square)));
template <future_source R>
auto get(R&& source, std::source_location where = std::source_location::current()) {
  return get(detail::collect(std::forward<R>(source)), where);
}

/// The same for futures that are given one by one.
template <any_future F, any_future G, any_future... Rest>
auto get(F&& first, G&& second, Rest&&... rest) {
  return get(std::tuple<std::remove_cvref_t<F>, std::remove_cvref_t<G>, std::remove_cvref_t<Rest>...>(
      std::forward<F>(first), std::forward<G>(second), std::forward<Rest>(rest)...));
}

}  // namespace mobula
