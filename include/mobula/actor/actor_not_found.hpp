#pragma once

#include <mobula/core/error.hpp>

namespace mobula {

/// No living actor has that name.
class actor_not_found : public error {
  using error::error;
};

}  // namespace mobula
