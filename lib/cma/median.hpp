#pragma once

#include <algorithm>
#include <cstddef>
#include <span>

namespace mobula::cma {

/// Returns the median of some numbers, at least one, and leaves them in another order.
inline double median(std::span<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return values.size() % 2 != 0 ? *middle : (*middle + *std::max_element(values.begin(), middle)) / 2;
}

}  // namespace mobula::cma
