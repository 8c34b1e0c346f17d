#pragma once

#include <mobula/requirements.hpp>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>

#include "mobula/cma/generation_report.hpp"

namespace mobula::cma {

class output_file;

/// Writes a line of a CSV file for each generation: how the search went, for plots and spreadsheets.
///
///     cma::csv_log log("run.csv", 10);
///     cma::minimize(f, x0, 0.5, {}, {.callback = [&](auto& generation) { log.write(generation); }});
///
/// `minimize_options::log` does just that. Columns: iterations, evaluations, seconds, min, median, max, best, sigma,
/// axis_ratio, run (0, or how many restarts came before), popsize, std_1 ... std_n, mean_1 ... mean_n.
class csv_log {
 public:
  /// `keep`: how many iterations of a log that is there already are kept, as a search goes on.
  /// Errors: throws std::system_error, which names the file and the reason, if it can't be written.
  csv_log(const std::filesystem::path& file, std::size_t dimension, std::int64_t keep = 0);
  csv_log(csv_log&&) noexcept;
  csv_log& operator=(csv_log&&) noexcept;
  ~csv_log();

  /// Writes a line; the file is whole at any time.
  /// Errors: throws std::system_error if the line can't be written; then, on a file, nothing of it is.
  void write(const generation_report& generation);

 private:
  std::unique_ptr<output_file> out_;
};

}  // namespace mobula::cma
