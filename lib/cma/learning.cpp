#include <algorithm>
#include <cmath>
#include <limits>

#include "cma/infinity.hpp"
#include "cma/rates.hpp"
#include "cma/search.hpp"

namespace mobula::cma {
namespace {

// What a value is ranked by: failed ones behind all others. Minus infinity comes of an evaluation that went wrong, and
// must not win.
double key_of(double value) { return value == -infinity ? std::numeric_limits<double>::quiet_NaN() : value; }

}  // namespace

// From `columns_`, `values_` and `numbers_`.
void engine::impl::learn() {
  if (columns_.empty()) return;
  std::span<const std::uint32_t> order = note_values();
  if (columns_.size() < 2) return;  // all others have failed: the generation goes on
  if (space.is_clipping()) {
    bounds.adapt(sorted_, state, parameters_for(columns_.size()).mueff);
    for (std::size_t i = 0; i < columns_.size(); ++i) keys_[i] += bounds.of(candidates.x(columns_[i]).data());
  }
  if (settings.elitist && best_f < sorted_.front()) add_elite();
  if (space.is_clipping() || keys_.size() > order.size()) order = ranks_.sort(keys_);
  ranked_.resize(order.size());
  for (std::size_t rank = 0; rank < order.size(); ++rank) ranked_[rank] = columns_[order[rank]];
  demote_mirrors();
  if (candidates.mirrors() > 0) candidates.mirror(state, ranked_);
  update_(state, parameters_for(ranked_.size()), candidates, ranked_);
  finish_generation();
}

// Sets `keys_`, `sorted_`, and the best so far. Returns the order of the keys.
std::span<const std::uint32_t> engine::impl::note_values() {
  keys_.resize(values_.size());
  std::transform(values_.begin(), values_.end(), keys_.begin(), key_of);
  const std::span<const std::uint32_t> order = ranks_.sort(keys_);
  sorted_.resize(order.size());
  for (std::size_t rank = 0; rank < order.size(); ++rank) sorted_[rank] = keys_[order[rank]];
  if (sorted_.front() < best_f) keep_best(order.front());
  return order;
}

void engine::impl::keep_best(std::uint32_t which) {
  const std::span<const double> point = candidates.point(columns_[which]);
  std::copy(point.begin(), point.end(), best_x.data());
  best_u_ = candidates.x(columns_[which]);
  best_f = values_[which];
  best_evaluation = numbers_[which];
  best_iteration = state.generation + 1;
}

// The best solution of all takes part as one from outside (arXiv:1110.4181, which calls that an elitist variant).
void engine::impl::add_elite() {
  const std::span<const double> x(best_x.data(), space.full_dimension());
  columns_.push_back(static_cast<std::uint32_t>(candidates.add(state, best_u_, x)));
  keys_.push_back(best_f + (space.is_clipping() ? bounds.of(best_u_.data()) : 0));
}

// Of a pair that was mirrored unconditionally, the worse one goes behind all that stand alone or were the better ones:
// only one of them may move the mean (pairwise selection, Auger, Brockhoff & Hansen, GECCO 2011).
void engine::impl::demote_mirrors() {
  if (candidates.mirrors() == 0 || settings.mirrormethod != mirror_method::unconditional) return;
  seen_.assign(candidates.size(), false);
  demoted_.clear();
  std::size_t kept = 0;
  for (const std::uint32_t k : ranked_) {
    const std::size_t partner = candidates.partner(k);
    seen_[k] = true;
    if (partner != k && seen_[partner]) {
      demoted_.push_back(k);
    } else {
      ranked_[kept++] = k;
    }
  }
  std::copy(demoted_.begin(), demoted_.end(), ranked_.begin() + static_cast<std::ptrdiff_t>(kept));
}

// A generation of another size has the weights and the rates of that size.
const parameters& engine::impl::parameters_for(std::size_t count) {
  if (count == p.popsize) return p;
  if (count != other_.popsize) set_parameters(other_, p.dimension, count, variant_now());
  return other_;
}

void engine::impl::finish_generation() {
  state.limit_stds(least_stds, greatest_stds);
  candidates.clear();
  asked = false;
  waiting.clear();
  handed_out_ = 0;
  replaced_ = 0;
  if (state.diagonal && static_cast<double>(state.generation) >= settings.diagonal) {
    state.make_full();
    set_parameters(p, p.dimension, p.popsize, variant_now());
    other_.popsize = 0;
  }
  show_state();
  reasons = criteria.check(state, {.sorted_values = sorted_,
                                   .best_f = best_f,
                                   .best_evaluation = best_evaluation,
                                   .evaluations = evaluations,
                                   .seconds = seconds()});
  if (settings.on_failure == failure_policy::stop && !std::isfinite(sorted_.back())) {
    const auto failed = std::count_if(sorted_.begin(), sorted_.end(), [](double f) { return !std::isfinite(f); });
    reasons.add({criterion::failed, 0, static_cast<double>(failed)});
  }
  if (stop_requested_) reasons.add_callback(request_);
}

}  // namespace mobula::cma
