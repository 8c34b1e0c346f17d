// Fork-join: fib and skynet by task and when_all, next to oneTBB's task_group.

#include <benchmark/benchmark.h>
#include <tbb/global_control.h>
#include <tbb/task_arena.h>
#include <tbb/task_group.h>
#include <mobula/mobula.hpp>

#include <array>
#include <utility>

namespace mb = mobula;

namespace {

mb::task<long> fib(int n) {
  if (n < 2) co_return n;
  auto const [a, b] = co_await mb::when_all(fib(n - 1), fib(n - 2));
  co_return a + b;
}

long tbb_fib(int n) {
  if (n < 2) return n;
  long a = 0, b = 0;
  tbb::task_group group;
  group.run([&a, n] { a = tbb_fib(n - 1); });
  b = tbb_fib(n - 2);
  group.wait();
  return a + b;
}

// A tree of `leaves` leaves, ten children a node, which sums the numbers of its leaves.
mb::task<long> skynet(long first, long leaves) {
  if (leaves == 1) co_return first;
  long const step = leaves / 10;
  auto children = [&]<std::size_t... I>(std::index_sequence<I...>) {
    return std::array{skynet(first + long(I) * step, step)...};
  }(std::make_index_sequence<10>());
  long sum = 0;
  for (long x : co_await mb::when_all(std::move(children))) sum += x;
  co_return sum;
}

long tbb_skynet(long first, long leaves) {
  if (leaves == 1) return first;
  long const step = leaves / 10;
  std::array<long, 10> results;
  tbb::task_group group;
  for (std::size_t i = 0; i < 9; ++i)
    group.run([&results, i, first, step] { results[i] = tbb_skynet(first + long(i) * step, step); });
  results[9] = tbb_skynet(first + 9 * step, step);
  group.wait();
  long sum = 0;
  for (long x : results) sum += x;
  return sum;
}

constexpr int fib_of = 30;
constexpr double fib_calls = 2'692'537;
constexpr long skynet_leaves = 1'000'000;
constexpr double skynet_nodes = 1'111'111;

void count(benchmark::State& state, double calls) {
  state.counters["per_call"] =
      benchmark::Counter(double(state.iterations()) * calls, benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

void mobula_fib(benchmark::State& state) {
  mb::runtime ray({.num_cpus = unsigned(state.range(0))});
  for (auto _ : state)
    if (mb::get(fib(fib_of)) != 832'040) state.SkipWithError("wrong result");
  count(state, fib_calls);
}

void mobula_skynet(benchmark::State& state) {
  mb::runtime ray({.num_cpus = unsigned(state.range(0))});
  for (auto _ : state)
    if (mb::get(skynet(0, skynet_leaves)) != 499'999'500'000) state.SkipWithError("wrong result");
  count(state, skynet_nodes);
}

template <class F>
void in_tbb(benchmark::State& state, F f) {
  tbb::global_control const limit(tbb::global_control::max_allowed_parallelism, std::size_t(state.range(0)));
  tbb::task_arena arena(int(state.range(0)));
  for (auto _ : state) benchmark::DoNotOptimize(arena.execute(f));
}

void tbb_fib(benchmark::State& state) {
  in_tbb(state, [] { return tbb_fib(fib_of); });
  count(state, fib_calls);
}

void tbb_skynet(benchmark::State& state) {
  in_tbb(state, [] { return tbb_skynet(0, skynet_leaves); });
  count(state, skynet_nodes);
}

void configure(benchmark::internal::Benchmark* b) {
  b->Arg(1)->Arg(2)->ArgName("workers")->UseRealTime()->Unit(benchmark::kMillisecond);
}

}  // namespace

BENCHMARK(mobula_fib)->Apply(configure);
BENCHMARK(tbb_fib)->Apply(configure);
BENCHMARK(mobula_skynet)->Apply(configure);
BENCHMARK(tbb_skynet)->Apply(configure);

BENCHMARK_MAIN();
