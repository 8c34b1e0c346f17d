#pragma once

#include <filesystem>

namespace mobula::cma {

/// Writes the script that draws a log; what `plot_log` does before it runs it.
/// Errors: as `plot_log`.
void prepare_plot(const std::filesystem::path& log, const std::filesystem::path& picture);

}  // namespace mobula::cma
