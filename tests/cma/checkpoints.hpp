#pragma once

#include <sstream>
#include <string>
#include <vector>

#include "cma/engine_run.hpp"
#include "mobula/cma/checkpoint_error.hpp"

// Runs that are saved and resumed.
namespace cma_test {

inline std::string saved(const cma::engine& es) {
  std::ostringstream out;
  es.save(out);
  return out.str();
}

inline cma::engine resumed(const std::string& bytes) {
  std::istringstream in(bytes);
  return cma::engine::resume(in);
}

inline std::string refusal(const std::string& bytes) {
  try {
    resumed(bytes);
  } catch (const cma::checkpoint_error& error) { return error.what(); }
  return "";
}

/// Variants whose runs keep more than the plain one's does.
inline std::vector<cma::options> variants() {
  std::vector<cma::options> all(9);
  all[1].diagonal = infinity;
  all[2].diagonal = 7;
  all[3].bounds = {.lower = -4, .upper = {5, infinity, 4, 3.5}};
  all[4].bounds = {.lower = {0.5, 0.25, -1, -2}, .upper = infinity, .handling = cma::bound_handling::penalty};
  all[5].mirrors = 2;
  all[5].elitist = true;
  all[6].mirrors = 0.3;
  all[6].mirrormethod = cma::mirror_method::unconditional;
  all[7].stds = {1, 2, 3, 4};
  all[7].scaling_of_variables = {0.5, 1, 1, 2};
  all[7].fixed_variables = {{2, 0.75}};
  all[8].on_failure = cma::failure_policy::resample;
  all[8].active = false;
  for (cma::options& o : all) {
    o.popsize = 10;
    o.maxiter = 40;
  }
  return all;
}

/// Fails now and then, by its argument alone.
inline double fragile(point x) { return x[0] > 2 && x[1] < 3 ? not_a_number : sphere(x); }

inline constexpr double start[] = {3, 2.5, 1, 2};

}  // namespace cma_test
