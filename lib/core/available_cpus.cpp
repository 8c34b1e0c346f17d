#include "available_cpus.hpp"

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

// The tightest limit among the process's cgroup and those above it.
double quota() {
  double least = std::numeric_limits<double>::infinity();
  std::ifstream groups("/proc/self/cgroup");
  for (std::string line; std::getline(groups, line);) {  // hierarchy:controllers:path
    auto const first = line.find(':'), second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    std::string const controllers = line.substr(first + 1, second - first - 1);
    if (!controllers.empty() && controllers.find("cpu") != 0 && controllers.find(",cpu") == std::string::npos) continue;
    std::string const root = controllers.empty() ? "/sys/fs/cgroup" : "/sys/fs/cgroup/cpu";
    for (std::string path = line.substr(second + 1); !path.empty(); path.erase(path.rfind('/')))
      least = std::min(least, quota_in(root + path));
    least = std::min(least, quota_in(root));
  }
  return least;
}

}  // namespace

unsigned available_cpus() {
  double const cpus = std::min(static_cast<double>(affinity()), std::ceil(quota()));
  return std::max(1U, static_cast<unsigned>(cpus));
}

}  // namespace mobula::detail
