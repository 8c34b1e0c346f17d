#pragma once

#include <mobula/requirements.hpp>

#include <map>
#include <string>

namespace mobula {

/// What the current runtime has for tasks and actors that ask for resources: "CPU", "GPU", "memory" (bytes), and others by
/// their names. What there is none of is not among them.
///
///     double cpus = mb::cluster_resources().at("CPU");
///
/// Errors: throws no_runtime.
[[nodiscard]] std::map<std::string, double> cluster_resources();

/// The same of what nobody has at this moment; 0 for what is all taken.
[[nodiscard]] std::map<std::string, double> available_resources();

}  // namespace mobula
