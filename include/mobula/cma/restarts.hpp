#pragma once

#include <mobula/requirements.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "mobula/cma/options.hpp"
#include "mobula/cma/stop.hpp"

namespace mobula::cma {

/// How a search that has come to an end starts again.
enum class restart_strategy : std::uint8_t {
  ipop,   ///< each run has a larger population than the one before (Auger & Hansen, CEC 2005)
  bipop,  ///< runs with growing populations take turns with runs with small ones and small steps (Hansen, GECCO 2009)
};

/// What can be set about restarts; the defaults are pycma's. `options::maxfevals` and `options::timeout` hold for all
/// runs together.
struct restart_options {
  restart_strategy strategy = restart_strategy::ipop;
  /// Restarts with a larger population, at most. Those with a small one come on top.
  count restarts = 9;
  /// What the population size is multiplied by.
  double incpopsize = 2;
};

/// A run that is to be made.
struct planned_run {
  options settings;   ///< with its popsize, seed, and budget
  double sigma0;      ///< the step size to start with
  std::size_t index;  ///< the how-many-th run it is, from 0
  bool large;         ///< its population has grown; else it is the first, or one with a small population
};

/// Plans the runs of a search with restarts, and keeps account of their budgets.
///
///     cma::restarts plan(sigma0, n, settings, {.strategy = cma::restart_strategy::bipop});
///     while (auto run = plan.next()) {
///       cma::optimizer es(x0, run->sigma0, run->settings);  // x0 may be drawn anew for each
///       ...
///       plan.finished(*run, es.evaluations(), es.stop());
///     }
///
/// With lambda the population size of the first run, k the number of restarts with a larger one, and u, v uniform in
/// [0, 1), BIPOP (Hansen, "Benchmarking a BI-population CMA-ES on the BBOB-2009 function testbed", GECCO 2009, section
/// 2) does this: as long as the runs with small populations, and the first, have used fewer evaluations than those with
/// large ones, the next is small,
///
///     popsize = floor(lambda (lambda_large / (2 lambda))^(u^2)),   sigma = sigma0 10^(-2 v),
///
/// with half of the evaluations that all large runs have used at most; else it is large, lambda_large = 2^k lambda. pycma
/// does the same, but for the 2 in the denominator.
///
/// The search is over when all restarts, evaluations or the time are used up, the target was reached, the user asked for
/// it, or the next population would be larger than any may be. Each run gets what is left of `options::maxfevals`, and of
/// `options::timeout`, which counts from when the plan was made. `options::maxiter` holds for each run.
/// Several runs may be under way at a time: what is planned then depends on who has finished.
///
/// Threads: none; one thread at a time may use an object.
class restarts {
 public:
  /// @param settings of the first run; its popsize is lambda, and its seed decides all of them
  /// Errors: throws `std::invalid_argument` that names the option which makes no sense.
  restarts(double sigma0, std::size_t dimension, const options& settings, const restart_options& how = {});

  /// Returns the next run, or nothing when the search is over.
  [[nodiscard]] std::optional<planned_run> next();
  /// Takes note of a run that has ended.
  void finished(const planned_run& run, std::int64_t evaluations, const stop_reasons& why);

  /// Counts time that had passed before the plan was made, of a search that goes on.
  void add_time(std::chrono::duration<double> passed) noexcept { passed_ += passed; }
  /// Returns the time since the search began.
  [[nodiscard]] std::chrono::duration<double> elapsed() const noexcept {
    return passed_ + (std::chrono::steady_clock::now() - begun_);
  }

  [[nodiscard]] bool over() const noexcept;
  [[nodiscard]] std::int64_t evaluations() const noexcept { return small_evaluations_ + large_evaluations_; }

 private:
  planned_run plan(double popsize, double sigma, double budget, bool large);
  [[nodiscard]] double lambda_large(std::int64_t restarts) const;

  double sigma0_;
  std::size_t dimension_;
  options settings_;
  restart_options how_;
  std::size_t planned_ = 0;
  std::int64_t large_runs_ = 0;
  std::int64_t small_evaluations_ = 0;  // of the first run, too
  std::int64_t large_evaluations_ = 0;
  bool over_ = false;
  std::chrono::steady_clock::time_point begun_ = std::chrono::steady_clock::now();
  std::chrono::duration<double> passed_{0};
};

}  // namespace mobula::cma
