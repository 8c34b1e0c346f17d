// Generations of the algorithm beside the equations of the tutorial (arXiv:1604.00772), in two dimensions, where each
// of them can be written out: C^(-1/2) in closed form, and no product but of numbers.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <vector>

#include "cma/covariance.hpp"
#include "cma/population.hpp"
#include "cma/state.hpp"
#include "cma/update.hpp"
#include "support/catch.hpp"

namespace cma = mobula::cma;

namespace {

constexpr std::size_t n = 2;
constexpr std::size_t lambda = 6;

using pair = std::array<double, n>;

// A symmetric matrix (a b; b c).
struct symmetric {
  double a, b, c;
};

// C^(1/2) = (C + sqrt(det C) I) / sqrt(tr C + 2 sqrt(det C)), and the inverse of that.
pair inverse_root_times(const symmetric& m, const pair& y) {
  const double root = std::sqrt(m.a * m.c - m.b * m.b);
  const double t = std::sqrt(m.a + m.c + 2 * root);
  const symmetric r{(m.a + root) / t, m.b / t, (m.c + root) / t};
  const double det = r.a * r.c - r.b * r.b;
  return {(r.c * y[0] - r.b * y[1]) / det, (r.a * y[1] - r.b * y[0]) / det};
}

double length(const pair& v) { return std::hypot(v[0], v[1]); }

// m, sigma, C, p_sigma, p_c and g, as the tutorial has them.
struct by_hand {
  pair m{1, -2};
  double sigma = 0.5;
  symmetric c{1, 0, 1};
  pair p_sigma{0, 0};
  pair p_c{0, 0};
  double g = 0;
  bool h_sigma = true;  // of the last generation

  // xs: best first
  void operator()(const cma::parameters& p, const std::vector<pair>& xs) {
    std::vector<pair> y;
    for (const pair& x : xs) y.push_back({(x[0] - m[0]) / sigma, (x[1] - m[1]) / sigma});  // equation 40
    pair step{0, 0};
    for (std::size_t i = 0; i < p.mu; ++i)  // equation 41
      for (std::size_t j = 0; j < n; ++j) step[j] += p.weights[i] * y[i][j];
    for (std::size_t j = 0; j < n; ++j) m[j] += sigma * step[j];  // equation 42

    const pair turned = inverse_root_times(c, step);
    for (std::size_t j = 0; j < n; ++j)  // equation 43
      p_sigma[j] = (1 - p.cs) * p_sigma[j] + std::sqrt(p.cs * (2 - p.cs) * p.mueff) * turned[j];
    // E||N(0, I)|| as the tutorial approximates it
    const double expected = std::sqrt(2.0) * (1 - 1 / (4 * 2.0) + 1 / (21 * 4.0));
    sigma *= std::exp(p.cs / p.damps * (length(p_sigma) / expected - 1));  // equation 44

    const double warm = std::sqrt(1 - std::pow(1 - p.cs, 2 * (g + 1)));
    h_sigma = length(p_sigma) / warm < (1.4 + 2 / (n + 1.0)) * expected;
    for (std::size_t j = 0; j < n; ++j)  // equation 45
      p_c[j] = (1 - p.cc) * p_c[j] + (h_sigma ? std::sqrt(p.cc * (2 - p.cc) * p.mueff) * step[j] : 0);
    learn(p, y);
    ++g;
  }

  void learn(const cma::parameters& p, const std::vector<pair>& y) {
    const double delta = h_sigma ? 0 : p.cc * (2 - p.cc);
    double sum = 0;
    for (const double w : p.weights) sum += w;
    const double keep = 1 + p.c1 * delta - p.c1 - p.cmu * sum;
    symmetric next{keep * c.a, keep * c.b, keep * c.c};
    const auto add = [&next](double factor, const pair& v) {
      next.a += factor * v[0] * v[0];
      next.b += factor * v[0] * v[1];
      next.c += factor * v[1] * v[1];
    };
    add(p.c1, p_c);
    for (std::size_t i = 0; i < y.size(); ++i) {  // equations 46 and 47
      const double w = p.weights[i];
      add(p.cmu * (w >= 0 ? w : w * n / std::pow(length(inverse_root_times(c, y[i])), 2)), y[i]);
    }
    c = next;
  }
};

// A function of its own, or g++ 12 takes the bounds for uninitialised.
[[gnu::noinline]] cma::options few() { return {.popsize = lambda, .seed = 3}; }

// The library's own state beside that, told the same solutions.
struct both {
  const cma::options settings = few();
  cma::coordinates space{std::array<double, n>{1, -2}, settings};
  cma::parameters p = cma::strategy_parameters(n, lambda);
  cma::search_state s{space.start(), 0.5, cma::vector::Ones(n), false};
  cma::population candidates{space, settings};
  cma::updater update{n, lambda, 0};
  by_hand hand = {};

  void draw() { candidates.draw_generation(s, p, lambda); }

  // The candidates in the order of what is told; the same for both.
  template <class Value>
  void learn(Value value) {
    std::vector<std::uint32_t> ranked{0, 1, 2, 3, 4, 5};
    std::sort(ranked.begin(), ranked.end(),
              [&](std::uint32_t a, std::uint32_t b) { return value(x(a)) < value(x(b)); });
    std::vector<pair> xs;
    for (const std::uint32_t k : ranked) xs.push_back(x(k));
    update(s, p, candidates, ranked);
    hand(p, xs);
  }

  [[nodiscard]] pair x(std::uint32_t k) const { return {candidates.x(k)[0], candidates.x(k)[1]}; }

  void check_alike() const {
    const auto alike = [](double a, double b) { return std::abs(a - b) <= 1e-10 * std::max(1.0, std::abs(b)); };
    cma::matrix c(n, n);
    s.C->write(c);
    CHECK(alike(s.sigma, hand.sigma));
    for (int j = 0; j < 2; ++j) {
      const auto i = static_cast<std::size_t>(j);
      CHECK(alike(s.mean[j], hand.m[i]));
      CHECK(alike(s.p_sigma[j], hand.p_sigma[i]));
      CHECK(alike(s.p_c[j], hand.p_c[i]));
    }
    CHECK(alike(c(0, 0), hand.c.a));
    CHECK(alike(c(0, 1), hand.c.b));
    CHECK(alike(c(1, 0), hand.c.b));
    CHECK(alike(c(1, 1), hand.c.c));
  }
};

}  // namespace

TEST_CASE("mean, paths, C and sigma of each generation are what the tutorial's equations give", "[cma]") {
  both run;
  int stalled = 0;
  for (int g = 0; g < 12; ++g) {
    run.draw();
    run.learn([](const pair& x) { return x[0] + 3 * x[1]; });  // a slope: p_sigma grows until h_sigma is 0
    run.check_alike();
    stalled += run.hand.h_sigma ? 0 : 1;
  }
  CHECK(stalled > 0);
  for (int g = 0; g < 40; ++g) {
    run.draw();
    run.learn([](const pair& x) { return x[0] * x[0] + 100 * x[1] * x[1]; });
    run.check_alike();
  }
}

// The limit of || p_sigma || rises with g, as the path has less of its variance at first. The path is set so that the
// generation leaves it a hair above and a hair below the limit.
TEST_CASE("h_sigma's limit warms up over the generations as the tutorial says", "[cma]") {
  for (int generations = 1; generations <= 6; ++generations) {
    for (const double share : {0.999, 1.001}) {
      CAPTURE(generations, share);
      both run;
      const auto f = [](const pair& x) { return x[0] * x[0] + x[1] * x[1]; };
      for (int g = 1; g < generations; ++g) {
        run.draw();
        run.learn(f);
      }
      run.draw();
      both known = {};  // what the generation adds to a path of 0
      for (int g = 1; g < generations; ++g) {
        known.draw();
        known.learn(f);
      }
      known.draw();
      known.hand.p_sigma = {0, 0};
      known.learn(f);
      const double expected = std::sqrt(2.0) * (1 - 1 / 8.0 + 1 / 84.0);
      const double limit =
          std::sqrt(1 - std::pow(1 - run.p.cs, 2.0 * generations)) * (1.4 + 2 / 3.0) * expected * share;
      for (std::size_t j = 0; j < n; ++j) {
        const double added = known.hand.p_sigma[j];
        run.hand.p_sigma[j] = (added / length(known.hand.p_sigma) * limit - added) / (1 - run.p.cs);
        run.s.p_sigma[static_cast<int>(j)] = run.hand.p_sigma[j];
      }
      run.learn(f);
      CHECK(run.hand.h_sigma == (share < 1));
      run.check_alike();
    }
  }
}
