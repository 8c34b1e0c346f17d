#pragma once

#include "search.hpp"

/// The same search, evaluated in six ways. Of the first two maybe only the first generations.
struct searches {
  history serial, mistake, blocking;
  double sleeps;  // the seconds that the sleeps alone take on as many plain threads, measured right after
  history coroutine, plain_serial, plain_map;
};

/// Prints the best solution, having made sure that all searches have found it on the same way. Throws if not.
void print_solution(searches const& s);

/// Prints a table of times and speed-ups.
void print_times(problem const& p, searches const& s);
