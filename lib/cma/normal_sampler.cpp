#include "cma/normal_sampler.hpp"

#include <Random123/philox.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>

namespace mobula::cma {
namespace {

using philox = r123::Philox4x64;
using block = philox::ctr_type;

constexpr std::size_t words_per_block = 4;

[[gnu::always_inline]] inline block words_of(const sample_id& id, std::uint64_t index) {
  const block counter = {{index, id.candidate, id.generation, 0}};
  const philox::key_type key = {{id.seed, 0}};
  return philox{}(counter, key);
}

// Uniform in the open interval (0, 1).
double to_uniform(std::uint64_t word) { return (static_cast<double>(word >> 11) + 0.5) * 0x1p-53; }

// The words of a candidate that follow those its coordinates start with: what a rejected draw goes on with.
class word_stream {
 public:
  word_stream(const sample_id& id, std::uint64_t first_block) : id_(id), next_block_(first_block) {}

  std::uint64_t next() {
    if (used_ == words_per_block) {
      words_ = words_of(id_, next_block_++);
      used_ = 0;
    }
    return words_[used_++];
  }

  double next_uniform() { return to_uniform(next()); }

 private:
  sample_id id_;
  std::uint64_t next_block_;
  block words_{};
  std::size_t used_ = words_per_block;
};

// The ziggurat of Marsaglia & Tsang (Journal of Statistical Software 5(8), 2000) with 256 layers of equal area under
// f(x) = exp(-x^2 / 2). Layer i reaches from 0 to edge[i]; whatever of it lies left of edge[i + 1] lies under f.
// Layer 0 is the base strip with the tail beyond `tail_start`: a rectangle of the same area stands for it.
constexpr std::size_t layers = 256;
constexpr double tail_start = 3.6541528853610088;
constexpr double layer_area = 0.00492867323399;

struct ziggurat {
  std::array<double, layers + 1> edge;     // right end of layer i; 0 for i = layers
  std::array<double, layers + 1> density;  // f at that edge
  std::array<double, layers> scale;        // edge[i] / 2^52: takes a signed 53-bit number to a point of layer i

  ziggurat() {
    edge[0] = layer_area / std::exp(-tail_start * tail_start / 2);
    edge[1] = tail_start;
    for (std::size_t i = 2; i < layers; ++i) {
      const double height = layer_area / edge[i - 1] + std::exp(-edge[i - 1] * edge[i - 1] / 2);
      edge[i] = std::sqrt(-2 * std::log(height));
    }
    edge[layers] = 0;
    for (std::size_t i = 0; i <= layers; ++i) density[i] = std::exp(-edge[i] * edge[i] / 2);
    for (std::size_t i = 0; i < layers; ++i) scale[i] = edge[i] * 0x1p-52;
  }
};

const ziggurat& table() {
  static const ziggurat instance;
  return instance;
}

// A point of a layer, before it is known whether it lies under the density.
struct draw {
  double x;
  std::size_t layer;
};

// The low 8 bits choose the layer, the high 53 the point: a whole number and a half, so that it is symmetric around 0
// and never 0 (a zero sample would have no direction).
inline draw draw_from(std::uint64_t word, const ziggurat& z) {
  const std::size_t layer = word % layers;
  const double position = static_cast<double>(static_cast<std::int64_t>(word) >> 11) + 0.5;
  return {position * z.scale[layer], layer};
}

inline bool surely_inside(const draw& d, const ziggurat& z) { return std::abs(d.x) < z.edge[d.layer + 1]; }

// A point beyond `tail_start`, on the side of `side` (Marsaglia 1964).
double draw_tail(word_stream& words, double side) {
  for (;;) {
    const double beyond = -std::log(words.next_uniform()) / tail_start;
    const double height = -std::log(words.next_uniform());
    if (2 * height > beyond * beyond) return std::copysign(tail_start + beyond, side);
  }
}

// Decides about a draw that the fast test left open (about 1 in 90), and draws again until one is accepted.
[[gnu::noinline]] double settle(draw d, word_stream& words, const ziggurat& z) {
  for (;;) {
    if (d.layer == 0) return draw_tail(words, d.x);
    const double low = z.density[d.layer];
    const double high = z.density[d.layer + 1];
    if (low + words.next_uniform() * (high - low) < std::exp(-d.x * d.x / 2)) return d.x;
    d = draw_from(words.next(), z);
    if (surely_inside(d, z)) return d.x;
  }
}

}  // namespace

// Some blocks at a time, as a processor works on several that do not wait for each other.
void standard_normals(sample_id id, std::span<double> out) {
  constexpr std::size_t blocks_at_once = 4;
  constexpr std::size_t words_at_once = blocks_at_once * words_per_block;
  const ziggurat& z = table();
  const std::size_t n = out.size();
  word_stream more(id, (n + words_per_block - 1) / words_per_block);
  std::array<std::uint64_t, words_at_once> words;
  for (std::size_t start = 0; start < n; start += words_at_once) {
    const std::size_t here = std::min(words_at_once, n - start);
    for (std::size_t first = 0; first < here; first += words_per_block) {
      const block drawn = words_of(id, (start + first) / words_per_block);
      for (std::size_t i = 0; i < words_per_block; ++i) words[first + i] = drawn[i];
    }
    for (std::size_t i = 0; i < here; ++i) {
      const draw d = draw_from(words[i], z);
      out[start + i] = surely_inside(d, z) ? d.x : settle(d, more, z);
    }
  }
}

std::array<double, 2> uniforms(pair_id id) {
  const block counter = {{id.index, 0, 0, 1}};  // those of candidates end in 0
  const philox::key_type key = {{id.seed, 0}};
  const block words = philox{}(counter, key);
  return {to_uniform(words[0]), to_uniform(words[1])};
}

}  // namespace mobula::cma
