#include "cma/run_observer.hpp"

#include <algorithm>
#include <cmath>
#include <iostream>
#include <iterator>
#include <string>
#include <system_error>

#include "cma/file_names.hpp"
#include "cma/plot_script.hpp"
#include "mobula/cma/plot.hpp"

namespace mobula::cma {
namespace {

search_limits limits_of(const options& settings, const std::optional<restart_options>& restarts) {
  constexpr double unlimited = std::numeric_limits<double>::infinity();
  return {.iterations = restarts ? unlimited : static_cast<double>(settings.maxiter),
          .evaluations = settings.maxfevals,
          .seconds = settings.timeout.count()};
}

// The log that is written: the one asked for, or the one that a plot needs.
std::filesystem::path log_file(const minimize_options& how) {
  if (!how.log->empty() || how.plot->empty()) return how.log;
  std::filesystem::path beside = how.plot;
  return beside.replace_extension(".csv");
}

std::vector<double> copy(std::span<const double> numbers) { return {numbers.begin(), numbers.end()}; }

// The smallest, the median (the greater of two) and the largest number among values; NaN if there is none.
void summarize(generation_record& g) {
  std::vector<double> numbers;
  std::ranges::copy_if(g.values, std::back_inserter(numbers), [](double v) { return !std::isnan(v); });
  g.min = g.median = g.max = std::numeric_limits<double>::quiet_NaN();
  if (numbers.empty()) return;
  const auto middle = numbers.begin() + static_cast<std::ptrdiff_t>(numbers.size() / 2);
  std::ranges::nth_element(numbers, middle);
  g.median = *middle;
  g.min = *std::min_element(numbers.begin(), middle + 1);
  g.max = *std::max_element(middle, numbers.end());
}

}  // namespace

void run_observer::check_files(const minimize_options& how) {
  const std::filesystem::path log = log_file(how);
  const std::filesystem::path script = how.plot->empty() ? *how.plot : script_of(how.plot);
  std::filesystem::path fresh = how.checkpoint;
  if (!fresh.empty()) fresh += ".new";
  require_different({{"the checkpoint", how.checkpoint},
                     {"the checkpoint's other name", fresh},
                     {"the log", log},
                     {"the plot's script", script},
                     {"the plot", how.plot}});
}

run_observer::run_observer(const minimize_options& how, const options& settings, std::size_t dimension,
                           std::int64_t resumed)
    : how_(how), out_(how.out == nullptr ? std::cout : *how.out), log_file_(log_file(how)) {
  if (how.show != display::none) display_.emplace(how.show, out_, is_terminal(out_), limits_of(settings, how.restarts));
  if (!log_file_.empty()) log_.emplace(log_file_, dimension, resumed);
  if (!how.plot->empty()) prepare_plot(log_file_, how.plot);
  observed_ = display_ || log_ || *how.callback;
}

generation_record run_observer::record(const engine& es, std::span<const double> values) const {
  const auto [shortest, longest] = std::ranges::minmax(es.axis_lengths());
  generation_record g{.iterations = es.iterations(),
                      .evaluations = es.evaluations(),
                      .popsize = es.constants().popsize,
                      .values = copy(values),
                      .best_x = copy(es.best_x()),
                      .mean = copy(es.mean()),
                      .stds = copy(es.stds()),
                      .min = 0,
                      .median = 0,
                      .max = 0,
                      .best_f = es.best_f(),
                      .sigma = es.sigma(),
                      .axis_ratio = longest / shortest,
                      .elapsed = clock::now() - start_,
                      .stop = es.stop()};
  summarize(g);
  return g;
}

bool run_observer::show(const generation_record& g, const earlier_runs& before) {
  const generation_report r = report(g, before);
  if (log_) write_log(r);
  if (display_) display_->show(r);
  if (*how_.callback) (*how_.callback)(r);
  return stop_requested_;
}

void run_observer::finish(const generation_record& last, const earlier_runs& before) {
  if (display_ && last.iterations > 0) display_->finish(report(last, before));
  if (how_.plot->empty()) return;
  std::string said;
  try {
    said = plot_log(log_file_, how_.plot).message;
  } catch (const std::exception& e) { said = std::string("plot: none, ") + e.what(); }
  out_ << said << '\n' << std::flush;
}

void run_observer::write_log(const generation_report& r) {
  try {
    log_->write(r);
    log_trouble_.over();
  } catch (const std::system_error& e) { log_trouble_.tell(e.what(), "the search goes on, its lines are missing"); }
}

generation_report run_observer::report(const generation_record& g, const earlier_runs& before) {
  const bool better = g.best_f <= before.best_f;
  return {.iterations = before.iterations + g.iterations,
          .evaluations = before.evaluations + g.evaluations,
          .run = before.runs,
          .popsize = g.popsize,
          .values = g.values,
          .min = g.min,
          .median = g.median,
          .max = g.max,
          .best_f = better ? g.best_f : before.best_f,
          .best_x = better ? g.best_x : before.best_x,
          .mean = g.mean,
          .stds = g.stds,
          .sigma = g.sigma,
          .axis_ratio = g.axis_ratio,
          .elapsed = g.elapsed,
          .stop = g.stop,
          .stop_requested = &stop_requested_};
}

}  // namespace mobula::cma
