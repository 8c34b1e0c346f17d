// How a run is saved and resumed.
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <string>
#include <utility>

#include "cma/rates.hpp"
#include "cma/search.hpp"
#include "cma/settings.hpp"

namespace mobula::cma {
namespace {

void pass_reasons(archive& a, stop_reasons& reasons) {
  std::string message = reasons.message();
  const std::uint64_t size = a.length(reasons.size());
  archive::require(size <= criterion_count, "more criteria have fired than there are");
  std::vector<stop_reason> all(reasons.begin(), reasons.end());
  all.resize(size);
  a(message);
  for (stop_reason& reason : all) {
    a.choice(reason.which, criterion::callback);
    a(reason.threshold, reason.value);
  }
  if (!a.loading()) return;
  const auto in_order = [](const stop_reason& x, const stop_reason& y) { return x.which >= y.which; };
  archive::require(std::ranges::adjacent_find(all, in_order) == all.end(), "a criterion has fired twice");
  reasons = {};
  for (const stop_reason& reason : all) {
    if (reason.which == criterion::callback)
      reasons.add_callback(message);
    else
      reasons.add(reason);
  }
}

// Before memory is taken: whether the file has the numbers that a run of this size must have, and the machine the memory.
void require_room(const archive& a, const std::vector<double>& x0, const options& given) {
  const double n = static_cast<double>(x0.size());
  archive::require(given.fixed_variables->size() <= x0.size(), "more variables are fixed than there are");
  const double searched = n - static_cast<double>(given.fixed_variables->size());
  if (!(given.diagonal > 0)) a.require_left(2 * searched * searched);
  const double wanted = sizeof(double) * (given.popsize + 1) * (4 * searched + n);
  const double there = static_cast<double>(::sysconf(_SC_PHYS_PAGES)) * static_cast<double>(::sysconf(_SC_PAGESIZE));
  archive::require(wanted < there, "its population needs more memory than this machine has");
}

}  // namespace

void engine::impl::save(archive& a) {
  std::vector<double> x0 = space.x0();
  double sigma = sigma0;
  a(x0, sigma);
  pass_options(a, settings);
  a(p.weights);  // for their number: whoever claims a large population needs a large file
  pass(a);
}

std::unique_ptr<engine::impl> engine::impl::resume(archive& a) {
  std::vector<double> x0, weights;
  double sigma = 0;
  options given;
  a(x0, sigma);
  pass_options(a, given);
  a(weights);
  archive::require(static_cast<double>(weights.size()) == given.popsize, "the population has not a weight for each");
  require_room(a, x0, given);
  try {
    auto run = std::make_unique<impl>(x0, sigma, given);
    run->pass(a);
    a.require_end();
    return run;
  } catch (const std::invalid_argument& why) {
    throw unreadable(std::string("the checkpoint makes no sense: ") + why.what());
  }
}

void engine::impl::pass(archive& a) {
  a(state, bounds);
  criteria.pass(a, state.generation);
  pass_reasons(a, reasons);
  a(asked, waiting, evaluations, failures, best_x, best_f, best_evaluation, best_iteration);
  a(best_u_, handed_out_, replaced_, values_, numbers_, stop_requested_, request_);
  double passed = seconds();
  a(passed);
  if (a.loading()) {
    check_progress();
    archive::require(passed >= 0 && std::isfinite(passed), "the time that has passed is none");
    seconds_before_ = passed;
    set_parameters(p, p.dimension, p.popsize, variant_now());
  }
  candidates.pass(a, state, p, p.popsize);
  if (!a.loading()) return;
  check_generation();
  if (replaced_ > 0) show_replacements();
  show_state();
}

// What was read of the run so far.
void engine::impl::check_progress() {
  archive::require(state.diagonal == (static_cast<double>(state.generation) < settings.diagonal),
                   "C is diagonal where it can't be");
  archive::require(best_evaluation <= evaluations && best_iteration <= state.generation + 1 &&
                       (best_evaluation == 0) == (best_iteration == 0),
                   "the best solution is of an evaluation that has not been");
  archive::require(failures <= evaluations, "more evaluations have failed than there were");
  archive::require(best_evaluation > 0 ? std::isfinite(best_f) : best_f == std::numeric_limits<double>::infinity(),
                   "the best value is none");
  archive::require(best_x.allFinite() && best_u_.allFinite(), "the best solution is not finite");
  space.to_u(std::span<const double>(best_x.data(), space.full_dimension()), scratch_);  // it lies within its bounds
  archive::require(stop_requested_ || request_.empty(), "why to stop is said, and not that");
}

// What was read of the generation that is under way.
void engine::impl::check_generation() const {
  archive::require(asked == (candidates.size() > 0), "candidates are there that nobody asked for");
  archive::require(handed_out_ <= candidates.size(), "more candidates were handed out than there are");
  archive::require(asked ? !waiting.empty() && waiting.size() <= p.popsize : waiting.empty(),
                   "those that wait are too many or too few");
  const auto out_of_order = [](std::uint32_t x, std::uint32_t y) { return x >= y; };
  archive::require(std::ranges::adjacent_find(waiting, out_of_order) == waiting.end() &&
                       (waiting.empty() || waiting.back() < p.popsize),
                   "one waits that is none, or twice");
  archive::require(replaced_ == 0
                       ? !asked || waiting.size() == p.popsize
                       : asked && replaced_ <= most_replacements && settings.on_failure == failure_policy::resample,
                   "candidates were replaced that can't have been");
  archive::require(values_.size() == numbers_.size() && (!asked || values_.size() == p.popsize),
                   "the values are not one for each candidate");
  archive::require(std::ranges::all_of(numbers_, [this](std::int64_t i) { return i <= evaluations; }),
                   "a value is of an evaluation that has not been");
}

}  // namespace mobula::cma
