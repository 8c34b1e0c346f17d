#pragma once

#include "mobula/cma/engine.hpp"
#include "mobula/cma/evaluator.hpp"
#include "mobula/cma/minimize_options.hpp"

namespace mobula::cma {

/// Runs a search to its end: what `minimize` does, for any way to evaluate.
///
/// Errors: throws what an evaluation threw (see minimize_options::failures), what the callback throws, and
///         std::runtime_error if a file can't be written. `es` has been told of whole generations then.
void drive(engine& es, evaluator& objective, const minimize_options& how);

}  // namespace mobula::cma
