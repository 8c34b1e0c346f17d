#include "cma/state.hpp"

#include <algorithm>
#include <cmath>

namespace mobula::cma {
namespace {

// Decomposing C costs O(n^3), and C changes little in a generation when its learning rates are small. The tutorial
// waits 1 / (10 n (c_1 + c_mu)) generations (appendix B.2), Hansen's purecma five times as long. With purecma's gap the
// ellipsoid (n = 40) took 0.2 % more evaluations than with the tutorial's, with twice purecma's 0.4 % (medians of 121
// seeds). Half of purecma's it is.
bool is_due(const search_state& s, const parameters& p) {
  const double gap = s.diagonal ? 0 : 1 / (4 * static_cast<double>(p.dimension) * (p.c1 + p.cmu));
  return static_cast<double>(s.generation - s.decomposed) > gap;
}

}  // namespace

search_state::search_state(const vector& start, double sigma0, const vector& units, bool is_diagonal)
    : mean(start),
      sigma(sigma0),
      scale(units),
      p_sigma(vector::Zero(start.size())),
      p_c(p_sigma),
      stds(sigma0 * units),
      C(is_diagonal ? diagonal_covariance(start.size()) : full_covariance(start.size())),
      diagonal(is_diagonal),
      factors(stds),
      turned(stds) {}

void search_state::decompose_if_due(const parameters& p) {
  if (!is_due(*this, p)) return;
  C->decompose();
  equalize_coordinates();
  decomposed = generation;
}

// pycma's `conditioncov_alleviate`, its first number: C becomes a correlation matrix when its diagonal spans more than
// 1e8. S C S stays what it is, so variables in very different units leave C well-conditioned. The paths go with it: p_c
// as S p_c stays, and p_sigma, which is in the coordinates of C^(-1/2) S^(-1), as S C^(1/2) p_sigma stays. pycma lets
// p_sigma point elsewhere.
void search_state::equalize_coordinates() {
  constexpr double widest = 1e8;
  C->variances(factors);
  if (!(factors.maxCoeff() > widest * factors.minCoeff()) || !(factors.minCoeff() > 0)) return;
  factors = factors.cwiseSqrt();
  const auto turn = [this](vector& path) {
    path.setZero();
    C->add_rotated(1, turned, path);
  };
  C->whiten(p_sigma, turned);  // B D B^T p_sigma, with B D^-1 B^T at hand
  turned = turned.cwiseProduct(C->lengths().cwiseAbs2());
  turn(p_sigma);
  C->rescale(factors);
  p_sigma = p_sigma.cwiseQuotient(factors);
  C->whiten(p_sigma, turned);
  turn(p_sigma);
  p_c = p_c.cwiseQuotient(factors);
  scale = scale.cwiseProduct(factors);
}

void search_state::limit_stds(const vector& least, const vector& greatest) {
  C->variances(stds);
  stds = sigma * scale.cwiseProduct(stds.cwiseSqrt());
  for (eigen::Index i = 0; i < stds.size(); ++i) {
    const double limited = std::min(std::max(stds[i], least[i]), greatest[i]);
    if (limited == stds[i] || !(stds[i] > 0)) continue;
    scale[i] *= limited / stds[i];
    stds[i] = limited;
  }
}

void search_state::make_full() {
  C = full_covariance(*C, mean.size());
  diagonal = false;
}

void search_state::pass(archive& a) {
  bool was_diagonal = diagonal;
  a(was_diagonal);
  if (diagonal && !was_diagonal) {
    a.require_left(2 * static_cast<double>(mean.size()) * static_cast<double>(mean.size()));
    make_full();
  }
  archive::require(diagonal == was_diagonal, "C is diagonal where it can't be");
  a(mean, sigma, scale, p_sigma, p_c, stds, *C, generation, decomposed);
  if (!a.loading()) return;
  archive::require(mean.allFinite(), "the mean is not finite");
  archive::require(sigma > 0 && std::isfinite(sigma), "sigma is not positive and finite");
  archive::require((scale.array() > 0).all() && scale.allFinite(), "a unit is not positive and finite");
  archive::require(p_sigma.allFinite() && p_c.allFinite(), "an evolution path is not finite");
  archive::require((stds.array() >= 0).all() && stds.allFinite(), "a standard deviation is negative or not finite");
  archive::require(decomposed <= generation, "C was decomposed in a generation that has not been");
}

}  // namespace mobula::cma
