#pragma once

#include "search.hpp"

#include <filesystem>

/// Writes generation, min and max as cma_es.csv, and draws them as cma_es.png if the gnuplot program is there; says what
/// it has written, or why not.
void write_log_and_plot(history const& h, std::filesystem::path const& folder);
