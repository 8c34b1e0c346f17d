#include "cma/covariance.hpp"
#include "cma/eigensystem.hpp"
#include "cma/products.hpp"

namespace mobula::cma {
namespace {

using eigen::Index;

class full final : public covariance {
 public:
  explicit full(Index dimension) : c_(matrix::Identity(dimension, dimension)), axes_(dimension) {}

  full(const covariance& diagonal, Index dimension) : full(dimension) {
    diagonal.write(c_);
    axes_.decompose(c_);
  }

  void decompose() override { axes_.decompose(c_); }

  void transform(const const_column_block& z, column_block y) override {
    y.setZero();
    add_product(axes_.square_root(), z, y);
  }

  void whiten(const vector& y, vector& z) const override {
    z.noalias() = axes_.axes().transpose() * y;
    z.array() /= axes_.lengths().array();
  }

  void add_rotated(double factor, const vector& z, vector& out) const override {
    out.noalias() += factor * (axes_.axes() * z);
  }

  // The weighted sum is the product of the columns, each times its weight, with the columns.
  void update(double keep, double c1, const vector& p, const const_column_block& y, const vector& weights) override {
    if (weighted_.cols() < y.cols()) weighted_.resize(y.rows(), y.cols());
    auto weighted = weighted_.leftCols(y.cols());
    weighted.noalias() = y * weights.head(y.cols()).asDiagonal();
    c_ *= keep;
    c_.selfadjointView<eigen::Lower>().rankUpdate(p, c1);
    add_symmetric_product(weighted, y, c_);
  }

  void rescale(const vector& factors) override {
    for (Index j = 0; j < c_.cols(); ++j) c_.col(j).array() /= factors.array() * factors[j];
    axes_.decompose(c_);
  }

  void variances(vector& out) const override { out = c_.diagonal().cwiseMax(0.0); }  // rounding may go below 0
  [[nodiscard]] const vector& lengths() const override { return axes_.lengths(); }
  void axis(Index i, vector& out) const override { out = axes_.axes().col(i); }

  void write(matrix& out) const override {
    out.triangularView<eigen::Lower>() = c_;
    out.triangularView<eigen::StrictlyUpper>() = c_.transpose();
  }

  void pass(archive& a) override {
    a(c_, axes_);
    archive::require(c_.allFinite() || !a.loading(), "C is not finite");
  }

 private:
  matrix c_;  // only its lower triangle is kept up
  eigensystem axes_;
  matrix weighted_;  // as many columns as there ever were
};

}  // namespace

std::unique_ptr<covariance> full_covariance(Index dimension) { return std::make_unique<full>(dimension); }

std::unique_ptr<covariance> full_covariance(const covariance& diagonal, Index dimension) {
  return std::make_unique<full>(diagonal, dimension);
}

}  // namespace mobula::cma
