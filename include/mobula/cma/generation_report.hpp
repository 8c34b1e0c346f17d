#pragma once

#include <mobula/requirements.hpp>

#include <chrono>
#include <cstdint>
#include <span>

#include "mobula/cma/stop.hpp"

namespace mobula::cma {

/// What `minimize` tells after each generation: to the callback, the display and the log. n is the dimension.
///
/// Lifetime: the spans are valid until the callback returns.
struct generation_report {
  std::int64_t iterations;   ///< generations told, this one included; of all runs, where there were restarts
  std::int64_t evaluations;  ///< values told, likewise
  std::size_t run;           ///< 0, or how many restarts came before
  std::size_t popsize;
  /// Those of this generation, in the order of its candidates (popsize). In asynchronous mode with resample, also those
  /// of the evaluations that failed.
  std::span<const double> values;
  double min;                             ///< the smallest of them; NaN if there was no number among them
  double median;                          ///< the median of the numbers among them
  double max;                             ///< the largest number
  double best_f;                          ///< the smallest of all generations; infinity until there was one
  std::span<const double> best_x;         ///< its candidate (n)
  std::span<const double> mean;           ///< the mean of the distribution (n), after this generation
  std::span<const double> stds;           ///< its standard deviations (n), in units of x
  double sigma;                           ///< the step size
  double axis_ratio;                      ///< the longest principal axis of the covariance matrix over the shortest
  std::chrono::duration<double> elapsed;  ///< since minimize was called
  const stop_reasons& stop;               ///< the criteria that have fired

  /// Ends the search after this generation: `result::stop` will name the criterion `callback`.
  void request_stop() const noexcept { *stop_requested = true; }

  bool* stop_requested;  ///< what request_stop sets
};

}  // namespace mobula::cma
