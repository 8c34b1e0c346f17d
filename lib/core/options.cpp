#include "options.hpp"

#include "available_cpus.hpp"

#include <algorithm>
#include <bit>
#include <stdexcept>
#include <string>

namespace mobula::detail {
namespace {

[[noreturn]] void refuse(std::string const& field, std::string const& value, char const* allowed) {
  throw std::invalid_argument("mobula: " + field + " is " + value + "; allowed is " + allowed);
}

}  // namespace

std::size_t rounded_stack_size(std::size_t bytes, char const* owner) {
  if (bytes == 0 || bytes > std::size_t{1} << 30)
    refuse(std::string(owner) + "::stack_size", std::to_string(bytes), "from 1 to 1,073,741,824 bytes (1 GiB)");
  return std::bit_ceil(std::max<std::size_t>(bytes, 32 * 1024));
}

runtime_options checked(runtime_options o) {
  if (o.num_cpus > 10'000)
    refuse("runtime_options::num_cpus", std::to_string(o.num_cpus),
           "from 1 to 10,000, or 0 for as many as this process may use");
  if (o.max_blocked == 0) refuse("runtime_options::max_blocked", "0", "1 or more");
  if (o.max_blocking_threads == 0) refuse("runtime_options::max_blocking_threads", "0", "1 or more");
  if (o.blocking_idle < std::chrono::nanoseconds::zero() || o.blocking_idle > std::chrono::hours(24))
    refuse("runtime_options::blocking_idle", std::to_string(o.blocking_idle.count()) + " ns", "from 0 to a day");
  if (o.ageing < std::chrono::microseconds(1) || o.ageing > std::chrono::hours(24))
    refuse("runtime_options::ageing", std::to_string(o.ageing.count()) + " ns", "from 1 us to a day");
  if (o.spin < std::chrono::nanoseconds::zero() || o.spin > std::chrono::seconds(1))
    refuse("runtime_options::spin", std::to_string(o.spin.count()) + " ns", "from 0 to 1 s");
  if (o.stall_after < std::chrono::nanoseconds::zero())
    refuse("runtime_options::stall_after", std::to_string(o.stall_after.count()) + " ns", "0 or more");
  if (o.num_cpus == 0) o.num_cpus = std::clamp(available_cpus(), 1U, 10'000U);
  o.stack_size = rounded_stack_size(o.stack_size, "runtime_options");
  return o;
}

}  // namespace mobula::detail
