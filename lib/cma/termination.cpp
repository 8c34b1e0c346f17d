#include "cma/termination.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "cma/infinity.hpp"
#include "cma/median.hpp"

namespace mobula::cma {
namespace {

using eigen::Index;

constexpr std::size_t shortest_history = 10;     // generations that tolfunhist wants to have seen
constexpr std::size_t long_step = 5;             // generations between two that tolstagnation remembers
constexpr std::size_t longest_history = 20'000;  // of those

std::size_t history_length(double n, double popsize) {
  return shortest_history + static_cast<std::size_t>(std::ceil(30 * n / popsize));
}

void add_if(stop_reasons& found, bool holds, criterion which, double threshold, double value) {
  if (holds) found.add({which, threshold, value});
}

double median_of_sorted(std::span<const double> sorted) {
  const std::size_t middle = sorted.size() / 2;
  return sorted.size() % 2 != 0 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

}  // namespace

termination::termination(const options& settings, std::size_t dimension, std::size_t popsize, const search_state& first)
    : settings_(settings),
      n_(static_cast<double>(dimension)),
      popsize_(static_cast<double>(popsize)),
      sigma0_(first.sigma),
      stds0_(first.stds),
      recent_best_(history_length(n_, popsize_)),
      first_median_(infinity),
      least_median_(infinity),
      resting_mean_(first.mean),
      axis_(first.mean) {
  if (settings.tolstagnation == infinity) return;
  long_best_.reserve(longest_history);  // whose pages the system hands out as they are touched
  long_median_.reserve(longest_history);
  part_.reserve(longest_history / 2);
}

void termination::pass(archive& a, std::int64_t generation) {
  a(recent_best_, remembered_, flat_generations_, first_median_, least_median_);
  a(long_best_, long_median_, long_remembered_, resting_mean_, resting_since_);
  if (!a.loading()) return;
  archive::require(recent_best_.size() == history_length(n_, popsize_), "the recent values are too many or too few");
  archive::require(
      std::cmp_less_equal(remembered_, generation) && flat_generations_ <= generation && resting_since_ <= generation,
      "the criteria have seen more generations than there were");
  const bool full = long_best_.size() == longest_history;
  archive::require(long_best_.size() == long_median_.size() && long_best_.size() <= longest_history &&
                       (full ? long_remembered_ >= longest_history : long_remembered_ == long_best_.size()) &&
                       std::cmp_less_equal(long_remembered_, generation),
                   "the long history is of another length");
  const auto has_no_order = [](double value) { return std::isnan(value); };
  archive::require(std::ranges::none_of(long_best_, has_no_order) && std::ranges::none_of(long_median_, has_no_order),
                   "the long history is not of numbers");
  archive::require(resting_mean_.allFinite(), "where the mean has hardly moved is not finite");
}

stop_reasons termination::check(const search_state& s, const progress& now) {
  remember(s, now.sorted_values);
  stop_reasons found;
  check_limits(found, s, now);
  check_values(found, now.sorted_values);
  check_stagnation(found, s, now);
  check_step_sizes(found, s);
  check_precision(found, s);
  return found;
}

void termination::remember(const search_state& s, std::span<const double> sorted_values) {
  const double best = sorted_values.front();
  const double middle = median_of_sorted(sorted_values);
  recent_best_[remembered_++ % recent_best_.size()] = best;
  const bool flat = best == sorted_values[sorted_values.size() * 3 / 4] || std::isnan(best);
  flat_generations_ = flat ? flat_generations_ + 1 : 0;
  if (remembered_ == 1) first_median_ = middle;
  least_median_ = std::min(least_median_, middle);
  if (settings_.tolstagnation != infinity) remember_long(s.generation, best, middle);
  remember_mean(s);
}

void termination::remember_long(std::int64_t generation, double best, double middle) {
  if (static_cast<std::size_t>(generation) % long_step != 0) return;
  if (std::isnan(best)) best = infinity;  // NaN has no place in an order
  if (std::isnan(middle)) middle = infinity;
  if (long_best_.size() < longest_history) {
    long_best_.push_back(best);
    long_median_.push_back(middle);
  } else {
    long_best_[long_remembered_ % longest_history] = best;
    long_median_[long_remembered_ % longest_history] = middle;
  }
  ++long_remembered_;
}

// What is called hardly moved grows with the square root of the time, once that is longer than has to be waited for.
void termination::remember_mean(const search_state& s) {
  const double rests = static_cast<double>(s.generation - resting_since_);
  const double limit = settings_.tolxstagnation * std::sqrt(std::max(1.0, rests / unmoved_span()));
  bool moved = false;
  for (Index i = 0; i < s.mean.size(); ++i) moved = moved || !(std::abs(s.mean[i] - resting_mean_[i]) < limit);
  if (!moved) return;
  resting_mean_ = s.mean;
  resting_since_ = s.generation;
}

// Generations that tolxstagnation waits.
double termination::unmoved_span() const { return 20 + 0.1 * static_cast<double>(remembered_); }

void termination::check_limits(stop_reasons& found, const search_state& s, const progress& now) const {
  const double told = static_cast<double>(now.evaluations);
  const double generations = static_cast<double>(s.generation);
  const double timeout = settings_.timeout.count();
  add_if(found, now.best_f <= settings_.ftarget, criterion::ftarget, settings_.ftarget, now.best_f);
  add_if(found, told >= settings_.maxfevals, criterion::maxfevals, settings_.maxfevals, told);
  add_if(found, generations >= settings_.maxiter, criterion::maxiter, settings_.maxiter, generations);
  add_if(found, now.seconds > timeout, criterion::timeout, timeout, now.seconds);
}

// A difference with NaN or between infinities is NaN, and below no tolerance: that is as it should be.
void termination::check_values(stop_reasons& found, std::span<const double> sorted_values) const {
  const std::size_t known = std::min(remembered_, recent_best_.size());
  const auto history = std::span(recent_best_).first(known);
  const auto [least, most] = std::minmax_element(history.begin(), history.end());
  const double recent = *most - *least;
  const double current = sorted_values.back() - sorted_values.front();
  const double relative = settings_.tolfunrel * (first_median_ - least_median_);
  add_if(found, current < settings_.tolfun && recent < settings_.tolfun, criterion::tolfun, settings_.tolfun,
         std::max(current, recent));
  add_if(found, known >= shortest_history && recent < settings_.tolfunhist, criterion::tolfunhist, settings_.tolfunhist,
         recent);
  add_if(found, current < relative, criterion::tolfunrel, relative, current);
  const double flat = static_cast<double>(flat_generations_);
  if (flat <= settings_.tolflatfitness) return;
  // Values of which none is a number are as equal as can be; but nothing has converged.
  if (std::isfinite(sorted_values.front()))
    found.add({criterion::tolflatfitness, settings_.tolflatfitness, flat});
  else if (settings_.on_failure != failure_policy::stop)  // by which it has stopped
    found.add({criterion::failed, 0, static_cast<double>(sorted_values.size())});
}

void termination::check_stagnation(stop_reasons& found, const search_state& s, const progress& now) {
  const double old = static_cast<double>(now.evaluations - now.best_evaluation) / popsize_;
  add_if(found, has_stagnated(s, now), criterion::tolstagnation, settings_.tolstagnation, old);
  const double rests = static_cast<double>(s.generation - resting_since_);
  add_if(found, rests > unmoved_span(), criterion::tolxstagnation, settings_.tolxstagnation, rests);
}

bool termination::has_stagnated(const search_state& s, const progress& now) {
  const double tolerance = settings_.tolstagnation;
  const std::size_t known = long_best_.size();
  if (known <= 100 || static_cast<double>(s.generation) <= n_ * (5 + 100 / popsize_)) return false;
  if (static_cast<double>(now.evaluations - now.best_evaluation) / popsize_ <= tolerance / 2) return false;
  const double wanted = std::max(tolerance / (2 * long_step), static_cast<double>(known) / 10);
  if (2 * std::floor(wanted) >= static_cast<double>(known)) return false;
  const auto span = static_cast<std::size_t>(wanted);
  return has_not_improved(long_median_, span) && has_not_improved(long_best_, span);
}

// Whether the median of the latest `span` values is at least that of as many before.
bool termination::has_not_improved(const std::vector<double>& history, std::size_t span) {
  const auto median_back_to = [&](std::size_t back) {
    part_.clear();
    for (std::size_t i = 0; i < span; ++i) { part_.push_back(history[(long_remembered_ - back + i) % history.size()]); }
    return median(part_);
  };
  const double latest = median_back_to(span);
  return latest >= median_back_to(2 * span);
}

void termination::check_step_sizes(stop_reasons& found, const search_state& s) const {
  const double widest = s.stds.maxCoeff();
  const double path = s.sigma * s.scale.cwiseProduct(s.p_c).maxCoeff();
  const double growth = s.stds.cwiseQuotient(stds0_).maxCoeff();
  const double creep = s.sigma / (sigma0_ * s.C->lengths().maxCoeff());
  add_if(found, widest < settings_.tolx && path < settings_.tolx, criterion::tolx, settings_.tolx, widest);
  add_if(found, settings_.tolfacupx > 0 && growth > settings_.tolfacupx, criterion::tolfacupx, settings_.tolfacupx,
         growth);
  add_if(found, settings_.tolupsigma > 0 && creep > settings_.tolupsigma, criterion::tolupsigma, settings_.tolupsigma,
         creep);
}

void termination::check_precision(stop_reasons& found, const search_state& s) {
  const double ratio = s.C->lengths().maxCoeff() / s.C->lengths().minCoeff();
  add_if(found, settings_.tolconditioncov > 0 && ratio * ratio > settings_.tolconditioncov, criterion::tolconditioncov,
         settings_.tolconditioncov, ratio * ratio);

  const double along = settings_.noeffectaxis;
  if (along > 0 && !s.diagonal) {                     // whose axes are coordinates
    const Index axis = s.generation % s.mean.size();  // one of them each generation
    s.C->axis(axis, axis_);
    const double reach = along * s.sigma * s.C->lengths()[axis];
    const bool lost = (s.mean + reach * s.scale.cwiseProduct(axis_)).cwiseEqual(s.mean).all();
    add_if(found, lost, criterion::noeffectaxis, along, static_cast<double>(axis));
  }
  const double across = settings_.noeffectcoord;
  for (Index i = 0; across > 0 && i < s.mean.size(); ++i) {
    if (s.mean[i] + across * s.stds[i] != s.mean[i]) continue;
    found.add({criterion::noeffectcoord, across, static_cast<double>(i)});
    break;
  }
}

}  // namespace mobula::cma
