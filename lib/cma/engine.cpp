#include "mobula/cma/engine.hpp"

#include <cmath>
#include <limits>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "cma/ranking.hpp"
#include "cma/settings.hpp"
#include "cma/state.hpp"
#include "cma/termination.hpp"

namespace mobula::cma {
namespace {

std::span<const double> numbers(const vector& v) { return {v.data(), static_cast<std::size_t>(v.size())}; }

}  // namespace

// Holds all memory of a run, at an address that stays: the parts refer to each other.
struct engine::impl {
  const options settings;
  const parameters p;
  search_state state;
  population candidates;
  ranking ranks;
  updater update;
  termination criteria;

  bool asked = false;  // the candidates are drawn, and their values not yet told
  std::int64_t evaluations = 0;
  stop_reasons reasons;
  vector best_x;
  double best_f = std::numeric_limits<double>::infinity();
  std::vector<double> told;    // where callers may put the values
  std::vector<double> sorted;  // the values, best first

  impl(std::span<const double> x0, double sigma0, const options& given)
      : settings(checked(x0, sigma0, given)),
        p(strategy_parameters(x0.size(), static_cast<std::size_t>(settings.popsize))),
        state(x0, sigma0),
        candidates(p.dimension, p.popsize),
        ranks(p.popsize),
        update(p),
        criteria(settings, p, sigma0),
        best_x(state.mean),
        told(p.popsize),
        sorted(p.popsize) {}

  void check_told(std::size_t count) const {
    if (!asked)
      throw std::invalid_argument("cma: tell without a generation to be told about; call ask before each tell");
    if (count == p.popsize) return;
    throw std::invalid_argument("cma: tell expected " + std::to_string(p.popsize) +
                                " values, one for each candidate, and got " + std::to_string(count));
  }

  void keep_best(std::uint32_t candidate, double value) {
    if (!(value < best_f)) return;
    best_f = value;
    best_x = candidates.x.col(candidate);
  }
};

engine::engine(std::span<const double> x0, double sigma0, const options& settings)
    : impl_(std::make_unique<impl>(x0, sigma0, settings)) {}
engine::~engine() = default;
engine::engine(engine&&) noexcept = default;
engine& engine::operator=(engine&&) noexcept = default;

std::span<const double> engine::ask() {
  if (!impl_->asked) sample(impl_->state, impl_->p, impl_->settings.seed, impl_->candidates);
  impl_->asked = true;
  return {impl_->candidates.x.data(), static_cast<std::size_t>(impl_->candidates.x.size())};
}

void engine::check_told(std::size_t count) const { impl_->check_told(count); }

void engine::tell(std::span<const double> values) {
  impl& s = *impl_;
  s.check_told(values.size());
  const std::span<const std::uint32_t> order = s.ranks.sort(values);
  for (std::size_t rank = 0; rank < order.size(); ++rank) s.sorted[rank] = values[order[rank]];
  s.keep_best(order.front(), s.sorted.front());
  s.update(s.state, s.candidates, order);
  s.asked = false;
  s.evaluations += static_cast<std::int64_t>(values.size());
  s.reasons = s.criteria.check(s.state, s.sorted, s.best_f, s.evaluations);
}

std::span<double> engine::value_buffer() noexcept { return impl_->told; }
const stop_reasons& engine::stop() const noexcept { return impl_->reasons; }
const parameters& engine::constants() const noexcept { return impl_->p; }
const options& engine::settings() const noexcept { return impl_->settings; }
std::span<const double> engine::best_x() const noexcept { return numbers(impl_->best_x); }
double engine::best_f() const noexcept { return impl_->best_f; }
std::span<const double> engine::mean() const noexcept { return numbers(impl_->state.mean); }
double engine::sigma() const noexcept { return impl_->state.sigma; }
std::span<const double> engine::stds() const noexcept { return numbers(impl_->state.stds); }
std::int64_t engine::evaluations() const noexcept { return impl_->evaluations; }
std::int64_t engine::iterations() const noexcept { return impl_->state.generation; }

}  // namespace mobula::cma
