#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <exception>
#include <filesystem>
#include <iosfwd>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "cma/archive.hpp"
#include "cma/file_trouble.hpp"
#include "cma/interrupt.hpp"
#include "cma/run_observer.hpp"
#include "mobula/cma/drive.hpp"
#include "mobula/cma/engine.hpp"
#include "mobula/cma/restarts.hpp"

namespace mobula::cma {

/// A run that has ended, as the plan of restarts wants to know it.
struct finished_run {
  std::int64_t evaluations;
  std::vector<criterion> stop;

  void pass(archive& a);
};

/// A search as `drive` runs it: its runs one after the other, some of them begun ahead of their turn.
///
/// Runs under way at the same time take part in common batches: one generation of each. Only what a run has found counts
/// when its turn has come, and then it is over, or goes on as the first; so how many were begun ahead, which is a matter
/// of how many processors there are, changes nothing but the time.
class session {
 public:
  session(std::span<const double> x0, double sigma0, const options& settings, evaluator& objective,
          const minimize_options& how);

  [[nodiscard]] search_outcome run();

 private:
  // A run under way, or over and not counted yet.
  struct active_run {
    planned_run plan;
    engine es;
    std::vector<generation_record> unseen = {};  // what was not shown, as its turn had not come
    std::exception_ptr failure = nullptr;        // ends the search when its turn has come
    std::exception_ptr last_failure = nullptr;   // of an evaluation
    std::size_t threw_in_a_row = 0;              // evaluations

    bool beyond = false;  // a limit that it had reached has been raised

    [[nodiscard]] bool over() const { return failure != nullptr || (es.stop() && !beyond); }
  };

  [[nodiscard]] bool begin_next();
  void begin_ahead();
  [[nodiscard]] engine make_engine(const planned_run& plan) const;
  void run_front_asynchronously();
  void run_generation();
  void tell(active_run& r, std::span<const double> values, std::span<const failed_evaluation> failed);
  void show_generation(active_run& r, std::span<const double> values);
  [[nodiscard]] bool show(generation_record g);
  void finish_front();
  void keep_if_better(const engine& es);
  [[nodiscard]] bool interrupted();

  void resume();
  void replay(engine es);
  void resume_time(planned_run& front, const engine& es);
  void save_if_due();
  void save(const char* then);
  void try_to_save() const;
  [[nodiscard]] std::string state() const;

  std::vector<double> x0_;
  options settings_;
  evaluator& objective_;
  const minimize_options& how_;
  std::optional<interrupt_watch> watch_;  // if there is a checkpoint to write

  restarts plan_;   // of the runs that are over and the first one of those below
  restarts ahead_;  // the same, and all of those below
  std::deque<active_run> runs_;
  std::vector<finished_run> finished_;
  earlier_runs before_;
  search_outcome best_;  // of the runs that are over
  bool stop_ = false;
  bool may_begin_ahead_ = true;
  std::chrono::steady_clock::time_point saved_ = std::chrono::steady_clock::now();  // or it was tried
  file_trouble checkpoint_trouble_;
  std::optional<run_observer> observer_;
  generation_record last_{};  // that was shown, counted over all runs

  std::vector<double> xs_;  // of one generation of each run
  std::vector<double> values_;
};

}  // namespace mobula::cma
