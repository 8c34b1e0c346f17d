#include "cma/normal_sampler.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "support/catch.hpp"

namespace cma = mobula::cma;

namespace {

std::vector<double> normals(cma::sample_id id, std::size_t count) {
  std::vector<double> out(count);
  cma::standard_normals(id, out);
  return out;
}

// One long sample, put together as optimizers do: many candidates of few numbers each.
const std::vector<double>& sample() {
  static const std::vector<double> numbers = [] {
    constexpr std::size_t columns = 100'000;
    constexpr std::size_t length = 30;
    std::vector<double> all(columns * length);
    for (std::size_t k = 0; k < columns; ++k) {
      cma::standard_normals({7, k / 500, k % 500}, {all.data() + k * length, length});
    }
    return all;
  }();
  return numbers;
}

double mean_power(int power) {
  double sum = 0;
  for (const double x : sample()) sum += std::pow(x, power);
  return sum / static_cast<double>(sample().size());
}

double normal_cdf(double x) { return std::erfc(-x / std::sqrt(2.0)) / 2; }

}  // namespace

TEST_CASE("moments are those of the normal distribution", "[cma]") {
  // Each bound is five standard errors: the variance of x^p is E x^2p - (E x^p)^2.
  const double unit = 5 / std::sqrt(static_cast<double>(sample().size()));
  CHECK(std::abs(mean_power(1)) < unit);
  CHECK(std::abs(mean_power(2) - 1) < unit * std::sqrt(2.0));
  CHECK(std::abs(mean_power(3)) < unit * std::sqrt(15.0));
  CHECK(std::abs(mean_power(4) - 3) < unit * std::sqrt(96.0));
  CHECK(std::abs(mean_power(6) - 15) < unit * std::sqrt(10170.0));
}

TEST_CASE("the empirical distribution function is the normal one", "[cma]") {
  std::vector<double> sorted = sample();
  std::sort(sorted.begin(), sorted.end());
  const double n = static_cast<double>(sorted.size());
  double distance = 0;
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    const double cdf = normal_cdf(sorted[i]);
    distance = std::max({distance, cdf - static_cast<double>(i) / n, static_cast<double>(i + 1) / n - cdf});
  }
  // Kolmogorov and Smirnov: P(sqrt(n) D > 2.3) is about 5e-5.
  CHECK(std::sqrt(n) * distance < 2.3);
}

TEST_CASE("both tails have the weight they should, also beyond the ziggurat's base", "[cma]") {
  const double n = static_cast<double>(sample().size());
  for (const double bound : {2.0, 3.0, 3.5, 3.6541528853610088, 4.0, 4.5}) {
    const double expected = n * normal_cdf(-bound);
    const auto right = std::count_if(sample().begin(), sample().end(), [&](double x) { return x > bound; });
    const auto left = std::count_if(sample().begin(), sample().end(), [&](double x) { return x < -bound; });
    CAPTURE(bound, expected, left, right);
    CHECK(std::abs(static_cast<double>(right) - expected) < 5 * std::sqrt(expected));
    CHECK(std::abs(static_cast<double>(left) - expected) < 5 * std::sqrt(expected));
  }
}

TEST_CASE("the distribution is right between the layers, in a hundred equally likely cells", "[cma]") {
  std::vector<double> cells(100);
  for (const double x : sample()) ++cells[std::min<std::size_t>(99, static_cast<std::size_t>(100 * normal_cdf(x)))];
  const double expected = static_cast<double>(sample().size()) / 100;
  double chi2 = 0;
  for (const double count : cells) chi2 += (count - expected) * (count - expected) / expected;
  CHECK(chi2 < 99 + 5 * std::sqrt(2 * 99.0));
}

TEST_CASE("the same names give the same numbers, whatever was drawn in between", "[cma]") {
  const std::vector<double> first = normals({3, 4, 5}, 17);
  normals({3, 4, 6}, 100);
  CHECK(normals({3, 4, 5}, 17) == first);
}

TEST_CASE("seed, generation and candidate each change every number", "[cma]") {
  const std::vector<double> reference = normals({3, 4, 5}, 50);
  for (const cma::sample_id other : {cma::sample_id{4, 4, 5}, {3, 5, 5}, {3, 4, 6}, {3, 5, 4}, {5, 4, 3}}) {
    const std::vector<double> numbers = normals(other, 50);
    for (std::size_t i = 0; i < numbers.size(); ++i) CHECK(numbers[i] != reference[i]);
  }
}

TEST_CASE("coordinates of neighbouring candidates and generations are uncorrelated", "[cma]") {
  constexpr std::size_t pairs = 20'000;
  double by_candidate = 0;
  double by_generation = 0;
  double by_coordinate = 0;
  for (std::uint64_t k = 0; k < pairs; ++k) {
    const std::vector<double> here = normals({1, k, k}, 2);
    by_candidate += here[0] * normals({1, k, k + 1}, 2)[0];
    by_generation += here[0] * normals({1, k + 1, k}, 2)[0];
    by_coordinate += here[0] * here[1];
  }
  const double bound = 5 * std::sqrt(static_cast<double>(pairs));
  CHECK(std::abs(by_candidate) < bound);
  CHECK(std::abs(by_generation) < bound);
  CHECK(std::abs(by_coordinate) < bound);
}

TEST_CASE("no number is zero, infinite or NaN", "[cma]") {
  CHECK(std::all_of(sample().begin(), sample().end(), [](double x) { return std::isfinite(x) && x != 0; }));
}

TEST_CASE("any length can be drawn", "[cma]") {
  for (std::size_t length = 0; length < 20; ++length) CHECK(normals({1, 2, 3}, length).size() == length);
}
