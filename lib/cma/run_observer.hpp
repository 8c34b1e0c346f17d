#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <vector>

#include "cma/display.hpp"
#include "cma/file_trouble.hpp"
#include "mobula/cma/csv_log.hpp"
#include "mobula/cma/engine.hpp"
#include "mobula/cma/minimize_options.hpp"

namespace mobula::cma {

/// A generation of one run, with numbers of its own: what a generation_report is made of.
struct generation_record {
  std::int64_t iterations, evaluations;
  std::size_t popsize;
  std::vector<double> values, best_x, mean, stds;
  double min, median, max, best_f, sigma, axis_ratio;
  std::chrono::duration<double> elapsed;
  stop_reasons stop;
};

/// What the runs before this one have come to.
struct earlier_runs {
  std::size_t runs = 0;
  std::int64_t iterations = 0;
  std::int64_t evaluations = 0;
  std::int64_t failures = 0;
  double seconds = 0;  // that the search has taken, with the run under way; kept up by checkpoints alone
  double best_f = std::numeric_limits<double>::infinity();
  std::vector<double> best_x = {};
};

/// Tells of a search, generation by generation, whoever wants to know: callback, display and log.
class run_observer {
 public:
  /// Errors: throws `std::invalid_argument` if two files of a search are one.
  static void check_files(const minimize_options& how);

  /// `resumed`: the generations told before, where a search goes on.
  /// Errors: throws std::system_error if a file can't be written; later, that is told on stderr and costs nothing.
  run_observer(const minimize_options& how, const options& settings, std::size_t dimension, std::int64_t resumed);

  /// Tells whether anybody wants to know of generations.
  [[nodiscard]] bool on() const noexcept { return observed_; }

  /// Takes down a generation that `es` has been told.
  [[nodiscard]] generation_record record(const engine& es, std::span<const double> values) const;
  /// Tells of it. Returns whether the callback wants the search to end.
  [[nodiscard]] bool show(const generation_record& g, const earlier_runs& before);
  /// The search is over, with `last`.
  void finish(const generation_record& last, const earlier_runs& before);

 private:
  using clock = std::chrono::steady_clock;

  void write_log(const generation_report& r);
  generation_report report(const generation_record& g, const earlier_runs& before);

  const minimize_options& how_;
  std::ostream& out_;
  clock::time_point start_ = clock::now();
  std::optional<display_writer> display_;
  std::filesystem::path log_file_;  // empty for none
  std::optional<csv_log> log_;
  file_trouble log_trouble_;
  bool observed_;
  bool stop_requested_ = false;
};

}  // namespace mobula::cma
