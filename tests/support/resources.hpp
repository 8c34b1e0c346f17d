#pragma once

#include <mobula/core/explore.hpp>
#include <mobula/core/manual_runtime.hpp>
#include <mobula/remote/cluster_resources.hpp>

#include <string>

namespace mobula::test {

/// How much of a resource is free.
inline double free_of(std::string const& name) { return available_resources().at(name); }

/// A test under many seeds, on a runtime with these options.
template <class F>
void explored(F f, manual_options o) {
  explore(
      [&](manual_options const& seeded) {
        o.seed = seeded.seed;
        manual_runtime rt(o);
        f(rt);
      },
      {.seeds = 200});
}

}  // namespace mobula::test
