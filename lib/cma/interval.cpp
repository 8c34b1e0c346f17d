#include "cma/interval.hpp"

#include <algorithm>
#include <cmath>

namespace mobula::cma {
namespace {

double margin(double bound, double width) {
  return std::isfinite(bound) ? std::min(width / 2, std::max(1.0, std::abs(bound)) / 20) : 1;
}

}  // namespace

interval::interval(double lower, double upper)
    : lower_(lower), upper_(upper), below_(margin(lower, upper - lower)), above_(margin(upper, upper - lower)) {}

bool interval::bounded() const noexcept { return std::isfinite(lower_) || std::isfinite(upper_); }

double interval::clip(double y) const noexcept { return std::clamp(y, lower_, upper_); }

double interval::map(double y) const noexcept {
  const double half = (upper_ - lower_) / 2;
  const double start = lower_ - 2 * below_ - half;  // in the middle between two images
  if (y < start || y > upper_ + 2 * above_ + half) {
    const double period = 2 * (upper_ - lower_ + below_ + above_);
    y -= period * std::floor((y - start) / period);
  }
  if (y > upper_ + above_) y = 2 * (upper_ + above_) - y;
  if (y < lower_ - below_) y = 2 * (lower_ - below_) - y;
  const double over = y - (lower_ - below_);
  const double under = upper_ + above_ - y;
  if (y < lower_ + below_) {
    y = lower_ + over * over / (4 * below_);
  } else if (y > upper_ - above_) {
    y = upper_ - under * under / (4 * above_);
  }
  return clip(y);  // which only rounding can make necessary
}

double interval::unmap(double x) const noexcept {
  if (x < lower_ + below_) return lower_ - below_ + 2 * std::sqrt(below_ * (x - lower_));
  if (x > upper_ - above_) return upper_ + above_ - 2 * std::sqrt(above_ * (upper_ - x));
  return x;
}

}  // namespace mobula::cma
