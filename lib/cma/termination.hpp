#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "cma/archive.hpp"
#include "cma/state.hpp"
#include "mobula/cma/options.hpp"
#include "mobula/cma/parameters.hpp"
#include "mobula/cma/stop.hpp"

namespace mobula::cma {

/// What the criteria look at besides the state.
struct progress {
  std::span<const double> sorted_values;  // of the generation, in ascending order
  double best_f;                          // of all generations
  std::int64_t best_evaluation;           // when that was told
  std::int64_t evaluations;               // told
  double seconds;                         // since the beginning
};

/// Finds out after each generation whether the search should stop. All memory is taken by the constructor.
///
/// The criteria are pycma's (version 4.5), which go back to Hansen, "Benchmarking a BI-population CMA-ES on the BBOB-2009
/// function testbed" (GECCO 2009), section 2.2, and the tutorial's appendix B.3.
class termination {
 public:
  termination(const options& settings, std::size_t dimension, std::size_t popsize, const search_state& first);

  /// Takes note of a generation, and returns the criteria that now hold.
  stop_reasons check(const search_state& s, const progress& now);

  /// `generation`: how many there were.
  void pass(archive& a, std::int64_t generation);

 private:
  void remember(const search_state& s, std::span<const double> sorted_values);
  void remember_long(std::int64_t generation, double best, double middle);
  void remember_mean(const search_state& s);
  [[nodiscard]] bool has_stagnated(const search_state& s, const progress& now);
  [[nodiscard]] bool has_not_improved(const std::vector<double>& history, std::size_t span);
  [[nodiscard]] double unmoved_span() const;
  void check_limits(stop_reasons& found, const search_state& s, const progress& now) const;
  void check_values(stop_reasons& found, std::span<const double> sorted_values) const;
  void check_stagnation(stop_reasons& found, const search_state& s, const progress& now);
  void check_step_sizes(stop_reasons& found, const search_state& s) const;
  void check_precision(stop_reasons& found, const search_state& s);

  const options& settings_;
  double n_;
  double popsize_;
  double sigma0_;
  vector stds0_;

  std::vector<double> recent_best_;  // the best values of the last generations: a ring
  std::size_t remembered_ = 0;
  std::int64_t flat_generations_ = 0;
  double first_median_;
  double least_median_;

  std::vector<double> long_best_;  // the best and the median value of every fifth generation: rings
  std::vector<double> long_median_;
  std::size_t long_remembered_ = 0;
  std::vector<double> part_;  // of one of them

  vector resting_mean_;             // the mean has hardly moved since it was this,
  std::int64_t resting_since_ = 0;  // in that generation
  vector axis_;
};

}  // namespace mobula::cma
