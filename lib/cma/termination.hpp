#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "cma/state.hpp"
#include "mobula/cma/options.hpp"
#include "mobula/cma/parameters.hpp"
#include "mobula/cma/stop.hpp"

namespace mobula::cma {

/// Finds out after each generation whether the search should stop. All memory is taken by the constructor.
class termination {
 public:
  termination(const options& settings, const parameters& p, double sigma0);

  /// Takes note of a generation's values in ascending order, and returns the criteria that now hold.
  /// @param best_f the best value of all generations
  stop_reasons check(const search_state& s, std::span<const double> sorted_values, double best_f,
                     std::int64_t evaluations);

 private:
  void remember(std::span<const double> sorted_values);
  void check_limits(stop_reasons& found, double best_f, std::int64_t evaluations, std::int64_t generation) const;
  void check_values(stop_reasons& found, std::span<const double> sorted_values) const;
  void check_step_sizes(stop_reasons& found, const search_state& s) const;
  void check_precision(stop_reasons& found, const search_state& s) const;

  const options& settings_;
  double sigma0_;
  std::vector<double> recent_best_;  // the best values of the last generations: a ring
  std::size_t remembered_ = 0;
  std::int64_t flat_generations_ = 0;
};

}  // namespace mobula::cma
