#include "cma/termination.hpp"

#include <algorithm>
#include <cmath>

namespace mobula::cma {
namespace {

using eigen::Index;

constexpr std::size_t shortest_history = 10;  // generations that tolfunhist wants to have seen

std::size_t history_length(const parameters& p) {
  const double more = std::ceil(30.0 * static_cast<double>(p.dimension) / static_cast<double>(p.popsize));
  return shortest_history + static_cast<std::size_t>(more);
}

void add_if(stop_reasons& found, bool holds, criterion which, double threshold, double value) {
  if (holds) found.add({which, threshold, value});
}

}  // namespace

termination::termination(const options& settings, const parameters& p, double sigma0)
    : settings_(settings), sigma0_(sigma0), recent_best_(history_length(p)) {}

stop_reasons termination::check(const search_state& s, std::span<const double> sorted_values, double best_f,
                                std::int64_t evaluations) {
  remember(sorted_values);
  stop_reasons found;
  check_limits(found, best_f, evaluations, s.generation);
  check_values(found, sorted_values);
  check_step_sizes(found, s);
  check_precision(found, s);
  return found;
}

void termination::remember(std::span<const double> sorted_values) {
  recent_best_[remembered_++ % recent_best_.size()] = sorted_values.front();
  const double best = sorted_values.front();
  const bool flat = best == sorted_values[sorted_values.size() * 3 / 4] || std::isnan(best);
  flat_generations_ = flat ? flat_generations_ + 1 : 0;
}

void termination::check_limits(stop_reasons& found, double best_f, std::int64_t evaluations,
                               std::int64_t generation) const {
  const double told = static_cast<double>(evaluations);
  const double generations = static_cast<double>(generation);
  add_if(found, best_f <= settings_.ftarget, criterion::ftarget, settings_.ftarget, best_f);
  add_if(found, told >= settings_.maxfevals, criterion::maxfevals, settings_.maxfevals, told);
  add_if(found, generations >= settings_.maxiter, criterion::maxiter, settings_.maxiter, generations);
}

// A difference with NaN or between infinities is NaN, and below no tolerance: that is as it should be.
void termination::check_values(stop_reasons& found, std::span<const double> sorted_values) const {
  const std::size_t known = std::min(remembered_, recent_best_.size());
  const auto history = std::span(recent_best_).first(known);
  const auto [least, most] = std::minmax_element(history.begin(), history.end());
  const double recent = *most - *least;
  const double current = sorted_values.back() - sorted_values.front();
  add_if(found, current < settings_.tolfun && recent < settings_.tolfun, criterion::tolfun, settings_.tolfun,
         std::max(current, recent));
  add_if(found, known >= shortest_history && recent < settings_.tolfunhist, criterion::tolfunhist, settings_.tolfunhist,
         recent);
  const double flat = static_cast<double>(flat_generations_);
  add_if(found, flat > settings_.tolflatfitness, criterion::tolflatfitness, settings_.tolflatfitness, flat);
}

void termination::check_step_sizes(stop_reasons& found, const search_state& s) const {
  const double widest = s.stds.maxCoeff();
  const double path = s.sigma * s.p_c.maxCoeff();
  const double growth = widest / sigma0_;
  const double creep = s.sigma / (sigma0_ * s.axes.lengths().maxCoeff());
  add_if(found, widest < settings_.tolx && path < settings_.tolx, criterion::tolx, settings_.tolx, widest);
  add_if(found, settings_.tolfacupx > 0 && growth > settings_.tolfacupx, criterion::tolfacupx, settings_.tolfacupx,
         growth);
  add_if(found, settings_.tolupsigma > 0 && creep > settings_.tolupsigma, criterion::tolupsigma, settings_.tolupsigma,
         creep);
}

void termination::check_precision(stop_reasons& found, const search_state& s) const {
  const double ratio = s.axes.lengths().maxCoeff() / s.axes.lengths().minCoeff();
  add_if(found, settings_.tolconditioncov > 0 && ratio * ratio > settings_.tolconditioncov, criterion::tolconditioncov,
         settings_.tolconditioncov, ratio * ratio);

  const Index axis = s.generation % s.mean.size();  // one of them each generation
  const double reach = 0.1 * s.sigma * s.axes.lengths()[axis];
  const bool axis_is_lost = ((s.mean + reach * s.axes.axes().col(axis)).array() == s.mean.array()).all();
  add_if(found, axis_is_lost, criterion::noeffectaxis, 0.1, static_cast<double>(axis));

  for (Index i = 0; i < s.mean.size(); ++i) {
    if (s.mean[i] + 0.2 * s.stds[i] != s.mean[i]) continue;
    found.add({criterion::noeffectcoord, 0.2, static_cast<double>(i)});
    break;
  }
}

}  // namespace mobula::cma
