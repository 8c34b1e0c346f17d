#pragma once

#include <exception>
#include <functional>
#include <span>

#include "mobula/cma/engine.hpp"
#include "mobula/cma/evaluator.hpp"
#include "mobula/cma/minimize_options.hpp"

namespace mobula::cma {

/// Runs a search without waiting for generations: whenever an evaluation ends, another candidate starts, drawn from the
/// newest distribution.
///
/// When popsize results have come in, the engine is told of them as a generation: of those that the current distribution
/// has drawn as ever, of those that an earlier one has as solutions from outside.
///
/// @param told called after each generation with its values; returns whether to go on
/// @param abandoned asked now and then whether to end at once, before the evaluations under way are over
/// @param last_failure where to keep what the last evaluation threw that threw something
/// Errors: as `drive`. No evaluation is under way when it returns or throws.
void run_asynchronously(engine& es, evaluator& objective, const minimize_options& how,
                        const std::function<bool(std::span<const double>)>& told,
                        const std::function<bool()>& abandoned, std::exception_ptr& last_failure);

}  // namespace mobula::cma
