#pragma once

#include <mobula/requirements.hpp>

#include <cstdint>
#include <exception>
#include <limits>
#include <span>
#include <vector>

#include "mobula/cma/evaluator.hpp"
#include "mobula/cma/minimize_options.hpp"
#include "mobula/cma/options.hpp"
#include "mobula/cma/stop.hpp"

namespace mobula::cma {

/// What `drive` has found: a `result` in plain numbers.
struct search_outcome {
  std::vector<double> x = {};
  double f = std::numeric_limits<double>::infinity();
  std::int64_t best_evaluation = 0;
  std::int64_t best_iteration = 0;
  std::vector<double> mean = {};
  double sigma = 0;
  std::vector<double> stds = {};
  std::int64_t evaluations = 0;
  std::int64_t iterations = 0;
  stop_reasons stop = {};
  std::int64_t failures = 0;
  std::exception_ptr last_failure = nullptr;
};

/// Runs a search to its end, with restarts if they are asked for: what `minimize` does, for any way to evaluate. No
/// evaluation that was started is under way when it returns or throws.
///
/// Errors: throws what evaluations threw, by options::on_failure; what the callback throws; `std::invalid_argument` as
///         `engine` does; `checkpoint_error`; std::system_error if a file can't be written from the start.
[[nodiscard]] search_outcome drive(std::span<const double> x0, double sigma0, const options& settings,
                                   evaluator& objective, const minimize_options& how);

}  // namespace mobula::cma
