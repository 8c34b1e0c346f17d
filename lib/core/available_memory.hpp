#pragma once

#include <cstddef>

namespace mobula::detail {

/// How many bytes of memory this process may use: what the machine has, or its cgroups' limit (versions 1 and 2), if that
/// is less.
[[nodiscard]] std::size_t available_memory();

}  // namespace mobula::detail
