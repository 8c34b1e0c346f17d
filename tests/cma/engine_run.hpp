#pragma once

#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <span>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "mobula/cma/engine.hpp"

// Runs of the engine itself: no Eigen, so these tests compile quickly.
namespace cma_test {

namespace cma = mobula::cma;

using point = std::span<const double>;
using objective = std::function<double(point)>;

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

inline double sphere(point x) {
  double sum = 0;
  for (const double v : x) sum += v * v;
  return sum;
}

inline double ellipsoid(point x) {
  double sum = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    sum += std::pow(1e6, static_cast<double>(i) / static_cast<double>(x.size() - 1)) * x[i] * x[i];
  }
  return sum;
}

/// The values of candidates that stand one after the other.
inline std::vector<double> values_of(const objective& f, std::span<const double> xs, std::size_t n) {
  std::vector<double> values;
  for (std::size_t i = 0; i < xs.size(); i += n) values.push_back(f(xs.subspan(i, n)));
  return values;
}

inline void step(cma::engine& es, const objective& f) { es.tell(values_of(f, es.ask(), es.dimension())); }

/// All options that stop a run off.
inline cma::options never(cma::options settings = {}) {
  settings.maxiter = infinity;
  settings.tolx = settings.tolfun = settings.tolfunhist = settings.tolxstagnation = settings.tolfacupx = 0;
  settings.tolupsigma = settings.tolconditioncov = settings.noeffectaxis = settings.noeffectcoord = 0;
  settings.tolstagnation = settings.tolflatfitness = infinity;
  return settings;
}

/// All that a run has come to, by its bits.
inline std::string fingerprint(const cma::engine& es) {
  std::ostringstream out;
  const auto add = [&out](double v) { out << std::hex << std::bit_cast<std::uint64_t>(v) << ' '; };
  for (const auto numbers : {es.best_x(), es.mean(), es.stds(), es.axis_lengths()}) {
    for (const double v : numbers) add(v);
  }
  add(es.best_f());
  add(es.sigma());
  out << std::dec << es.best_evaluation() << ' ' << es.best_iteration() << ' ' << es.evaluations() << ' '
      << es.iterations() << ' ' << to_string(es.stop());
  return out.str();
}

/// What a call says is wrong, or nothing.
inline std::string complaint(const std::function<void()>& call) {
  try {
    call();
  } catch (const std::invalid_argument& error) { return error.what(); }
  return "";
}

inline bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace cma_test
