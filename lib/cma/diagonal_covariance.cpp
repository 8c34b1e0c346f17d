#include <limits>

#include "cma/covariance.hpp"

namespace mobula::cma {
namespace {

using eigen::Index;

constexpr double smallest_variance = 2 * std::numeric_limits<double>::epsilon();  // of the largest variance

// Separable CMA-ES (Ros & Hansen, "A simple modification in CMA-ES achieving linear time and space complexity", PPSN
// 2008): of every matrix the diagonal alone. B = I.
class diagonal final : public covariance {
 public:
  explicit diagonal(Index dimension) : c_(vector::Ones(dimension)), lengths_(c_) {}

  void decompose() override {
    const double floor = smallest_variance * c_.maxCoeff();
    if (!c_.allFinite() || !(floor > 0)) return;  // the last one stays
    c_ = c_.cwiseMax(floor);
    lengths_ = c_.cwiseSqrt();
  }

  void transform(const const_column_block& z, column_block y) override { y.noalias() = lengths_.asDiagonal() * z; }
  void whiten(const vector& y, vector& z) const override { z = y.cwiseQuotient(lengths_); }
  void add_rotated(double factor, const vector& z, vector& out) const override { out += factor * z; }

  void update(double keep, double c1, const vector& p, const const_column_block& y, const vector& weights) override {
    c_ = keep * c_ + c1 * p.cwiseAbs2();
    for (Index k = 0; k < y.cols(); ++k) c_ += weights[k] * y.col(k).cwiseAbs2();
  }

  void rescale(const vector& factors) override {
    c_.array() /= factors.array().square();
    decompose();
  }

  void variances(vector& out) const override { out = c_.cwiseMax(0.0); }
  [[nodiscard]] const vector& lengths() const override { return lengths_; }
  void axis(Index i, vector& out) const override { out = vector::Unit(c_.size(), i); }
  void write(matrix& out) const override { out = c_.asDiagonal(); }
  void pass(archive& a) override {
    a(c_, lengths_);
    if (!a.loading()) return;
    archive::require(c_.allFinite(), "C is not finite");
    archive::require((lengths_.array() > 0).all() && lengths_.allFinite(), "an axis has no positive, finite length");
  }

 private:
  vector c_;
  vector lengths_;
};

}  // namespace

std::unique_ptr<covariance> diagonal_covariance(Index dimension) { return std::make_unique<diagonal>(dimension); }

}  // namespace mobula::cma
