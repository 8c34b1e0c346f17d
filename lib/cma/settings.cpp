#include "cma/settings.hpp"

#include <cmath>
#include <limits>
#include <sstream>
#include <stdexcept>
#include <string_view>

#include "mobula/cma/parameters.hpp"

namespace mobula::cma {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

template <class Value>
void require(bool holds, std::string_view what, Value value, std::string_view rule) {
  if (holds) return;
  std::ostringstream message;
  message << "cma: " << what << " is " << value << "; it must be " << rule;
  throw std::invalid_argument(message.str());
}

void check_start(std::span<const double> x0, double sigma0) {
  require(!x0.empty(), "the length of x0", x0.size(), "at least 1");
  for (std::size_t i = 0; i < x0.size(); ++i) {
    require(std::isfinite(x0[i]), "x0[" + std::to_string(i) + "]", x0[i], "finite");
  }
  require(sigma0 > 0 && sigma0 < infinity, "sigma0", sigma0, "greater than 0 and finite");
}

void check_count(std::string_view name, double value) {
  require(value >= 0 && (value == infinity || value == std::floor(value)), name, value, "a whole number, not negative");
}

void check_tolerance(std::string_view name, double value) { require(value >= 0, name, value, "0 (off) or greater"); }

void check_options(const options& given) {
  check_count("popsize", given.popsize);
  const double popsize = given.popsize;
  require(popsize == 0 || (popsize >= 2 && popsize <= 0x1p31), "popsize", popsize, "at least 2, or 0 for the default");
  check_count("maxfevals", given.maxfevals);
  check_count("maxiter", given.maxiter);
  check_count("tolflatfitness", given.tolflatfitness);
  require(!std::isnan(given.ftarget), "ftarget", given.ftarget, "a number, or -infinity for none");
  check_tolerance("tolx", given.tolx);
  check_tolerance("tolfun", given.tolfun);
  check_tolerance("tolfunhist", given.tolfunhist);
  check_tolerance("tolfacupx", given.tolfacupx);
  check_tolerance("tolupsigma", given.tolupsigma);
  check_tolerance("tolconditioncov", given.tolconditioncov);
}

}  // namespace

options checked(std::span<const double> x0, double sigma0, const options& given) {
  check_start(x0, sigma0);
  check_options(given);
  options all = given;
  if (all.popsize == 0) all.popsize = default_popsize(x0.size());
  if (all.maxiter == 0) {
    const double n = static_cast<double>(x0.size());
    all.maxiter = 100 + std::floor(150 * (n + 3) * (n + 3) / std::sqrt(static_cast<double>(all.popsize)));
  }
  return all;
}

}  // namespace mobula::cma
