#include "mobula/cma/stop.hpp"

#include <algorithm>
#include <ostream>
#include <sstream>
#include <stdexcept>

namespace mobula::cma {
namespace {

constexpr std::array<std::string_view, criterion_count> names = {
    "ftarget",   "maxfevals",  "maxiter",         "tolx",         "tolfun",        "tolfunhist", "tolflatfitness",
    "tolfacupx", "tolupsigma", "tolconditioncov", "noeffectaxis", "noeffectcoord",
};

}  // namespace

std::string_view name(criterion c) noexcept { return names[static_cast<std::size_t>(c)]; }

bool stop_reasons::contains(criterion which) const noexcept {
  return std::any_of(begin(), end(), [which](const stop_reason& reason) { return reason.which == which; });
}

bool stop_reasons::contains(std::string_view which) const {
  const auto found = std::find(names.begin(), names.end(), which);
  if (found == names.end()) {
    std::string message = "cma: there is no stop criterion named '" + std::string(which) + "'; there are";
    for (const std::string_view known : names) message.append(" ").append(known);
    throw std::invalid_argument(message);
  }
  return contains(static_cast<criterion>(found - names.begin()));
}

std::ostream& operator<<(std::ostream& out, const stop_reason& reason) {
  return out << reason.name() << ": " << reason.value << " (threshold " << reason.threshold << ")";
}

std::ostream& operator<<(std::ostream& out, const stop_reasons& reasons) {
  if (reasons.empty()) return out << "no criterion fired";
  const char* separator = "";
  for (const stop_reason& reason : reasons) {
    out << separator << reason;
    separator = ", ";
  }
  return out;
}

std::string to_string(const stop_reasons& reasons) {
  std::ostringstream out;
  out << reasons;
  return out.str();
}

}  // namespace mobula::cma
