#pragma once

#include <span>
#include <string>

#include "cma/archive.hpp"
#include "mobula/cma/options.hpp"

namespace mobula::cma {

/// The largest population: beyond, the memory for a generation of few variables alone is measured in gigabytes.
inline constexpr double most_candidates = 0x1p24;

/// How many failed candidates of a generation are replaced, with failure_policy::resample.
inline constexpr int most_replacements = 100;

/// Returns `given` with the defaults filled in that depend on the dimension.
/// Errors: throws `std::invalid_argument` that names what makes no sense, and what would.
[[nodiscard]] options checked(std::span<const double> x0, double sigma0, const options& given);

/// Errors: throws `std::invalid_argument` if a coordinate of `x`, the `name` of which is told, is not finite.
void check_point(std::span<const double> x, const std::string& name);

/// Names the first option, apart from popsize, seed and the criteria to stop, in which two differ; null if none does.
[[nodiscard]] const char* first_difference(const options& a, const options& b);

/// Copies the criteria to stop.
void take_criteria(options& to, const options& from);

/// Passes all options.
void pass_options(archive& a, options& settings);

}  // namespace mobula::cma
