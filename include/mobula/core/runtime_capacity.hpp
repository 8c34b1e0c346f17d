#pragma once

#include <mobula/requirements.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

namespace mobula::detail {

class scheduler;

/// Amounts of resources are counted in units of 1/10,000, so that fractions add up exactly.
inline constexpr std::int64_t units_of_one = 10'000;
/// The most that there may be of anything.
inline constexpr double most_of_a_resource = 9e14;

[[nodiscard]] inline std::int64_t to_units(double amount) noexcept {
  return static_cast<std::int64_t>(std::llround(amount * static_cast<double>(units_of_one)));
}
[[nodiscard]] inline double to_amount(std::int64_t units) noexcept {
  return static_cast<double>(units) / static_cast<double>(units_of_one);
}

/// A number as errors and people write it: the shortest text that it can be read back from exactly. "2", "0.5".
[[nodiscard]] std::string amount_text(double amount);

/// Why a resource can't have that name or amount; empty if it can.
[[nodiscard]] std::string wrong_resource(std::string const& name, double amount);

/// What a runtime has for tasks that ask, as its options say. 0 for no limit of running tasks, of those that are in flight, or
/// pending.
struct runtime_capacity {
  unsigned num_cpus;
  unsigned num_gpus;
  std::size_t memory;
  std::map<std::string, double> resources;
  std::size_t max_running;
  std::size_t max_in_flight;
  std::size_t max_pending;
};

/// Sets that of a new scheduler, from the options called `owner`. Throws std::invalid_argument for what is not allowed.
void set_capacity(scheduler& s, runtime_capacity c, char const* owner);

}  // namespace mobula::detail
