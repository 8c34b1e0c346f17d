#include "cma/ranking.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

namespace mobula::cma {
namespace {

// An unsigned number that is ordered as the doubles are, with all NaNs last and both zeros equal. Negative numbers have
// their bits turned round, since a larger magnitude makes them smaller; the others come after them.
std::uint64_t ordered(double value) {
  if (std::isnan(value)) return std::numeric_limits<std::uint64_t>::max();
  const auto bits = std::bit_cast<std::uint64_t>(value + 0.0);  // -0 + 0 is +0
  const std::uint64_t sign = std::uint64_t{1} << 63;
  return (bits & sign) != 0 ? ~bits : bits | sign;
}

}  // namespace

std::span<const std::uint32_t> ranking::sort(std::span<const double> values) {
  keys_.resize(values.size());
  order_.resize(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) keys_[i] = {ordered(values[i]), static_cast<std::uint32_t>(i)};
  std::sort(keys_.begin(), keys_.end(),
            [](const key& a, const key& b) { return a.value != b.value ? a.value < b.value : a.index < b.index; });
  std::transform(keys_.begin(), keys_.end(), order_.begin(), [](const key& k) { return k.index; });
  return order_;
}

}  // namespace mobula::cma
