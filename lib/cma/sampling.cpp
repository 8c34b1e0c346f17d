#include <cstddef>

#include "cma/normal_sampler.hpp"
#include "cma/products.hpp"
#include "cma/state.hpp"

namespace mobula::cma {
namespace {

using eigen::Index;

// Decomposing C costs O(n^3), and C changes little in a generation when its learning rates are small. The tutorial
// waits 1 / (10 n (c_1 + c_mu)) generations (appendix B.2), Hansen's purecma five times as long. With purecma's gap the
// ellipsoid (n = 40) took 0.2 % more evaluations than with the tutorial's, with twice purecma's 0.4 % (medians of 121
// seeds). Half of purecma's it is.
bool is_due(const search_state& s, const parameters& p) {
  const double gap = 1 / (4 * static_cast<double>(p.dimension) * (p.c1 + p.cmu));
  return static_cast<double>(s.generation - s.decomposed) > gap;
}

}  // namespace

search_state::search_state(std::span<const double> x0, double sigma0)
    : mean(eigen::Map<const vector>(x0.data(), static_cast<Index>(x0.size()))),
      sigma(sigma0),
      C(matrix::Identity(mean.size(), mean.size())),
      p_sigma(vector::Zero(mean.size())),
      p_c(vector::Zero(mean.size())),
      stds(vector::Constant(mean.size(), sigma0)),
      axes(mean.size()) {}

population::population(std::size_t dimension, std::size_t popsize)
    : z(matrix::Zero(static_cast<Index>(dimension), static_cast<Index>(popsize))),
      y(z),
      x(z),
      squared_length(vector::Zero(z.cols())) {}

void sample(search_state& s, const parameters& p, std::uint64_t seed, population& candidates) {
  if (is_due(s, p)) {
    s.axes.decompose(s.C);
    s.decomposed = s.generation;
  }
  const auto generation = static_cast<std::uint64_t>(s.generation);
  for (std::size_t k = 0; k < p.popsize; ++k) {
    double* const column = candidates.z.col(static_cast<Index>(k)).data();
    standard_normals({seed, generation, k}, {column, p.dimension});  // equation 38
  }
  candidates.squared_length = candidates.z.colwise().squaredNorm();
  candidates.y.setZero();
  add_product(s.axes.square_root(), candidates.z, candidates.y);         // equation 39
  candidates.x.noalias() = (s.sigma * candidates.y).colwise() + s.mean;  // equation 40
}

}  // namespace mobula::cma
