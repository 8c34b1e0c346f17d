// Own time of one CMA-ES generation, ask and tell without the evaluations, next to a bare serial one in Eigen that does
// the same arithmetic the straightforward way.

#include <benchmark/benchmark.h>
#include <mobula/cma/optimizer.hpp>

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>
#include <vector>

namespace cma = mobula::cma;

namespace {

template <class Columns>
void sphere(Columns const& xs, std::vector<double>& fs) {
  for (Eigen::Index i = 0; i < xs.cols(); ++i) fs[std::size_t(i)] = (xs.col(i).array() - 3.0).square().sum();
}

void mobula_generation(benchmark::State& state) {
  auto const n = state.range(0), popsize = state.range(1);
  std::vector<double> fs(static_cast<std::size_t>(popsize));
  auto const start = [&] {
    return cma::optimizer(std::vector<double>(std::size_t(n), 0.0), 0.1, {.popsize = popsize, .seed = 7});
  };
  auto es = start();
  int generation = 0;
  for (auto _ : state) {
    auto& xs = es.ask();
    state.PauseTiming();
    sphere(xs, fs);
    state.ResumeTiming();
    es.tell(fs);
    if (++generation == 200) {
      state.PauseTiming();
      generation = 0;
      es = start();
      state.ResumeTiming();
    }
  }
}

// The tutorial's equations, one candidate after the other, with the standard library's normals.
void eigen_generation(benchmark::State& state) {
  auto const n = state.range(0), popsize = state.range(1), mu = popsize / 2;
  Eigen::VectorXd weights(mu);
  for (Eigen::Index i = 0; i < mu; ++i) weights[i] = std::log(double(popsize + 1) / 2) - std::log(double(i + 1));
  weights /= weights.sum();
  double const mueff = 1 / weights.squaredNorm();
  double const cc = 4.0 / double(n + 4), c1 = 2 / (std::pow(double(n) + 1.3, 2) + mueff);
  double const cmu = std::min(1 - c1, 2 * (mueff - 2 + 1 / mueff) / (std::pow(double(n) + 2, 2) + mueff));
  double const cs = (mueff + 2) / (double(n) + mueff + 5), damps = 1 + cs;
  double const chi = std::sqrt(double(n)) * (1 - 1.0 / (4.0 * double(n)));
  Eigen::VectorXd mean, ps, pc, d;
  Eigen::MatrixXd c, b, ys(n, popsize), xs(n, popsize);
  double sigma = 0;
  auto const start = [&] {
    mean = ps = pc = Eigen::VectorXd::Zero(n);
    c = b = Eigen::MatrixXd::Identity(n, n);
    d = Eigen::VectorXd::Ones(n);
    sigma = 0.1;
  };
  start();
  std::mt19937_64 random(7);
  std::normal_distribution<double> normal;
  std::vector<double> fs(static_cast<std::size_t>(popsize));
  std::vector<Eigen::Index> order(static_cast<std::size_t>(popsize));
  int generation = 0;
  for (auto _ : state) {
    for (Eigen::Index k = 0; k < popsize; ++k) {
      Eigen::VectorXd z(n);
      for (auto& x : z) x = normal(random);
      ys.col(k) = b * d.cwiseProduct(z);
      xs.col(k) = mean + sigma * ys.col(k);
    }
    state.PauseTiming();
    sphere(xs, fs);
    state.ResumeTiming();
    std::iota(order.begin(), order.end(), 0);
    std::sort(order.begin(), order.end(), [&](auto i, auto j) { return fs[std::size_t(i)] < fs[std::size_t(j)]; });
    Eigen::VectorXd step = Eigen::VectorXd::Zero(n);
    for (Eigen::Index i = 0; i < mu; ++i) step += weights[i] * ys.col(order[std::size_t(i)]);
    mean += sigma * step;
    ps = (1 - cs) * ps + std::sqrt(cs * (2 - cs) * mueff) * (b * (b.transpose() * step).cwiseQuotient(d));
    pc = (1 - cc) * pc + std::sqrt(cc * (2 - cc) * mueff) * step;
    c *= 1 - c1 - cmu;
    c += c1 * pc * pc.transpose();
    for (Eigen::Index i = 0; i < mu; ++i) {
      auto const y = ys.col(order[std::size_t(i)]);
      c += cmu * weights[i] * y * y.transpose();
    }
    sigma *= std::exp(cs / damps * (ps.norm() / chi - 1));
    Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> const solver(c);
    b = solver.eigenvectors();
    d = solver.eigenvalues().cwiseMax(1e-300).cwiseSqrt();
    if (++generation == 200) {
      state.PauseTiming();
      generation = 0;
      start();
      state.ResumeTiming();
    }
  }
}

void configure(benchmark::internal::Benchmark* b) {
  b->Args({30, 500})->Args({100, 200})->Args({10, 12})->ArgNames({"n", "popsize"})->Unit(benchmark::kMicrosecond);
}

}  // namespace

BENCHMARK(mobula_generation)->Apply(configure);
BENCHMARK(eigen_generation)->Apply(configure);

BENCHMARK_MAIN();
