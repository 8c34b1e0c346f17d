#pragma once

#include <cstddef>

#include "mobula/cma/parameters.hpp"

namespace mobula::cma {

/// Searches that nobody stopped drift this far: beyond lies what no double can hold.
inline constexpr double smallest_sigma = 1e-300;
inline constexpr double largest_sigma = 1e150;

/// Sets `p` to what `strategy_parameters` returns, in the memory that it has, for at least 2 candidates.
void set_parameters(parameters& p, std::size_t dimension, std::size_t popsize, variant which);

}  // namespace mobula::cma
