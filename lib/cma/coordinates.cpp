#include "cma/coordinates.hpp"

#include <stdexcept>
#include <string>

#include "cma/infinity.hpp"
#include "cma/number_text.hpp"

namespace mobula::cma {

coordinates::coordinates(std::span<const double> x0, const options& settings) : x0_(x0.begin(), x0.end()) {
  std::vector<bool> fixed(x0.size(), false);
  for (const fixed_variable& variable : *settings.fixed_variables) {
    fixed[variable.index] = true;
    x0_[variable.index] = variable.value;
  }
  for (std::size_t i = 0; i < x0.size(); ++i) {
    if (fixed[i]) continue;
    free_.push_back(i);
    units_.push_back(settings.scaling_of_variables.of(i, 1));
    bounds_.emplace_back(settings.bounds.lower.of(i, -infinity), settings.bounds.upper.of(i, infinity));
    bounded_ = bounded_ || bounds_.back().bounded();
    identity_ = identity_ && units_.back() == 1;
  }
  if (free_.empty()) throw std::invalid_argument("cma: all variables are fixed; at least one must be free");
  identity_ = identity_ && !bounded_ && free_.size() == x0.size();
  clipping_ = bounded_ && settings.bounds.handling == bound_handling::penalty;
  start_.resize(static_cast<eigen::Index>(free_.size()));
  to_u(x0_, start_);
}

void coordinates::to_x(const double* u, double* x) const {
  if (free_.size() < x0_.size()) std::copy(x0_.begin(), x0_.end(), x);
  for (std::size_t j = 0; j < free_.size(); ++j) {
    const double free = units_[j] * u[j];
    x[free_[j]] = !bounded_ || !bounds_[j].bounded() ? free : clipping_ ? bounds_[j].clip(free) : bounds_[j].map(free);
  }
}

void coordinates::to_u(std::span<const double> x, vector& u) const {
  for (std::size_t j = 0; j < free_.size(); ++j) {
    const std::size_t i = free_[j];
    if (bounded_ && !bounds_[j].contains(x[i])) {
      throw std::invalid_argument("cma: x[" + std::to_string(i) + "] is " + number_text(x[i]) +
                                  ", outside its bounds [" + number_text(bounds_[j].lower()) + ", " +
                                  number_text(bounds_[j].upper()) + "]");
    }
    const double free = bounded_ && bounds_[j].bounded() && !clipping_ ? bounds_[j].unmap(x[i]) : x[i];
    u[static_cast<eigen::Index>(j)] = free / units_[j];
  }
}

void coordinates::to_x_stds(const vector& stds, vector& out) const {
  out.setZero();
  for (std::size_t j = 0; j < free_.size(); ++j) {
    out[static_cast<eigen::Index>(free_[j])] = units_[j] * stds[static_cast<eigen::Index>(j)];
  }
}

}  // namespace mobula::cma
