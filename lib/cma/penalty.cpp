#include "cma/penalty.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "cma/median.hpp"

namespace mobula::cma {

penalty::penalty(const coordinates& space, std::size_t popsize)
    : space_(space),
      gamma_(space.dimension(), 1.0),
      history_(20 + 3 * space.dimension() / popsize, 0.0),
      sorted_(history_.size()),
      variances_(vector::Zero(static_cast<eigen::Index>(space.dimension()))) {}

void penalty::pass(archive& a) {
  a(gamma_, weighted_, history_, remembered_, generations_);
  const auto is_weight = [](double v) { return v >= 0 && std::isfinite(v); };
  archive::require(gamma_.size() == space_.dimension() && std::ranges::all_of(gamma_, is_weight),
                   "the penalty has not a weight for each variable");
  archive::require(history_.size() == sorted_.size() && std::ranges::all_of(history_, is_weight),
                   "the penalty remembers what it can't");
  archive::require(remembered_ <= generations_ && (!weighted_ || remembered_ > 0),
                   "the penalty remembers more generations than there were");
}

double penalty::of(const double* u) const {
  if (!weighted_) return 0;
  double sum = 0;
  for (std::size_t j = 0; j < gamma_.size(); ++j) {
    const double excess = space_.excess(j, u[j]);
    sum += gamma_[j] * excess * excess;
  }
  return sum / static_cast<double>(space_.full_dimension());
}

// The interquartile range of the values, against the mean variance.
void penalty::remember(std::span<const double> sorted_values, const search_state& s) {
  const std::size_t behind = sorted_values.size() + 1;
  const double upper = sorted_values[std::min(3 * behind / 4, sorted_values.size() - 1)];
  const double range = (upper - sorted_values[behind / 4]) / (s.sigma * s.sigma * variances_.mean());
  if (range == std::numeric_limits<double>::infinity() && remembered_ > 1) {
    const auto known = static_cast<std::ptrdiff_t>(std::min(remembered_, history_.size()));
    const double most = *std::max_element(history_.begin(), history_.begin() + known);
    history_[remembered_++ % history_.size()] = most;
  } else if (std::isfinite(range) && range > 0) {
    history_[remembered_++ % history_.size()] = range;
  }
}

double penalty::typical_difference() {
  const std::size_t known = std::min(remembered_, history_.size());
  std::copy_n(history_.begin(), known, sorted_.begin());
  return median(std::span(sorted_).first(known));
}

void penalty::adapt(std::span<const double> sorted_values, const search_state& s, double mueff) {
  s.C->variances(variances_);
  variances_ = variances_.cwiseProduct(s.scale.cwiseAbs2());
  remember(sorted_values, s);
  ++generations_;
  if (remembered_ == 0) return;  // no two finite values that differ, ever
  const double difference = typical_difference();
  const double n = static_cast<double>(gamma_.size());

  bool outside = false;
  for (std::size_t j = 0; j < gamma_.size(); ++j) {
    outside = outside || space_.excess(j, s.mean[static_cast<eigen::Index>(j)]) != 0;
  }
  if (outside && (!weighted_ || generations_ == 2)) {
    std::fill(gamma_.begin(), gamma_.end(), 2 * difference);
    weighted_ = true;
  }
  if (!weighted_) return;

  const double damping = std::min(1.0, mueff / (10 * n));
  for (std::size_t j = 0; j < gamma_.size(); ++j) {
    const auto i = static_cast<eigen::Index>(j);
    const double std = s.sigma * std::sqrt(variances_[i]);
    const double distance = std::abs(space_.excess(j, s.mean[i]) / space_.unit(j)) / std;
    const double far = distance - 3 * std::max(1.0, std::sqrt(n) / mueff);
    if (far > 0) gamma_[j] *= std::exp(damping * std::tanh(far / 3) / 2);
    if (gamma_[j] > 5 * difference) gamma_[j] *= std::exp(-damping / 3);
  }
}

}  // namespace mobula::cma
