#include <algorithm>
#include <cmath>
#include <numeric>

#include "cma/products.hpp"
#include "cma/state.hpp"

namespace mobula::cma {

using eigen::Index;

namespace {

// Searches that nobody stopped drift this far: beyond lies what no double can hold.
constexpr double smallest_sigma = 1e-300;
constexpr double largest_sigma = 1e150;

}  // namespace

updater::updater(const parameters& p)
    : p_(p),
      n_(static_cast<double>(p.dimension)),
      sum_of_weights_(std::accumulate(p.weights.begin(), p.weights.end(), 0.0)),
      recombination_(vector::Zero(static_cast<Index>(p.popsize))),
      adaptation_(recombination_),
      mean_step_y_(vector::Zero(static_cast<Index>(p.dimension))),
      mean_step_z_(mean_step_y_),
      weighted_(matrix::Zero(mean_step_y_.size(), recombination_.size())) {}

void updater::operator()(search_state& s, const population& candidates, std::span<const std::uint32_t> order) {
  assign_weights(candidates, order);
  mean_step_y_.noalias() = candidates.y * recombination_;  // equation 41
  mean_step_z_.noalias() = candidates.z * recombination_;
  s.mean += s.sigma * mean_step_y_;  // equation 42, c_m = 1
  ++s.generation;
  update_step_size(s);
  update_covariance(s, candidates, path_is_short(s));
  s.stds = s.sigma * s.C.diagonal().cwiseMax(0.0).cwiseSqrt();  // rounding may go below 0
}

// Gives each candidate, at its column, the weights that its rank earns: those of the mean, and those of the covariance
// matrix, where the negative ones are scaled to a common length (equation 46). C^(-1/2) y is a rotation of the z drawn,
// and so as long.
void updater::assign_weights(const population& candidates, std::span<const std::uint32_t> order) {
  for (std::size_t rank = 0; rank < order.size(); ++rank) {
    const Index k = order[rank];
    const double w = p_.weights[rank];
    recombination_[k] = rank < p_.mu ? w : 0.0;
    adaptation_[k] = p_.cmu * (w >= 0 ? w : w * n_ / candidates.squared_length[k]);
  }
}

void updater::update_step_size(search_state& s) {
  // Equation 43: C^(-1/2) <y>_w = B <z>_w.
  s.p_sigma *= 1 - p_.cs;
  s.p_sigma.noalias() += std::sqrt(p_.cs * (2 - p_.cs) * p_.mueff) * (s.axes.axes() * mean_step_z_);
  // Equation 44; a single generation may not enlarge sigma more than e-fold.
  const double change = p_.cs / p_.damps * (s.p_sigma.norm() / p_.chi_n - 1);
  s.sigma = std::clamp(s.sigma * std::exp(std::min(1.0, change)), smallest_sigma, largest_sigma);
}

// h_sigma of equation 45: false while p_sigma is so long that sigma has to grow first.
bool updater::path_is_short(const search_state& s) const {
  const double warm_up = 1 - std::pow(1 - p_.cs, 2 * static_cast<double>(s.generation));
  return s.p_sigma.norm() / std::sqrt(warm_up) < (1.4 + 2 / (n_ + 1)) * p_.chi_n;
}

void updater::update_covariance(search_state& s, const population& candidates, bool path_is_short) {
  s.p_c *= 1 - p_.cc;  // equation 45
  if (path_is_short) s.p_c += std::sqrt(p_.cc * (2 - p_.cc) * p_.mueff) * mean_step_y_;
  const double lost = path_is_short ? 0.0 : p_.cc * (2 - p_.cc);  // delta(h_sigma)

  weighted_.noalias() = candidates.y * adaptation_.asDiagonal();  // equation 47
  s.C *= 1 + p_.c1 * lost - p_.c1 - p_.cmu * sum_of_weights_;
  s.C.selfadjointView<eigen::Lower>().rankUpdate(s.p_c, p_.c1);
  add_symmetric_product(weighted_, candidates.y, s.C);
}

}  // namespace mobula::cma
