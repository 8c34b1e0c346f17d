#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "cma/display.hpp"
#include "mobula/cma/csv_log.hpp"
#include "mobula/cma/engine.hpp"
#include "mobula/cma/minimize_options.hpp"

namespace mobula::cma {

/// Tells of a search, generation by generation, whoever wants to know: callback, display and log.
class run_observer {
 public:
  explicit run_observer(const minimize_options& how, const engine& es);

  /// A generation has been told. Returns whether the callback wants the search to end.
  [[nodiscard]] bool generation(const engine& es, std::span<const double> values);

  /// The search is over.
  void finish(const engine& es);

 private:
  using clock = std::chrono::steady_clock;

  generation_report report(const engine& es, std::span<const double> values);

  const minimize_options& how_;
  std::ostream& out_;
  clock::time_point start_ = clock::now();
  std::optional<display_writer> display_;
  std::filesystem::path log_file_;  // empty for none
  std::optional<csv_log> log_;
  bool observed_;  // whether anybody wants to know
  bool stop_requested_ = false;
  double min_ = 0, median_ = 0, max_ = 0;  // of the last generation
  std::vector<double> sorted_;  // the numbers among the values of the last generation, partly sorted
};

}  // namespace mobula::cma
