#include "cma/run_observer.hpp"

#include <algorithm>
#include <cmath>
#include <iostream>
#include <limits>

#include "mobula/cma/plot.hpp"

namespace mobula::cma {
namespace {

search_limits limits_of(const options& settings) {
  return {.iterations = settings.maxiter,
          .evaluations = settings.maxfevals,
          .seconds = std::numeric_limits<double>::infinity()};
}

// The log that is written: the one asked for, or the one that a plot needs.
std::filesystem::path log_file(const minimize_options& how) {
  if (!how.log.empty() || how.plot.empty()) return how.log;
  std::filesystem::path beside = how.plot;
  return beside.replace_extension(".csv");
}

}  // namespace

run_observer::run_observer(const minimize_options& how, const engine& es)
    : how_(how), out_(how.out == nullptr ? std::cout : *how.out), log_file_(log_file(how)) {
  if (how.show != display::none) display_.emplace(how.show, out_, is_terminal(out_), limits_of(es.settings()));
  if (!log_file_.empty()) log_.emplace(log_file_, es.constants().dimension);
  observed_ = display_ || log_ || how.callback;
}

bool run_observer::generation(const engine& es, std::span<const double> values) {
  if (!observed_) return false;
  const generation_report r = report(es, values);
  if (log_) log_->write(r);
  if (display_) display_->show(r);
  if (how_.callback) how_.callback(r);
  return stop_requested_;
}

void run_observer::finish(const engine& es) {
  if (display_) display_->finish(report(es, {}));
  if (how_.plot.empty()) return;
  out_ << plot_log(log_file_, how_.plot).message << '\n' << std::flush;
}

generation_report run_observer::report(const engine& es, std::span<const double> values) {
  sorted_.clear();
  std::ranges::copy_if(values, std::back_inserter(sorted_), [](double v) { return !std::isnan(v); });
  if (!sorted_.empty()) {
    const auto middle = sorted_.begin() + static_cast<std::ptrdiff_t>(sorted_.size() / 2);
    std::ranges::nth_element(sorted_, middle);
    median_ = *middle;
    min_ = *std::min_element(sorted_.begin(), middle + 1);
    max_ = *std::max_element(middle, sorted_.end());
  } else if (!values.empty()) {
    min_ = median_ = max_ = std::numeric_limits<double>::quiet_NaN();
  }
  return {.iterations = es.iterations(),
          .evaluations = es.evaluations(),
          .run = 0,
          .popsize = es.constants().popsize,
          .values = values,
          .min = min_,
          .median = median_,
          .max = max_,
          .best_f = es.best_f(),
          .best_x = es.best_x(),
          .mean = es.mean(),
          .stds = es.stds(),
          .sigma = es.sigma(),
          .axis_ratio = es.axis_ratio(),
          .elapsed = clock::now() - start_,
          .stop = es.stop(),
          .stop_requested = &stop_requested_};
}

}  // namespace mobula::cma
