#include "mobula/cma/parameters.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <span>
#include <stdexcept>
#include <string>

#include "cma/rates.hpp"

namespace mobula::cma {
namespace {

// w'_i = ln((lambda + 1) / 2) - ln i (equation 49). Falls with i; the middle one of an odd number is exactly 0.
void set_raw_weights(std::vector<double>& weights, std::size_t popsize) {
  weights.resize(popsize);
  const double middle = (static_cast<double>(popsize) + 1) / 2;
  for (std::size_t i = 0; i < popsize; ++i) weights[i] = std::log(middle) - std::log(static_cast<double>(i + 1));
}

double sum(std::span<const double> values) { return std::accumulate(values.begin(), values.end(), 0.0); }

// (sum w)^2 / sum w^2, the variance-effective selection mass (equation 8). 0 if all of them are 0.
double selection_mass(std::span<const double> weights) {
  const double squares = std::inner_product(weights.begin(), weights.end(), weights.begin(), 0.0);
  const double total = sum(weights);
  return squares > 0 ? total * total / squares : 0;
}

void scale(std::span<double> weights, double factor) {
  for (double& weight : weights) weight *= factor;
}

// The size that the negative weights sum up to, the smallest of three (equations 50 to 53): forgetting as much as is
// learned; not more than their own selection mass bears; and so little that C stays positive definite.
double negative_sum(const parameters& p, double mueff_negative) {
  if (p.cmu <= 0) return 0;
  const double forget_what_is_learned = 1 + p.c1 / p.cmu;
  const double selection_bound = 1 + 2 * mueff_negative / (p.mueff + 2);
  const double posdef_bound = (1 - p.c1 - p.cmu) / (static_cast<double>(p.dimension) * p.cmu);
  return std::max(0.0, std::min({forget_what_is_learned, selection_bound, posdef_bound}));
}

// Separable: Ros & Hansen, "A simple modification in CMA-ES achieving linear time and space complexity" (PPSN 2008),
// multiply the learning rate of C by (n + 2) / 3.
void set_covariance_rates(parameters& p, bool separable) {
  const double n = static_cast<double>(p.dimension);
  const double few = std::min(1.0, static_cast<double>(p.popsize) / 6);  // slower with fewer than six candidates
  p.cc = (4 + p.mueff / n) / (n + 4 + 2 * p.mueff / n);                  // equation 56
  const double faster = separable ? (n + 2) / 3 : 1;
  p.c1 = std::min(1.0, faster * few * 2 / ((n + 1.3) * (n + 1.3) + p.mueff));  // equation 57
  const double rank_mu = faster * 2 * (0.25 + p.mueff + 1 / p.mueff - 2) / ((n + 2) * (n + 2) + p.mueff);
  p.cmu = std::min(1 - p.c1, rank_mu);  // equation 58
}

// Equation 55 of the tutorial, with changes. c_sigma has pycma's 3 where the tutorial has 5, but not pycma's limit of
// 0.5: up to 3 % fewer evaluations (on the functions of tests/cma/data, medians of 101 to 201 seeds).
// d_sigma is pycma's (4.5): the tutorial's 1 + c_sigma while mueff is small. In large populations it rises up to three
// times as steeply as the tutorial's with sqrt(mueff / n), or the step size diverges on functions of two scales; in small
// dimensions just as steeply. With a share of 0.159 of mirrors, the best one, it is 0.5 less (Auger, Brockhoff & Hansen,
// GECCO 2011). docs/cma.md compares it with others.
void set_step_size_rates(parameters& p, double mirrors) {
  const double n = static_cast<double>(p.dimension);
  p.cs = (p.mueff + 2) / (n + p.mueff + 3);
  const double unmirrored = mirrors / (0.159 * static_cast<double>(p.popsize)) - 1;
  const double steeper = std::max(1.0, 3 * (1 - std::pow(0.5, n / 9)));
  p.damps = 0.5 + 0.5 * std::min(1.0, unmirrored * unmirrored) +
            2 * std::max(0.0, steeper * std::sqrt((p.mueff - 1) / (n + 1)) - 1) + p.cs;
  p.chi_n = std::sqrt(n) * (1 - 1 / (4 * n) + 1 / (21 * n * n));
}

}  // namespace

std::size_t default_popsize(std::size_t dimension) {
  return static_cast<std::size_t>(4 + std::floor(3 * std::log(static_cast<double>(dimension))));
}

double default_maxiter(std::size_t dimension, double popsize) {
  const double n = static_cast<double>(dimension);
  return 100 + std::floor(150 * (n + 3) * (n + 3) / std::sqrt(popsize));
}

void set_parameters(parameters& p, std::size_t dimension, std::size_t popsize, variant which) {
  p.dimension = dimension;
  p.popsize = popsize;
  p.mu = popsize / 2;
  set_raw_weights(p.weights, popsize);
  const std::span<double> positive = std::span(p.weights).first(p.mu);
  const std::span<double> negative = std::span(p.weights).subspan(p.mu);

  p.mueff = selection_mass(positive);
  set_covariance_rates(p, which.separable);
  set_step_size_rates(p, which.mirrors);

  scale(positive, 1 / sum(positive));
  const double total = -sum(negative);
  if (total > 0) scale(negative, which.active ? negative_sum(p, selection_mass(negative)) / total : 0.0);
}

parameters strategy_parameters(std::size_t dimension, std::size_t popsize, variant which) {
  if (dimension == 0) throw std::invalid_argument("cma: the dimension is 0; it must be at least 1");
  if (popsize < 2)
    throw std::invalid_argument("cma: popsize is " + std::to_string(popsize) + "; it must be at least 2");
  parameters p{};
  set_parameters(p, dimension, popsize, which);
  return p;
}

}  // namespace mobula::cma
