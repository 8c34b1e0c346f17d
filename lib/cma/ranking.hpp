#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace mobula::cma {

/// Puts the candidates of a generation in order. Takes memory only for more of them than ever before.
class ranking {
 public:
  explicit ranking(std::size_t popsize) : keys_(popsize), order_(popsize) {}

  /// Returns the indices of `values` from the smallest to the largest value: NaN after infinity,
  /// equal ones in the order of their indices.
  std::span<const std::uint32_t> sort(std::span<const double> values);

 private:
  struct key {
    std::uint64_t value;  // rises with the value told
    std::uint32_t index;
  };

  std::vector<key> keys_;
  std::vector<std::uint32_t> order_;
};

}  // namespace mobula::cma
