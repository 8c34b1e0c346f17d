#include "mobula/cma/restarts.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <stdexcept>
#include <string>

#include "cma/normal_sampler.hpp"
#include "cma/number_text.hpp"
#include "cma/rates.hpp"
#include "cma/settings.hpp"
#include "mobula/cma/parameters.hpp"

namespace mobula::cma {
namespace {

void require_option(bool holds, const char* name, double value, const char* rule) {
  if (!holds)
    throw std::invalid_argument("cma: " + std::string(name) + " is " + number_text(value) + "; it must be " + rule);
}

bool is_count(double value) { return value >= 0 && (value == std::floor(value)); }

}  // namespace

restarts::restarts(double sigma0, std::size_t dimension, const options& settings, const restart_options& how)
    : sigma0_(sigma0), dimension_(dimension), settings_(settings), how_(how) {
  require_option(is_count(how.restarts), "restarts", how.restarts, "a whole number, not negative");
  require_option(is_count(settings.maxfevals), "maxfevals", settings.maxfevals, "a whole number, not negative");
  require_option(how.incpopsize >= 1 && std::isfinite(how.incpopsize), "incpopsize", how.incpopsize,
                 "1 or more, and finite");
  require_option(dimension > settings.fixed_variables->size(), "the number of free variables",
                 static_cast<double>(dimension) - static_cast<double>(settings.fixed_variables->size()), "at least 1");
  if (settings_.popsize == 0) settings_.popsize = default_popsize(dimension - settings.fixed_variables->size());
}

// A limit ends the search after a run at the earliest, as it ends a run after a generation.
bool restarts::over() const noexcept {
  if (over_ || planned_ == 0) return over_;
  return static_cast<double>(evaluations()) >= settings_.maxfevals || elapsed() > settings_.timeout;
}

double restarts::lambda_large(std::int64_t grown) const {
  return std::floor(settings_.popsize * std::pow(how_.incpopsize, static_cast<double>(grown)));
}

std::optional<planned_run> restarts::next() {
  if (over()) return std::nullopt;
  constexpr double unlimited = std::numeric_limits<double>::infinity();
  if (planned_ == 0) return plan(settings_.popsize, sigma0_, unlimited, false);
  const bool small = how_.strategy == restart_strategy::bipop && small_evaluations_ < large_evaluations_;
  if (small) {
    const std::array<double, 2> u = uniforms({settings_.seed, planned_});
    const double growth = std::max(1.0, lambda_large(large_runs_) / settings_.popsize / 2);
    const double popsize = std::floor(settings_.popsize * std::pow(growth, u[0] * u[0]));
    const double budget = static_cast<double>(large_evaluations_) / 2;
    return plan(popsize, std::max(smallest_sigma, sigma0_ * std::pow(10, -2 * u[1])), budget, false);
  }
  if (static_cast<double>(large_runs_) >= how_.restarts) return std::nullopt;
  if (lambda_large(large_runs_ + 1) > most_candidates) return std::nullopt;
  ++large_runs_;
  return plan(lambda_large(large_runs_), sigma0_, unlimited, true);
}

// The budget of a run becomes one of generations, of which it has at least one.
planned_run restarts::plan(double popsize, double sigma, double budget, bool large) {
  planned_run run{.settings = settings_, .sigma0 = sigma, .index = planned_++, .large = large};
  run.settings.popsize = popsize;
  run.settings.seed = static_cast<std::uint64_t>(settings_.seed) + run.index;
  run.settings.maxfevals = settings_.maxfevals - static_cast<double>(evaluations());
  run.settings.timeout = std::max(settings_.timeout - elapsed(), std::chrono::duration<double>::zero());
  if (std::isfinite(budget)) {
    const double generations = std::max(1.0, std::floor(budget / popsize));
    const double usual = settings_.maxiter == 0
                             ? default_maxiter(dimension_ - settings_.fixed_variables->size(), popsize)
                             : static_cast<double>(settings_.maxiter);
    run.settings.maxiter = std::min(usual, generations);
  }
  return run;
}

void restarts::finished(const planned_run& run, std::int64_t evaluations, const stop_reasons& why) {
  (run.large ? large_evaluations_ : small_evaluations_) += evaluations;
  over_ = over_ || why.contains(criterion::ftarget) || why.contains(criterion::callback) ||
          why.contains(criterion::timeout) || why.contains(criterion::failed);
}

}  // namespace mobula::cma
