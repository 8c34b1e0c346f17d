#pragma once

#include <mobula/requirements.hpp>

#include <cstdint>

namespace mobula::detail {

/// Numbers this process among those that fork from each other: never 0. What a task of another number was to do is never
/// done here. Written in the child of a fork, which has one thread then.
inline constinit std::uint8_t process_number = 1;

/// Throws no_runtime, which says that this is the child of a fork. `what` can't be had here.
[[noreturn]] void throw_forked(char const* what);

}  // namespace mobula::detail
