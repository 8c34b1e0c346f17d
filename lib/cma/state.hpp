#pragma once

#include <cstdint>
#include <span>

#include "cma/eigen.hpp"
#include "cma/eigensystem.hpp"
#include "mobula/cma/parameters.hpp"

namespace mobula::cma {

/// What a generation hands on to the next: the distribution N(m, sigma^2 C) and the two evolution paths.
///
/// Names are those of the tutorial (arXiv:1604.00772), n is the dimension.
struct search_state {
  vector mean;       // m (n)
  double sigma;      // the step size
  matrix C;          // the covariance matrix (n x n); only its lower triangle is kept up
  vector p_sigma;    // evolution path of the step size (n)
  vector p_c;        // evolution path of the covariance matrix (n)
  vector stds;       // sigma sqrt(C_ii) (n), the standard deviation of each coordinate
  eigensystem axes;  // C = B D^2 B^T, as of `decomposed`

  std::int64_t generation = 0;  // generations told
  std::int64_t decomposed = 0;  // the generation after which `axes` were computed

  search_state(std::span<const double> x0, double sigma0);
};

/// The candidates of one generation, lambda columns of n.
struct population {
  matrix z;               // z_k ~ N(0, I)
  matrix y;               // y_k = B D z_k ~ N(0, C)
  matrix x;               // x_k = m + sigma y_k
  vector squared_length;  // || z_k ||^2 (lambda), which is || C^(-1/2) y_k ||^2

  population(std::size_t dimension, std::size_t popsize);
};

/// Draws a generation's candidates, a function of the state and the seed.
void sample(search_state& s, const parameters& p, std::uint64_t seed, population& candidates);

/// Carries the state over to the next generation. All memory is taken by the constructor.
class updater {
 public:
  explicit updater(const parameters& p);

  /// Updates `s` from its candidates and their order, best first.
  void operator()(search_state& s, const population& candidates, std::span<const std::uint32_t> order);

 private:
  void assign_weights(const population& candidates, std::span<const std::uint32_t> order);
  void update_step_size(search_state& s);
  void update_covariance(search_state& s, const population& candidates, bool path_is_short);
  [[nodiscard]] bool path_is_short(const search_state& s) const;

  const parameters& p_;
  double n_;
  double sum_of_weights_;
  vector recombination_;  // w_i of the selected candidates, else 0 (lambda), by column
  vector adaptation_;     // w_i° c_mu (lambda), by column
  vector mean_step_y_;    // <y>_w (n)
  vector mean_step_z_;    // <z>_w (n)
  matrix weighted_;       // the columns of y, each times its w_i° c_mu (n x lambda)
};

}  // namespace mobula::cma
