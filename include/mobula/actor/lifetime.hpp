#pragma once

#include <mobula/requirements.hpp>

#include <cstdint>

namespace mobula {

/// What keeps an actor alive.
enum class lifetime : std::uint8_t {
  handles,   // somebody's handle; when the last one is gone, it ends
  detached,  // its name: it lives until `stop`, `kill`, exit_actor or the end of its runtime
};

}  // namespace mobula
