#pragma once

#include <mobula/requirements.hpp>

#include <Eigen/Core>
#include <cstdint>
#include <exception>

#include "mobula/cma/stop.hpp"

namespace mobula::cma {

/// What a search has found so far. n is the dimension, with the variables that are fixed.
struct result {
  Eigen::VectorXd x;             ///< the best candidate of all generations (n); x0 until one had a finite value
  double f;                      ///< its value; infinity until then
  std::int64_t best_evaluation;  ///< it was the how-many-th value told, from 1; 0 until then
  std::int64_t best_iteration;   ///< in the how-many-th generation, from 1; 0 until then
  Eigen::VectorXd mean;          ///< the mean of the distribution (n), with noise a better answer than `x`
  double sigma;                  ///< the step size
  Eigen::VectorXd stds;          ///< the standard deviation of each coordinate (n), in units of x; 0 of what is fixed
  std::int64_t evaluations;      ///< values told
  std::int64_t iterations;       ///< generations told
  stop_reasons stop;             ///< the criteria that fired
  /// Evaluations that gave no finite number, or threw, which `minimize` takes for NaN.
  std::int64_t failures = 0;
  /// What the last of those that threw has thrown; null if none did, for `optimizer`, and after a checkpoint.
  std::exception_ptr last_failure = nullptr;
};

}  // namespace mobula::cma
