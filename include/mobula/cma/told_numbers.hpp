#pragma once

#include <mobula/requirements.hpp>

#include <Eigen/Core>
#include <concepts>
#include <ranges>
#include <span>
#include <type_traits>

namespace mobula::cma::detail {

/// What a search can't start from.
template <class X0>
concept no_point =
    !std::convertible_to<const X0&, std::span<const double>> && !std::derived_from<X0, Eigen::DenseBase<X0>>;

template <no_point X0>
std::span<const double> refuse_point() {
  static_assert(!no_point<X0>, "cma::optimizer: x0 must be a std::vector<double>, another span, or an Eigen vector");
  return {};
}

template <class R>
concept range_of_numbers =
    std::ranges::input_range<R> && std::is_constructible_v<double, std::ranges::range_reference_t<R>>;

/// Calls `take` with each of the numbers that are told; what is none is refused when it is compiled, in one sentence.
template <class Range, class Take>
void for_each_told(Range& values, Take take) {
  static_assert(range_of_numbers<Range>, "cma: tell takes a range of numbers, one for each candidate");
  if constexpr (range_of_numbers<Range>)
    for (auto&& value : values) take(static_cast<double>(value));
}

}  // namespace mobula::cma::detail
