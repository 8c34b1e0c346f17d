#pragma once

#include <mobula/core/runtime.hpp>

#include <cstddef>

namespace mobula::detail {

/// The same options with every default filled in: `num_cpus` is not 0, `stack_size` is a power of two.
/// Throws std::invalid_argument, which names the field, its value and what is allowed.
[[nodiscard]] runtime_options checked(runtime_options options);

/// A stack size as the user gave it in a field of `owner`, rounded up to what fibers take; throws as `checked`.
[[nodiscard]] std::size_t rounded_stack_size(std::size_t bytes, char const* owner);

}  // namespace mobula::detail
