#include "cma/search.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <utility>

#include "cma/infinity.hpp"
#include "cma/rates.hpp"
#include "cma/settings.hpp"

namespace mobula::cma {
namespace {

// The numbers of an option, in the units of the search, for the variables that are free.
vector in_search(const coordinates& space, const per_variable& numbers, double otherwise, bool has_unit) {
  vector found(static_cast<eigen::Index>(space.dimension()));
  for (std::size_t j = 0; j < space.dimension(); ++j) {
    found[static_cast<eigen::Index>(j)] = numbers.of(space.place(j), otherwise) / (has_unit ? space.unit(j) : 1);
  }
  return found;
}

// pycma's maxstd_boundrange: a third of the distance of the bounds, unless the options say otherwise.
vector greatest(const coordinates& space, const options& settings) {
  vector found = in_search(space, settings.maxstd, infinity, true);
  for (std::size_t j = 0; settings.maxstd.empty() && j < space.dimension(); ++j) {
    found[static_cast<eigen::Index>(j)] = (space.bounds(j).upper() - space.bounds(j).lower()) / 3 / space.unit(j);
  }
  return found;
}

parameters first_parameters(std::size_t dimension, const options& settings) {
  return strategy_parameters(dimension, static_cast<std::size_t>(settings.popsize),
                             {.active = settings.active, .separable = settings.diagonal > 0});
}

search_state first_state(const coordinates& space, const options& settings, double sigma0, const vector& least,
                         const vector& greatest) {
  search_state state(space.start(), sigma0, in_search(space, settings.stds, 1, false), settings.diagonal > 0);
  state.limit_stds(least, greatest);
  return state;
}

bool is_failed(double value) { return !std::isfinite(value); }

}  // namespace

engine::impl::impl(std::span<const double> x0, double first_sigma, const options& given)
    : settings(checked(x0, first_sigma, given)),
      sigma0(first_sigma),
      space(x0, settings),
      p(first_parameters(space.dimension(), settings)),
      least_stds(in_search(space, settings.minstd, 0, true)),
      greatest_stds(greatest(space, settings)),
      state(first_state(space, settings, sigma0, least_stds, greatest_stds)),
      candidates(space, settings),
      bounds(space, p.popsize),
      criteria(settings, p.dimension, p.popsize, state),
      told(p.popsize),
      best_x(eigen::Map<const vector>(space.x0().data(), static_cast<eigen::Index>(x0.size()))),
      best_f(infinity),
      mean_x(best_x),
      stds_x(best_x),
      other_(p),
      ranks_(p.popsize + 1),
      update_(p.dimension, p.popsize + 1, settings.active_injected),
      best_u_(state.mean),
      replacements_(best_x.size(),
                    settings.on_failure == failure_policy::resample ? static_cast<eigen::Index>(p.popsize) : 0),
      scratch_(state.mean) {
  for (std::vector<std::uint32_t>* columns : {&waiting, &columns_, &ranked_, &demoted_})
    columns->reserve(p.popsize + 1);
  for (std::vector<double>* numbers : {&values_, &keys_, &sorted_}) numbers->reserve(p.popsize + 1);
  numbers_.reserve(p.popsize + 1);
  other_.weights.reserve(p.popsize + 1);
  seen_.reserve(p.popsize + 1);
  set_parameters(p, p.dimension, p.popsize, variant_now());
  show_state();
}

variant engine::impl::variant_now() const {
  return {settings.active, state.diagonal, static_cast<double>(candidates.mirrors())};
}

void engine::impl::show_state() {
  space.to_x(state.mean.data(), mean_x.data());
  space.to_x_stds(state.stds, stds_x);
}

void engine::impl::wait_for_all() {
  waiting.resize(p.popsize);
  for (std::size_t k = 0; k < p.popsize; ++k) waiting[k] = static_cast<std::uint32_t>(k);
  values_.assign(p.popsize, 0.0);
  numbers_.assign(p.popsize, 0);
}

void engine::impl::ask() {
  if (asked) return;
  candidates.draw_generation(state, p, p.popsize);
  wait_for_all();
  asked = true;
}

std::size_t engine::impl::ask_one() {
  ask();
  if (handed_out_ == candidates.size()) candidates.draw(state);
  return handed_out_++;
}

std::span<const double> engine::impl::asked_points() const {
  const bool all = waiting.size() == p.popsize && replaced_ == 0;
  return {all ? candidates.points() : replacements_.data(), waiting.size() * space.full_dimension()};
}

void engine::impl::check_told(std::size_t count) const {
  if (!asked) throw std::invalid_argument("cma: tell without a generation to be told about; call ask before each tell");
  if (count == waiting.size()) return;
  throw std::invalid_argument("cma: tell expected " + std::to_string(waiting.size()) +
                              " values, one for each candidate, and got " + std::to_string(count) +
                              "; tell(xs, values) takes any number of them");
}

void engine::impl::tell(std::span<const double> values) {
  check_told(values.size());
  for (std::size_t i = 0; i < waiting.size(); ++i) {
    values_[waiting[i]] = values[i];
    numbers_[waiting[i]] = ++evaluations;
  }
  failures += std::ranges::count_if(values, is_failed);
  if (replace_failed()) return;
  columns_.resize(p.popsize);
  for (std::size_t k = 0; k < p.popsize; ++k) columns_[k] = static_cast<std::uint32_t>(k);
  learn();
}

// Draws anew what has failed, if the options say so, and waits for it.
bool engine::impl::replace_failed() {
  if (settings.on_failure != failure_policy::resample || replaced_ == most_replacements || is_over_limit())
    return false;
  std::erase_if(waiting, [this](std::uint32_t k) { return !is_failed(values_[k]); });
  if (waiting.empty()) return false;
  ++replaced_;
  for (const std::uint32_t k : waiting) candidates.draw_again(state, k);
  show_replacements();
  return true;
}

void engine::impl::show_replacements() {
  for (std::size_t i = 0; i < waiting.size(); ++i) {
    const std::span<const double> point = candidates.point(waiting[i]);
    std::copy(point.begin(), point.end(), replacements_.col(static_cast<eigen::Index>(i)).data());
  }
}

bool engine::impl::is_over_limit() const {
  return static_cast<double>(evaluations) >= settings.maxfevals || seconds() > settings.timeout.count();
}

double engine::impl::seconds() const noexcept {
  return seconds_before_ + std::chrono::duration<double>(std::chrono::steady_clock::now() - begun_).count();
}

void engine::impl::tell(std::span<const double> xs, std::span<const double> values) {
  const std::size_t n = space.full_dimension();
  if (values.size() < 2)
    throw std::invalid_argument("cma: tell got " + std::to_string(values.size()) +
                                " solutions; it learns from 2 or more, by comparison");
  if (xs.size() != n * values.size())
    throw std::invalid_argument("cma: tell expected " + std::to_string(n) + " x " + std::to_string(values.size()) +
                                " numbers, one solution of " + std::to_string(n) +
                                " a column for each value, and got " + std::to_string(xs.size()));
  const std::size_t known = candidates.size();
  locate(xs, values.size());
  const auto good = std::ranges::count_if(values, [](double value) { return !is_failed(value); });
  const bool goes_on = settings.on_failure == failure_policy::resample && good < 2;  // with what it has drawn
  const std::vector<double> values_before = goes_on ? values_ : std::vector<double>();
  const std::vector<std::int64_t> numbers_before = goes_on ? numbers_ : std::vector<std::int64_t>();
  values_.assign(values.begin(), values.end());
  numbers_.resize(values.size());
  for (std::int64_t& number : numbers_) number = ++evaluations;
  failures += static_cast<std::int64_t>(values.size()) - good;
  if (settings.on_failure == failure_policy::resample) drop_failed();
  learn();
  if (!goes_on) return;
  candidates.forget_from(known);
  values_ = values_before;
  numbers_ = numbers_before;
}

// Sets `columns_`: those of the candidates that the solutions are, or new ones. At first nothing is changed, as a
// solution may not lie in the space.
void engine::impl::locate(std::span<const double> xs, std::size_t count) {
  const std::size_t n = space.full_dimension();
  const std::size_t known = candidates.size();
  columns_.resize(count);
  std::size_t next = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const std::span<const double> x = xs.subspan(i * n, n);
    const std::size_t k = candidates.find(x, next);
    columns_[i] = static_cast<std::uint32_t>(k);
    next = k + 1;
    if (k < known) continue;
    check_point(x, "solution " + std::to_string(i));
    space.to_u(x, scratch_);
  }
  if (known == 0) state.decompose_if_due(p);
  for (std::size_t i = 0; i < count; ++i) {
    if (columns_[i] < known) continue;
    space.to_u(xs.subspan(i * n, n), scratch_);
    columns_[i] = static_cast<std::uint32_t>(candidates.add(state, scratch_, xs.subspan(i * n, n)));
  }
}

// Who is told any number of solutions has to draw others himself.
void engine::impl::drop_failed() {
  std::size_t kept = 0;
  for (std::size_t i = 0; i < values_.size(); ++i) {
    if (is_failed(values_[i])) continue;
    values_[kept] = values_[i];
    numbers_[kept] = numbers_[i];
    columns_[kept++] = columns_[i];
  }
  values_.resize(kept);
  numbers_.resize(kept);
  columns_.resize(kept);
}

void engine::impl::set_criteria(const options& given) {
  options changed = settings;
  take_criteria(changed, given);
  settings = checked(space.x0(), sigma0, changed);
}

void engine::impl::inject(std::span<const double> x) {
  if (x.size() != space.full_dimension())
    throw std::invalid_argument("cma: inject expected " + std::to_string(space.full_dimension()) +
                                " numbers, and got " + std::to_string(x.size()));
  check_point(x, "x");
  space.to_u(x, scratch_);
  candidates.inject(x);
}

void engine::impl::request_stop(std::string why) {
  stop_requested_ = true;
  request_ = std::move(why);
  reasons.add_callback(request_);
}

}  // namespace mobula::cma
