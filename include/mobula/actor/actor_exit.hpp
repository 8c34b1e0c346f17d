#pragma once

#include <mobula/requirements.hpp>

namespace mobula::detail {

/// What exit_actor throws, so that the method ends.
struct actor_exit {};

}  // namespace mobula::detail
