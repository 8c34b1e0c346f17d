#pragma once

#include <mobula/core/steady.hpp>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <iosfwd>
#include <optional>
#include <vector>

#include "mobula/cma/generation_report.hpp"
#include "mobula/cma/restarts.hpp"

namespace mobula::cma {

/// What `minimize` shows while it runs.
enum class display : std::uint8_t {
  none,
  table,     ///< a line now and then, with pycma's columns
  progress,  ///< on a terminal a bar with the time that is left, elsewhere some twenty plain lines
};

/// How `minimize` goes about a search: all that does not belong to the algorithm, which has `options`.
///
///     cma::minimize(f, x0, 0.5, {.popsize = 40}, {.show = cma::display::table, .log = "run.csv"});
/// Each file is tried at the start, where minimize throws std::system_error if it can't be written. Later that is told on
/// stderr, with name and reason, and costs nothing else. No two of them may be one.
struct minimize_options {
  /// Called after each generation, on the thread (or fiber) that called minimize; it can end the search. What it throws
  /// comes out of minimize.
  mobula::detail::steady<std::function<void(const generation_report&)>> callback = {};
  /// What to show, and where; null is standard output. A bar is drawn if that is a terminal.
  display show = display::none;
  std::ostream* out = nullptr;
  /// A CSV file with a line for each generation: iterations, evaluations, seconds, min, median, max, best, sigma, axis
  /// ratio, run, popsize, then the standard deviations and the mean. Empty for none.
  mobula::detail::steady<std::filesystem::path> log = {};
  /// A picture (PNG) of the log, drawn by the gnuplot program when the search is over; `out` says so, or why there is
  /// none. Its log and the gnuplot script are kept beside it. Empty for none.
  mobula::detail::steady<std::filesystem::path> plot = {};
  /// Runs again when a run has ended without reaching the target: see restarts.hpp. Without a callback, runs of IPOP with
  /// no limit of evaluations begin ahead of their turn where processors would idle; what is found is what one after the
  /// other would have found. None for a single run.
  std::optional<restart_options> restarts = {};
  /// Where run k, from 0, starts, if not all start at x0: as many numbers as x0 has, or minimize throws
  /// std::invalid_argument.
  mobula::detail::steady<std::function<std::vector<double>(std::size_t run)>> start = {};
  /// Where the state of the search is kept: written between generations, ten seconds after the last time at the earliest,
  /// and when the process is told to end by SIGTERM, which then takes its course; at the second SIGTERM at once. Empty for
  /// none.
  mobula::detail::steady<std::filesystem::path> checkpoint = {};
  /// Goes on from that file if it exists, from where it was: with the distribution and the random numbers that stand there,
  /// whatever x0 and sigma0 are now. Options have to be those of the search that wrote it, or minimize throws
  /// checkpoint_error; the criteria to stop may be others. std::invalid_argument without `checkpoint`.
  bool resume = false;
  /// Evaluates without generations: the next candidate starts whenever an evaluation ends. See docs/minimize.md for how
  /// late results are used, and what is reproducible. It can't be told how many evaluations are needed to the end: those
  /// under way then are dropped.
  bool asynchronous = false;
  /// How many evaluations are under way at once in asynchronous mode; 0 takes one more than there are workers. Without
  /// that mode, minimize throws std::invalid_argument for anything else, and so for give_up_after.
  std::size_t in_flight = 0;
  /// In asynchronous mode, an evaluation that takes longer than so many times the median of the last ones, and than 1 ms,
  /// is given up: another one starts, its result is dropped, and its stop token and its actor are told. 0 gives up none.
  double give_up_after = 0;
};

}  // namespace mobula::cma
