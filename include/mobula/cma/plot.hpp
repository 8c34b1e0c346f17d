#pragma once

#include <mobula/requirements.hpp>

#include <filesystem>
#include <string>

namespace mobula::cma {

/// Whether a picture was drawn, and what to tell the user about it.
struct plot_outcome {
  bool drawn;           ///< the picture is there, whole, and new
  std::string message;  ///< which file was written, or why not and what to do; one or two lines, no line end
};

/// Draws the log that `csv_log` has written as a picture (PNG) of four: values, sigma with axis ratio, standard
/// deviations, and mean of each coordinate, over the evaluations.
///
/// It writes a gnuplot script beside the picture (`run.gp` for `run.png`), for whoever wants to change it, and runs the
/// gnuplot program. Files may have any name: none is taken for code or an option, by gnuplot or by a shell.
/// Errors: throws std::runtime_error if `log` is none, or the script can't be written; `std::invalid_argument` if two of
///         the log, the script and the picture are one file.
plot_outcome plot_log(const std::filesystem::path& log, const std::filesystem::path& picture);

/// Runs a gnuplot script in its folder, which draws `picture` there. No shell takes part.
plot_outcome run_gnuplot(const std::filesystem::path& script, const std::filesystem::path& picture);

}  // namespace mobula::cma
