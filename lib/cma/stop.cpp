#include "mobula/cma/stop.hpp"

#include <algorithm>
#include <ostream>
#include <sstream>
#include <stdexcept>
#include <utility>

#include "cma/number_text.hpp"

namespace mobula::cma {
namespace {

constexpr std::array<std::string_view, criterion_count> names = {
    "ftarget",    "maxfevals",       "maxiter",       "timeout",        "tolx",           "tolfun",
    "tolfunhist", "tolfunrel",       "tolstagnation", "tolxstagnation", "tolflatfitness", "tolfacupx",
    "tolupsigma", "tolconditioncov", "noeffectaxis",  "noeffectcoord",  "failed",         "callback",
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

void stop_reasons::add(stop_reason reason) noexcept {
  std::size_t place = size_++;
  for (; place > 0 && reasons_[place - 1].which > reason.which; --place) reasons_[place] = reasons_[place - 1];
  reasons_[place] = reason;
}

void stop_reasons::add_callback(std::string message) {
  message_ = std::move(message);
  if (!contains(criterion::callback)) add({criterion::callback, 0, 0});
}

std::ostream& operator<<(std::ostream& out, const stop_reason& reason) {
  if (reason.which == criterion::failed)
    return out << "failed: " << number_text(reason.value) << " of the last generation's values are not finite";
  return out << reason.name() << ": " << number_text(reason.value) << " (threshold " << number_text(reason.threshold)
             << ")";
}

std::ostream& operator<<(std::ostream& out, const stop_reasons& reasons) {
  if (reasons.empty()) return out << "no criterion fired";
  const char* separator = "";
  for (const stop_reason& reason : reasons) {
    out << separator;
    separator = ", ";
    if (reason.which != criterion::callback) {
      out << reason;
    } else {
      out << reason.name();
      if (!reasons.message().empty()) out << ": " << reasons.message();
    }
  }
  return out;
}

std::string to_string(const stop_reasons& reasons) {
  std::ostringstream out;
  out << reasons;
  return out.str();
}

}  // namespace mobula::cma
