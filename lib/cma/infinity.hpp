#pragma once

#include <limits>

namespace mobula::cma {

inline constexpr double infinity = std::numeric_limits<double>::infinity();

}  // namespace mobula::cma
