#pragma once

namespace mobula::detail {

/// How many CPUs this process may use: the smaller of its affinity mask and its CPU quota (cgroup versions 1 and 2),
/// rounded up; at least 1.
[[nodiscard]] unsigned available_cpus();

}  // namespace mobula::detail
