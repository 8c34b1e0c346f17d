#pragma once

#include <mobula/core/manual_runtime.hpp>

#include <cstdint>
#include <exception>
#include <functional>
#include <optional>

namespace mobula {

/// A seed under which a test fails, and how.
struct failed_seed {
  std::uint64_t seed;
  /// What left the test.
  std::exception_ptr error;
};

/// Which orders `explore` tries.
struct explore_options {
  /// How many seeds, from 0 on.
  std::uint64_t seeds = 1000;
  /// Only this one, to replay a failure.
  std::optional<std::uint64_t> seed = {};
  /// Told of the failure before it leaves `explore`; none for a line on stderr that names the seed.
  std::function<void(failed_seed const&)> on_failure = {};
};

/// Runs a test once under each of many seeds, until one fails: so it finds an order of the tasks that breaks the code
/// under test, and the seed finds it again.
///
///     mb::explore([](mb::manual_options const& seeded) {
///       account savings(100);              // first what the tasks refer to
///       mb::manual_runtime rt(seeded);     // then what runs them
///       ...                                // throw, or whatever the test framework does, if something is wrong
///     });
///
/// If the environment has MOBULA_SEED=17, only that seed runs: so one can replay a failure without compiling again.
/// Errors: what the test throws leaves `explore` as it is, after `on_failure`. std::invalid_argument if MOBULA_SEED is
///         no number, or if there is no seed to run.
/// Blocks: until all have run. Threads: the test runs on the calling thread.
void explore(std::function<void(manual_options const&)> const& test, explore_options const& options = {});

}  // namespace mobula
