#pragma once

#include <span>

#include "mobula/cma/options.hpp"

namespace mobula::cma {

/// Returns `given` with the defaults filled in that depend on the dimension.
/// Errors: throws `std::invalid_argument` that names what makes no sense, and what would.
[[nodiscard]] options checked(std::span<const double> x0, double sigma0, const options& given);

}  // namespace mobula::cma
