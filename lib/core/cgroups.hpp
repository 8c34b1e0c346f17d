#pragma once

#include <algorithm>
#include <fstream>
#include <limits>
#include <string>

namespace mobula::detail {

/// The tightest limit among the process's cgroup and those above it, for a controller of Linux's cgroups, versions 1 and
/// 2. `limit_in` gives that of one folder; infinite for none.
inline double least_in_cgroups(std::string const& controller, double (*limit_in)(std::string const& folder)) {
  double least = std::numeric_limits<double>::infinity();
  std::ifstream groups("/proc/self/cgroup");
  for (std::string line; std::getline(groups, line);) {  // hierarchy:controllers:path
    auto const first = line.find(':'), second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    std::string const controllers = line.substr(first + 1, second - first - 1);
    if (!controllers.empty() && controllers.find(controller) != 0 &&
        controllers.find("," + controller) == std::string::npos)
      continue;
    std::string const root = controllers.empty() ? "/sys/fs/cgroup" : "/sys/fs/cgroup/" + controller;
    for (std::string path = line.substr(second + 1); !path.empty(); path.erase(path.rfind('/')))
      least = std::min(least, limit_in(root + path));
    least = std::min(least, limit_in(root));
  }
  return least;
}

}  // namespace mobula::detail
