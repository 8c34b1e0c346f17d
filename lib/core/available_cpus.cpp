#include "available_cpus.hpp"
#include "cgroups.hpp"

#include <sched.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <limits>
#include <string>
#include <thread>

namespace mobula::detail {
namespace {

unsigned affinity() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (::sched_getaffinity(0, sizeof set, &set) == 0) return static_cast<unsigned>(CPU_COUNT(&set));
  return std::max(1U, std::thread::hardware_concurrency());
}

// The limit in one cgroup folder, in CPUs; infinite if it sets none.
double quota_in(std::string const& folder) {
  double quota = 0, period = 0;
  std::string word;
  if (std::ifstream v2(folder + "/cpu.max"); v2 >> word >> period)
    return word == "max" || period <= 0 ? std::numeric_limits<double>::infinity() : std::stod(word) / period;
  std::ifstream q(folder + "/cpu.cfs_quota_us"), p(folder + "/cpu.cfs_period_us");
  if (q >> quota && p >> period && quota > 0 && period > 0) return quota / period;
  return std::numeric_limits<double>::infinity();
}

double quota() { return least_in_cgroups("cpu", &quota_in); }

}  // namespace

unsigned available_cpus() {
  double const cpus = std::min(static_cast<double>(affinity()), std::ceil(quota()));
  return std::max(1U, static_cast<unsigned>(cpus));
}

}  // namespace mobula::detail
