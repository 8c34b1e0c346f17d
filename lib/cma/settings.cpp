#include "cma/settings.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "cma/infinity.hpp"
#include "cma/number_text.hpp"
#include "cma/rates.hpp"
#include "mobula/cma/parameters.hpp"

namespace mobula::cma {
namespace {

void require(bool holds, std::string_view what, double value, std::string_view rule) {
  if (holds) return;
  throw std::invalid_argument("cma: " + std::string(what) + " is " + number_text(value) + "; it must be " +
                              std::string(rule));
}
void require(bool holds, std::string_view what, std::size_t value, std::string_view rule) {
  require(holds, what, static_cast<double>(value), rule);
}

std::string at(std::string_view name, std::size_t i) { return std::string(name) + "[" + std::to_string(i) + "]"; }

std::string sigma_range() { return "from " + number_text(smallest_sigma) + " to " + number_text(largest_sigma); }

void check_start(std::span<const double> x0, double sigma0) {
  require(!x0.empty(), "the length of x0", x0.size(), "at least 1");
  check_point(x0, "x0");
  require(sigma0 >= smallest_sigma && sigma0 <= largest_sigma, "sigma0", sigma0, "greater than 0: " + sigma_range());
}

void check_count(std::string_view name, double value) {
  require(value >= 0 && (value == infinity || value == std::floor(value)), name, value, "a whole number, not negative");
}

void check_tolerance(std::string_view name, double value) { require(value >= 0, name, value, "0 (off) or greater"); }

void check_criteria(const options& given) {
  check_count("maxfevals", given.maxfevals);
  check_count("maxiter", given.maxiter);
  check_count("tolstagnation", given.tolstagnation);
  check_count("tolflatfitness", given.tolflatfitness);
  require(!std::isnan(given.ftarget), "ftarget", given.ftarget, "a number, or -infinity for none");
  require(given.timeout.count() >= 0, "timeout", given.timeout.count(), "0 seconds or more, or infinity for none");
  check_tolerance("tolx", given.tolx);
  check_tolerance("tolfun", given.tolfun);
  check_tolerance("tolfunhist", given.tolfunhist);
  check_tolerance("tolfunrel", given.tolfunrel);
  check_tolerance("tolxstagnation", given.tolxstagnation);
  check_tolerance("tolfacupx", given.tolfacupx);
  check_tolerance("tolupsigma", given.tolupsigma);
  check_tolerance("tolconditioncov", given.tolconditioncov);
  check_tolerance("noeffectaxis", given.noeffectaxis);
  check_tolerance("noeffectcoord", given.noeffectcoord);
}

template <class Rule>
void check_numbers(std::string_view name, const per_variable& numbers, std::size_t n, Rule holds,
                   std::string_view rule) {
  require(numbers.size() <= 1 || numbers.size() == n, "the length of " + std::string(name), numbers.size(),
          "1, for all variables alike, or " + std::to_string(n) + ", one for each");
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    require(holds(numbers.of(i, 0)), at(name, i), numbers.of(i, 0), rule);
  }
}

void check_space(std::size_t n, const options& given) {
  const auto is_number = [](double value) { return !std::isnan(value); };
  const auto is_positive = [](double value) { return value > 0 && value < infinity; };
  check_numbers("bounds.lower", given.bounds.lower, n, is_number, "a number, or -infinity for none");
  check_numbers("bounds.upper", given.bounds.upper, n, is_number, "a number, or infinity for none");
  check_numbers("stds", given.stds, n, is_positive, "greater than 0 and finite");
  check_numbers("scaling_of_variables", given.scaling_of_variables, n, is_positive, "greater than 0 and finite");
  check_numbers(
      "minstd", given.minstd, n, [](double value) { return value >= 0 && value < infinity; },
      "0 or greater, and finite");
  check_numbers(
      "maxstd", given.maxstd, n, [](double value) { return value > 0; }, "greater than 0");
  for (std::size_t i = 0; i < n; ++i) {
    const double lower = given.bounds.lower.of(i, -infinity);
    const double upper = given.bounds.upper.of(i, infinity);
    require(lower < upper, at("bounds.lower", i), lower, "below bounds.upper, which is " + number_text(upper));
    const double greatest = given.maxstd.empty() ? (upper - lower) / 3 : given.maxstd.of(i, infinity);
    require(given.minstd.of(i, 0) < greatest, at("minstd", i), given.minstd.of(i, 0),
            "below maxstd, which is " + number_text(greatest));
  }
  std::vector<bool> seen(n, false);
  for (const fixed_variable& variable : *given.fixed_variables) {
    require(variable.index < n, "the index of a fixed variable", variable.index, "below " + std::to_string(n));
    require(!seen[variable.index], "the index of a fixed variable", variable.index, "there once only");
    require(std::isfinite(variable.value), "the value of a fixed variable", variable.value, "finite");
    const double lower = given.bounds.lower.of(variable.index, -infinity);
    const double upper = given.bounds.upper.of(variable.index, infinity);
    require(lower <= variable.value && variable.value <= upper,
            "the value of the fixed variable x[" + std::to_string(variable.index) + "]", variable.value,
            "within its bounds [" + number_text(lower) + ", " + number_text(upper) + "]");
    seen[variable.index] = true;
  }
}

void check_variants(const options& given) {
  const double popsize = given.popsize;
  check_count("popsize", given.popsize);
  require(popsize == 0 || (popsize >= 2 && popsize <= most_candidates), "popsize", popsize,
          "at least 2 and at most " + number_text(most_candidates) + ", or 0 for the default");
  check_count("diagonal", given.diagonal);
  require(given.active_injected >= 0 && given.active_injected <= 1, "active_injected", given.active_injected,
          "from 0 to 1");
}

void check_mirrors(double mirrors, double popsize) {
  require(mirrors >= 0 && (mirrors < 0.5 || mirrors == std::floor(mirrors)), "mirrors", mirrors,
          "a whole number, or a share below 0.5");
  require(mirrors <= popsize / 2, "mirrors", mirrors, "half of popsize at most, which is " + number_text(popsize / 2));
}

void pass_count(archive& a, count& option) {
  double value = option;
  a(value);
  option = value;
}

void pass_numbers(archive& a, per_variable& numbers) {
  std::vector<double> values(numbers.begin(), numbers.end());
  a(values);
  numbers = values;
}

template <class Each>
void for_each_count(options& o, Each each) {
  for (count* value : {&o.popsize, &o.maxfevals, &o.maxiter, &o.tolstagnation, &o.tolflatfitness, &o.diagonal}) {
    each(*value);
  }
}

}  // namespace

void check_point(std::span<const double> x, const std::string& name) {
  for (std::size_t i = 0; i < x.size(); ++i) require(std::isfinite(x[i]), at(name, i), x[i], "finite");
}

options checked(std::span<const double> x0, double sigma0, const options& given) {
  check_start(x0, sigma0);
  check_variants(given);
  check_criteria(given);
  check_space(x0.size(), given);
  for (std::size_t i = 0; i < given.stds.size(); ++i) {
    const double first = sigma0 * given.stds.of(i, 1);
    require(first >= smallest_sigma && first <= largest_sigma, "sigma0 times " + at("stds", i), first, sigma_range());
  }
  options all = given;
  const std::size_t fixed = std::min(given.fixed_variables->size(), x0.size() - 1);
  const double n = static_cast<double>(x0.size() - fixed);
  if (all.popsize == 0) all.popsize = default_popsize(x0.size() - fixed);
  if (all.maxiter == 0) all.maxiter = default_maxiter(x0.size() - fixed, all.popsize);
  if (all.tolstagnation == 0) all.tolstagnation = 100 + std::floor(100 * n * std::sqrt(n) / all.popsize);
  check_mirrors(all.mirrors, all.popsize);
  return all;
}

const char* first_difference(const options& a, const options& b) {
  const auto same_variable = [](const fixed_variable& p, const fixed_variable& q) {
    return p.index == q.index && p.value == q.value;
  };
  if (a.bounds.lower != b.bounds.lower) return "bounds.lower";
  if (a.bounds.upper != b.bounds.upper) return "bounds.upper";
  if (a.bounds.handling != b.bounds.handling) return "bounds.handling";
  if (a.stds != b.stds) return "stds";
  if (a.scaling_of_variables != b.scaling_of_variables) return "scaling_of_variables";
  if (!std::ranges::equal(*a.fixed_variables, *b.fixed_variables, same_variable)) return "fixed_variables";
  if (a.minstd != b.minstd) return "minstd";
  if (a.maxstd != b.maxstd) return "maxstd";
  if (a.on_failure != b.on_failure) return "on_failure";
  if (a.diagonal != b.diagonal) return "diagonal";
  if (a.active != b.active) return "active";
  if (a.active_injected != b.active_injected) return "active_injected";
  if (a.mirrors != b.mirrors) return "mirrors";
  if (a.mirrormethod != b.mirrormethod) return "mirrormethod";
  if (a.elitist != b.elitist) return "elitist";
  return nullptr;
}

void take_criteria(options& to, const options& from) {
  to.ftarget = from.ftarget;
  to.maxfevals = from.maxfevals;
  to.maxiter = from.maxiter;
  to.timeout = from.timeout;
  to.tolx = from.tolx;
  to.tolfun = from.tolfun;
  to.tolfunhist = from.tolfunhist;
  to.tolfunrel = from.tolfunrel;
  to.tolstagnation = from.tolstagnation;
  to.tolxstagnation = from.tolxstagnation;
  to.tolflatfitness = from.tolflatfitness;
  to.tolfacupx = from.tolfacupx;
  to.tolupsigma = from.tolupsigma;
  to.tolconditioncov = from.tolconditioncov;
  to.noeffectaxis = from.noeffectaxis;
  to.noeffectcoord = from.noeffectcoord;
}

void pass_options(archive& a, options& o) {
  for_each_count(o, [&a](count& value) { pass_count(a, value); });
  std::uint64_t seed = o.seed;
  a.bits(seed);
  o.seed = seed;
  double seconds = o.timeout.count();
  a(seconds);
  o.timeout = std::chrono::duration<double>(seconds);
  a(o.ftarget, o.tolx, o.tolfun, o.tolfunhist, o.tolfunrel, o.tolxstagnation, o.tolfacupx, o.tolupsigma);
  a(o.tolconditioncov, o.noeffectaxis, o.noeffectcoord);
  a.choice(o.on_failure, failure_policy::stop);
  for (per_variable* numbers :
       {&o.bounds.lower, &o.bounds.upper, &o.stds, &o.scaling_of_variables, &o.minstd, &o.maxstd}) {
    pass_numbers(a, *numbers);
  }
  std::vector<std::size_t> indices;
  std::vector<double> values;
  for (const fixed_variable& variable : *o.fixed_variables) {
    indices.push_back(variable.index);
    values.push_back(variable.value);
  }
  a(indices, values, o.active, o.active_injected, o.mirrors, o.elitist);
  a.choice(o.bounds.handling, bound_handling::penalty);
  a.choice(o.mirrormethod, mirror_method::selective);
  archive::require(indices.size() == values.size(), "fixed variables have not a value each");
  o.fixed_variables->clear();
  for (std::size_t i = 0; i < indices.size(); ++i) o.fixed_variables->push_back({indices[i], values[i]});
}

}  // namespace mobula::cma
