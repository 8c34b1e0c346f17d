#pragma once

#include <mobula/core/result_types.hpp>
#include <mobula/future/future.hpp>

#include <array>
#include <cstddef>
#include <functional>
#include <ranges>
#include <tuple>
#include <vector>

namespace mobula {

/// A range that holds futures; not one that makes them on the fly, as each look would submit the tasks again.
template <class R>
concept future_range = std::ranges::forward_range<R> && any_future<std::ranges::range_reference_t<R>> &&
                       std::is_lvalue_reference_v<std::ranges::range_reference_t<R>>;

namespace detail {

template <class R>
using range_value_of_futures = typename std::remove_cvref_t<std::ranges::range_reference_t<R>>::value_type;

template <class T>
inline constexpr bool is_std_array = false;
template <class T, std::size_t N>
inline constexpr bool is_std_array<std::array<T, N>> = true;

template <class T>
inline constexpr bool is_tuple_of_futures = false;
template <class... Ts>
inline constexpr bool is_tuple_of_futures<std::tuple<future<Ts>...>> = true;

// Waits for all. The last first: what was submitted last is what a worker runs first, and what other threads finish
// last, so that most of the others are ready then.
template <class R>
void wait_for_each(R&& futures) {
  if constexpr (std::ranges::bidirectional_range<R>) {
    for (auto i = std::ranges::end(futures); i != std::ranges::begin(futures);) future_access::state(*--i).wait();
  } else {
    for (auto& f : futures) future_access::state(f).wait();
  }
}

template <class F>
decltype(auto) read_if_void(F&& f) {
  if constexpr (std::is_void_v<typename std::remove_cvref_t<F>::value_type>)
    return future_access::read(std::forward<F>(f)), std::monostate{};
  else
    return future_access::read(std::forward<F>(f));
}

// Reads ready futures: array to array, other ranges to vectors, of void to nothing. The first error in order is thrown.
template <class R>
auto read_each(R&& futures) {
  using range = std::remove_cvref_t<R>;
  using value = range_value_of_futures<R>;
  auto const element = [](auto& f) -> decltype(auto) {
    if constexpr (std::is_lvalue_reference_v<R> || std::ranges::view<range>)
      return future_access::read(std::as_const(f));
    else
      return future_access::read(std::move(f));
  };
  if constexpr (std::is_void_v<value>) {
    for (auto& f : futures) element(f);
  } else if constexpr (is_std_array<range>) {
    return [&]<std::size_t... I>(std::index_sequence<I...>) {
      return std::array<list_element<value>, sizeof...(I)>{element(futures[I])...};
    }(std::make_index_sequence<std::tuple_size_v<range>>());
  } else {
    std::vector<list_element<value>> values;
    if constexpr (std::ranges::sized_range<R>) values.reserve(std::ranges::size(futures));
    for (auto& f : futures) values.push_back(element(f));
    return values;
  }
}

template <class Tuple>
auto read_tuple(Tuple&& futures) {
  return std::apply(
      [](auto&&... f) {
        return std::tuple<non_void<typename std::remove_cvref_t<decltype(f)>::value_type>...>{
            read_if_void(std::forward<decltype(f)>(f))...};
      },
      std::forward<Tuple>(futures));
}

}  // namespace detail

/// Waits for a value and gives a reference to it, which is good as long as the future is.
///
/// Blocks: in a task its fiber, never the worker; elsewhere the thread. In a coroutine, `co_await` the future instead.
/// Errors: throws what the task threw.
template <class T>
decltype(auto) get(future<T> const& f) {
  detail::future_access::state(f).wait();
  return detail::future_access::read(f);
}

/// The same, and moves the value out if `f` is its last handle; else copies it. `f` is a handle to nothing afterwards.
template <class T>
T get(future<T>&& f) {
  detail::future_access::state(f).wait();
  return detail::future_access::read(std::move(f));
}

/// Waits for all futures of a range and gives their values in order: a std::array for an array, else a std::vector,
/// references as std::reference_wrapper; nothing for futures of void.
///
/// Errors: throws what the first failed task in order threw, after all are over.
template <future_range R>
auto get(R&& futures) {
  detail::wait_for_each(futures);
  return detail::read_each(std::forward<R>(futures));
}

/// Waits for all futures of a tuple and gives a tuple of their values, std::monostate for void.
template <class Tuple>
  requires detail::is_tuple_of_futures<std::remove_cvref_t<Tuple>>
auto get(Tuple&& futures) {
  std::apply([](auto&... f) { (detail::future_access::state(f).wait(), ...); }, futures);
  return detail::read_tuple(std::forward<Tuple>(futures));
}

/// The same for futures that are given one by one.
template <any_future F, any_future G, any_future... Rest>
auto get(F&& first, G&& second, Rest&&... rest) {
  return get(std::tuple<std::remove_cvref_t<F>, std::remove_cvref_t<G>, std::remove_cvref_t<Rest>...>(
      std::forward<F>(first), std::forward<G>(second), std::forward<Rest>(rest)...));
}

}  // namespace mobula
