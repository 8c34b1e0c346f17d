#pragma once

#include <array>
#include <cstdint>
#include <span>

namespace mobula::cma {

/// Names one stream of random numbers: that of one candidate of one generation of a run.
struct sample_id {
  std::uint64_t seed;
  std::uint64_t generation;
  std::uint64_t candidate;
};

/// Fills `out` with independent standard normal numbers, a function of `id` and the position alone.
///
/// The bits come from Philox4x64-10, a counter-based generator (Salmon et al., "Parallel random numbers: as easy as
/// 1, 2, 3", SC 2011): the seed is its key, (block, candidate, generation) its counter. So no candidate's numbers
/// depend on how many others were drawn, by whom, or in which order.
///
/// Threads: may be called from any number of them.
/// Cost:    about 4 ns a number; no allocation.
void standard_normals(sample_id id, std::span<double> out);

/// Names a pair of random numbers that have nothing to do with any candidate.
struct pair_id {
  std::uint64_t seed;
  std::uint64_t index;
};

/// Returns two independent numbers, uniform in (0, 1), a function of `id` alone.
std::array<double, 2> uniforms(pair_id id);

}  // namespace mobula::cma
