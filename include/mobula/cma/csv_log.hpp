#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>

#include "mobula/cma/generation_report.hpp"

namespace mobula::cma {

/// Writes a line of a CSV file for each generation: how the search went, for plots and spreadsheets.
///
///     cma::csv_log log("run.csv", 10);
///     cma::minimize(f, x0, 0.5, {}, {.callback = [&](auto& generation) { log.write(generation); }});
///
/// `minimize_options::log` does just that. Columns: iterations, evaluations, seconds, min, median, max, best, sigma,
/// axis_ratio, std_1 ... std_n, mean_1 ... mean_n.
class csv_log {
 public:
  /// Errors: throws std::runtime_error if the file can't be written. `keep`: how many iterations of a log that is there
  /// already are kept, as a search goes on.
  csv_log(const std::filesystem::path& file, std::size_t dimension, std::int64_t keep = 0);

  /// Errors: throws std::runtime_error if the line can't be written.
  void write(const generation_report& generation);

 private:
  void check();

  std::filesystem::path file_;
  std::ofstream out_;
};

}  // namespace mobula::cma
