#pragma once

#include <cstddef>

#include "mobula/cma/parameters.hpp"

namespace mobula::cma {

/// Sets `p` to what `strategy_parameters` returns, in the memory that it has, for at least 2 candidates.
void set_parameters(parameters& p, std::size_t dimension, std::size_t popsize, variant which);

}  // namespace mobula::cma
