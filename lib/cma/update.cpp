#include "cma/update.hpp"

#include <algorithm>
#include <cmath>

#include "cma/rates.hpp"

namespace mobula::cma {

using eigen::Index;

updater::updater(std::size_t dimension, std::size_t popsize, double active_injected)
    : n_(static_cast<double>(dimension)),
      active_injected_(active_injected),
      recombination_(vector::Zero(static_cast<Index>(popsize))),
      adaptation_(recombination_),
      seen_(popsize),
      mean_step_y_(vector::Zero(static_cast<Index>(dimension))),
      mean_step_z_(mean_step_y_) {}

void updater::operator()(search_state& s, const parameters& p, const population& candidates,
                         std::span<const std::uint32_t> ranked) {
  assign_weights(p, candidates, ranked);
  const auto weights = recombination_.head(static_cast<Index>(candidates.size()));
  mean_step_y_.noalias() = candidates.y() * weights;  // equation 41
  mean_step_z_.noalias() = candidates.z() * weights;
  s.mean += s.sigma * s.scale.cwiseProduct(mean_step_y_);  // equation 42, c_m = 1
  ++s.generation;
  update_step_size(s, p);
  update_covariance(s, p, candidates, path_is_short(s, p));
}

// Gives each candidate, at its column, the weights that its ranks earn: those of the mean, and those of the covariance
// matrix.
void updater::assign_weights(const parameters& p, const population& candidates, std::span<const std::uint32_t> ranked) {
  const auto size = static_cast<Index>(candidates.size());
  if (recombination_.size() < size) {
    recombination_.resize(size);
    adaptation_.resize(size);
    seen_.resize(candidates.size());
  }
  recombination_.head(size).setZero();
  adaptation_.head(size).setZero();
  std::fill(seen_.begin(), seen_.end(), false);
  sum_of_weights_ = 0;
  for (std::size_t rank = 0; rank < ranked.size(); ++rank) {
    const std::uint32_t k = ranked[rank];
    const double w = p.weights[rank] >= 0 ? p.weights[rank] : negative_weight(p.weights[rank], candidates, k);
    seen_[k] = true;
    sum_of_weights_ += w;
    if (rank < p.mu) recombination_[k] += p.weights[rank];
    adaptation_[k] += p.cmu * (w >= 0 ? w : w * n_ / candidates.squared_length(k));
  }
}

// A solution from outside may be bad wherever it comes from, and teaches that only as far as the options say. Of a
// mirrored pair the better one is learned from, and the other, whose step is the same, would take that back. All
// negative weights are scaled to a common length afterwards (equation 46): C^(-1/2) y is a rotation of z, and so as
// long.
double updater::negative_weight(double w, const population& candidates, std::uint32_t k) const {
  if (!(candidates.squared_length(k) > 0)) return 0;
  switch (candidates.came_from(k)) {
    case population::origin::injected: return w * active_injected_;
    case population::origin::mirrored: return 0;
    case population::origin::drawn: break;
  }
  const std::size_t partner = candidates.partner(k);
  return partner != k && seen_[partner] ? 0 : w;
}

void updater::update_step_size(search_state& s, const parameters& p) const {
  // Equation 43: C^(-1/2) <y>_w = B <z>_w.
  s.p_sigma *= 1 - p.cs;
  s.C->add_rotated(std::sqrt(p.cs * (2 - p.cs) * p.mueff), mean_step_z_, s.p_sigma);
  // Equation 44; a single generation may not enlarge sigma more than e-fold.
  const double change = p.cs / p.damps * (s.p_sigma.norm() / p.chi_n - 1);
  s.sigma = std::clamp(s.sigma * std::exp(std::min(1.0, change)), smallest_sigma, largest_sigma);
}

// h_sigma of equation 45: false while p_sigma is so long that sigma has to grow first.
bool updater::path_is_short(const search_state& s, const parameters& p) const {
  const double warm_up = 1 - std::pow(1 - p.cs, 2 * static_cast<double>(s.generation));
  return s.p_sigma.norm() / std::sqrt(warm_up) < (1.4 + 2 / (n_ + 1)) * p.chi_n;
}

void updater::update_covariance(search_state& s, const parameters& p, const population& candidates,
                                bool path_is_short) {
  s.p_c *= 1 - p.cc;  // equation 45
  if (path_is_short) s.p_c += std::sqrt(p.cc * (2 - p.cc) * p.mueff) * mean_step_y_;
  const double lost = path_is_short ? 0.0 : p.cc * (2 - p.cc);  // delta(h_sigma)
  // equation 47
  s.C->update(1 + p.c1 * lost - p.c1 - p.cmu * sum_of_weights_, p.c1, s.p_c, candidates.y(), adaptation_);
}

}  // namespace mobula::cma
