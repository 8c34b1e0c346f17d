#include "available_memory.hpp"

#include "cgroups.hpp"

#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <limits>
#include <string>

namespace mobula::detail {
namespace {

double limit_in(std::string const& folder) {
  double bytes = 0;
  for (char const* file : {"/memory.max", "/memory.limit_in_bytes"})
    if (std::ifstream f(folder + file); f >> bytes && bytes > 0) return bytes;  // "max" is no number
  return std::numeric_limits<double>::infinity();
}

}  // namespace

std::size_t available_memory() {
  double const all = static_cast<double>(::sysconf(_SC_PHYS_PAGES)) * static_cast<double>(::sysconf(_SC_PAGE_SIZE));
  return static_cast<std::size_t>(std::max(1.0, std::min(all, least_in_cgroups("memory", &limit_in))));
}

}  // namespace mobula::detail
