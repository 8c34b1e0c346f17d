#pragma once

#include <filesystem>

namespace mobula::cma {

/// Returns where the script of a picture stands.
[[nodiscard]] std::filesystem::path script_of(std::filesystem::path picture);

/// Writes the script that draws a log; what `plot_log` does before it runs it.
/// Errors: as `plot_log`.
void prepare_plot(const std::filesystem::path& log, const std::filesystem::path& picture);

}  // namespace mobula::cma
