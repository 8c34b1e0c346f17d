#pragma once

#include <filesystem>

namespace mobula::cma {

/// Returns where the gnuplot program is, by PATH; empty if it is nowhere.
[[nodiscard]] std::filesystem::path find_gnuplot();

/// Runs a script of gnuplot's, by its name within `folder`, and waits for it. No shell takes part, and its standard input
/// is empty. Returns whether it succeeded, as far as can be known.
[[nodiscard]] bool run_script(const std::filesystem::path& gnuplot, const std::filesystem::path& folder,
                              const std::filesystem::path& script);

}  // namespace mobula::cma
