// Fork-join: fib, skynet and nqueens by task and when_all, next to oneTBB's task_group.
// With MOBULA_BENCH_LARGE set, in sizes that show how much memory it takes: fib(39), a hundred million leaves, 14 queens.

#include <benchmark/benchmark.h>
#include <tbb/global_control.h>
#include <tbb/task_arena.h>
#include <tbb/task_group.h>
#include <mobula/mobula.hpp>

#include <sys/resource.h>

#include <array>
#include <cstdlib>
#include <utility>
#include <vector>

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

// Rows of the queens placed so far.
using board = std::array<signed char, 16>;

bool can_stand(board const& placed, int column, int row) {
  for (int c = 0; c < column; ++c) {
    int const other = placed[std::size_t(c)];
    if (other == row || other - row == column - c || row - other == column - c) return false;
  }
  return true;
}

mb::task<long> nqueens(board placed, int column, int n) {
  if (column == n) co_return 1;
  std::vector<mb::task<long>> children;
  children.reserve(std::size_t(n));
  for (int row = 0; row < n; ++row) {
    if (!can_stand(placed, column, row)) continue;
    placed[std::size_t(column)] = static_cast<signed char>(row);
    children.push_back(nqueens(placed, column + 1, n));
  }
  long sum = 0;
  for (long x : co_await mb::when_all(std::move(children))) sum += x;
  co_return sum;
}

long tbb_nqueens(board placed, int column, int n) {
  if (column == n) return 1;
  std::array<long, 16> results{};
  tbb::task_group group;
  for (int row = 0; row < n; ++row) {
    if (!can_stand(placed, column, row)) continue;
    placed[std::size_t(column)] = static_cast<signed char>(row);
    group.run([&results, placed, column, row, n] { results[std::size_t(row)] = tbb_nqueens(placed, column + 1, n); });
  }
  group.wait();
  long sum = 0;
  for (long x : results) sum += x;
  return sum;
}

bool const large = std::getenv("MOBULA_BENCH_LARGE") != nullptr;
int const fib_of = large ? 39 : 30;
long const fib_result = large ? 63'245'986 : 832'040;
double const fib_calls = large ? 204'668'309 : 2'692'537;
long const skynet_leaves = large ? 100'000'000 : 1'000'000;
double const skynet_nodes = large ? 111'111'111 : 1'111'111;
int const queens = large ? 14 : 11;
long const queens_result = large ? 365'596 : 2'680;
double const queens_nodes = large ? 27'358'553 : 166'926;

void count(benchmark::State& state, double calls) {
  state.counters["per_call"] =
      benchmark::Counter(double(state.iterations()) * calls, benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  state.counters["peak_MB"] = double(used.ru_maxrss) / 1024;  // of the process so far
}

void mobula_fib(benchmark::State& state) {
  mb::runtime ray({.num_cpus = unsigned(state.range(0))});
  for (auto _ : state)
    if (mb::get(fib(fib_of)) != fib_result) state.SkipWithError("wrong result");
  count(state, fib_calls);
}

void mobula_skynet(benchmark::State& state) {
  mb::runtime ray({.num_cpus = unsigned(state.range(0))});
  for (auto _ : state)
    if (mb::get(skynet(0, skynet_leaves)) != skynet_leaves * (skynet_leaves - 1) / 2)
      state.SkipWithError("wrong result");
  count(state, skynet_nodes);
}

void mobula_nqueens(benchmark::State& state) {
  mb::runtime ray({.num_cpus = unsigned(state.range(0))});
  for (auto _ : state)
    if (mb::get(nqueens({}, 0, queens)) != queens_result) state.SkipWithError("wrong result");
  count(state, queens_nodes);
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

void tbb_nqueens(benchmark::State& state) {
  in_tbb(state, [] { return tbb_nqueens({}, 0, queens); });
  count(state, queens_nodes);
}

void configure(benchmark::internal::Benchmark* b) {
  b->Arg(1)->Arg(2)->ArgName("workers")->UseRealTime()->Unit(benchmark::kMillisecond);
}

}  // namespace

BENCHMARK(mobula_fib)->Apply(configure);
BENCHMARK(tbb_fib)->Apply(configure);
BENCHMARK(mobula_skynet)->Apply(configure);
BENCHMARK(tbb_skynet)->Apply(configure);
BENCHMARK(mobula_nqueens)->Apply(configure);
BENCHMARK(tbb_nqueens)->Apply(configure);

BENCHMARK_MAIN();
