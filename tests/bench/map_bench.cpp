// A batch of cheap items: mb::map next to the plain loop and to oneTBB, over items of some 1, 20 and 1000 ns.

#include <benchmark/benchmark.h>
#include <tbb/blocked_range.h>
#include <tbb/global_control.h>
#include <tbb/parallel_for.h>
#include <tbb/task_arena.h>
#include <mobula/mobula.hpp>

#include <numeric>
#include <vector>

namespace mb = mobula;

namespace {

// `rounds` dependent steps of about 1 ns.
struct work {
  int rounds;
  double operator()(double x) const {
    for (int i = 0; i < rounds; ++i) x = x * 0.999 + 1.0;
    return x;
  }
};

std::vector<double> inputs(benchmark::State const& state) {
  std::vector<double> xs(std::size_t(state.range(0)));
  std::iota(xs.begin(), xs.end(), 0.0);
  return xs;
}

work work_of(benchmark::State const& state) { return {int(state.range(1))}; }

void loop(benchmark::State& state) {
  auto const xs = inputs(state);
  work const f = work_of(state);
  for (auto _ : state) {
    std::vector<double> ys(xs.size());
    for (std::size_t i = 0; i < xs.size(); ++i) ys[i] = f(xs[i]);
    benchmark::DoNotOptimize(ys.data());
  }
}

void mobula_map(benchmark::State& state) {
  mb::runtime ray({.num_cpus = 2});
  auto const xs = inputs(state);
  work const f = work_of(state);
  for (auto _ : state) benchmark::DoNotOptimize(mb::map(f, xs).data());
}

template <class Partitioner>
void tbb_parallel_for(benchmark::State& state) {
  tbb::global_control const limit(tbb::global_control::max_allowed_parallelism, 2);
  tbb::task_arena arena(2);
  auto const xs = inputs(state);
  work const f = work_of(state);
  for (auto _ : state)
    arena.execute([&] {
      std::vector<double> ys(xs.size());
      tbb::parallel_for(
          tbb::blocked_range<std::size_t>(0, xs.size()),
          [&](tbb::blocked_range<std::size_t> const& r) {
            for (std::size_t i = r.begin(); i != r.end(); ++i) ys[i] = f(xs[i]);
          },
          Partitioner());
      benchmark::DoNotOptimize(ys.data());
    });
}

void configure(benchmark::internal::Benchmark* b) {
  b->ArgsProduct({{1, 50, 500, 20'000}, {1, 10, 500}})->ArgNames({"items", "rounds"})->UseRealTime();
}

}  // namespace

BENCHMARK(loop)->Apply(configure);
BENCHMARK(mobula_map)->Apply(configure);
BENCHMARK(tbb_parallel_for<tbb::auto_partitioner>)->Apply(configure);
BENCHMARK(tbb_parallel_for<tbb::static_partitioner>)->Apply(configure);

BENCHMARK_MAIN();
