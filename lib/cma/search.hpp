#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "cma/archive.hpp"
#include "cma/coordinates.hpp"
#include "cma/penalty.hpp"
#include "cma/population.hpp"
#include "cma/ranking.hpp"
#include "cma/state.hpp"
#include "cma/termination.hpp"
#include "cma/update.hpp"
#include "mobula/cma/engine.hpp"

namespace mobula::cma {

/// A run: all its memory, at an address that stays, as the parts refer to each other.
struct engine::impl {
  impl(std::span<const double> x0, double sigma0, const options& given);
  void save(archive& a);
  static std::unique_ptr<impl> resume(archive& a);

  void ask();
  std::size_t ask_one();
  void tell(std::span<const double> values);
  void tell(std::span<const double> xs, std::span<const double> values);
  void check_told(std::size_t count) const;
  void set_criteria(const options& given);
  void request_stop(std::string why);
  void inject(std::span<const double> x);

  [[nodiscard]] std::span<const double> asked_points() const;
  [[nodiscard]] double seconds() const noexcept;

  options settings;
  const double sigma0;
  const coordinates space;
  parameters p;  // of generations of popsize candidates
  vector least_stds;
  vector greatest_stds;
  search_state state;
  population candidates;
  penalty bounds;
  termination criteria;

  bool asked = false;                  // the candidates are drawn, and those that wait not yet told
  std::vector<std::uint32_t> waiting;  // the columns that wait for their values
  std::vector<double> told;            // where callers may put the values
  std::int64_t evaluations = 0;
  std::int64_t failures = 0;
  stop_reasons reasons;

  vector best_x;
  double best_f;
  std::int64_t best_evaluation = 0;
  std::int64_t best_iteration = 0;
  vector mean_x;  // as it would be evaluated
  vector stds_x;

 private:
  void pass(archive& a);
  void check_progress();
  void check_generation() const;
  void wait_for_all();
  bool replace_failed();
  void show_replacements();
  [[nodiscard]] bool is_over_limit() const;
  void show_state();

  void locate(std::span<const double> xs, std::size_t count);
  void drop_failed();
  void learn();
  std::span<const std::uint32_t> note_values();
  void keep_best(std::uint32_t which);
  void add_elite();
  void demote_mirrors();
  const parameters& parameters_for(std::size_t count);
  [[nodiscard]] variant variant_now() const;
  void finish_generation();

  parameters other_;  // of the last generation that had another size
  ranking ranks_;
  updater update_;
  vector best_u_;               // best_x in the search
  std::size_t handed_out_ = 0;  // candidates, one by one
  int replaced_ = 0;            // times that failed candidates of this generation were replaced
  matrix replacements_;         // their points, n a column

  // What is learned from: columns of the candidates, their values, and the numbers of their evaluations.
  std::vector<std::uint32_t> columns_;
  std::vector<double> values_;
  std::vector<std::int64_t> numbers_;
  std::vector<double> keys_;           // what they are ranked by
  std::vector<double> sorted_;         // the values, best first
  std::vector<std::uint32_t> ranked_;  // the columns, best first
  std::vector<std::uint32_t> demoted_;
  std::vector<bool> seen_;
  vector scratch_;

  bool stop_requested_ = false;
  std::string request_;
  std::chrono::steady_clock::time_point begun_ = std::chrono::steady_clock::now();
  double seconds_before_ = 0;  // of the run that was saved
};

}  // namespace mobula::cma
