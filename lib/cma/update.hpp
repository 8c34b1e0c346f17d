#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "cma/eigen.hpp"
#include "cma/population.hpp"
#include "cma/state.hpp"
#include "mobula/cma/parameters.hpp"

namespace mobula::cma {

/// Carries the state over to the next generation.
class updater {
 public:
  /// @param active_injected factor of the negative weights of solutions from outside
  updater(std::size_t dimension, std::size_t popsize, double active_injected);

  /// Updates `s` from the columns of `candidates` that `ranked` lists, best first, with as many weights. A column may
  /// be listed several times. Takes memory only for more columns than ever before.
  void operator()(search_state& s, const parameters& p, const population& candidates,
                  std::span<const std::uint32_t> ranked);

 private:
  void assign_weights(const parameters& p, const population& candidates, std::span<const std::uint32_t> ranked);
  [[nodiscard]] double negative_weight(double w, const population& candidates, std::uint32_t k) const;
  void update_step_size(search_state& s, const parameters& p) const;
  void update_covariance(search_state& s, const parameters& p, const population& candidates, bool path_is_short);
  [[nodiscard]] bool path_is_short(const search_state& s, const parameters& p) const;

  double n_;
  double active_injected_;
  vector recombination_;       // w_i of the selected candidates, else 0, by column
  vector adaptation_;          // w_i° c_mu, by column
  double sum_of_weights_ = 0;  // of w_i, where the candidate has not lost its weight
  std::vector<bool> seen_;     // the columns that had a better rank
  vector mean_step_y_;         // <y>_w (n)
  vector mean_step_z_;         // <z>_w (n)
};

}  // namespace mobula::cma
