// How much of the workers' time is spent in evaluations that take from 1 to 10 ms: generation by generation, and
// asynchronously. `busy` is that share; `evaluations` how many a search of ten variables takes to 1e-6.
#include <mobula/cma/minimize.hpp>

#include <benchmark/benchmark.h>

#include <atomic>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <thread>

namespace cma = mobula::cma;
using clock_type = std::chrono::steady_clock;

namespace {

// From 1 to 10 ms, log-uniform, by the numbers of the candidate.
std::chrono::nanoseconds time_for(Eigen::VectorXd const& x) {
  double const u = std::abs(std::sin(1e5 * x.sum()));
  return std::chrono::nanoseconds(static_cast<std::int64_t>(1e6 * std::pow(10.0, u)));
}

void search(benchmark::State& state, bool asynchronous, bool sleeps) {
  auto const workers = static_cast<unsigned>(state.range(0));
  mobula::runtime const ray({.num_cpus = workers});
  std::atomic<std::int64_t> busy{0}, evaluations{0};
  auto const f = [&](Eigen::VectorXd const& x) {
    auto const begin = clock_type::now();
    if (sleeps) std::this_thread::sleep_for(time_for(x));
    while (clock_type::now() - begin < time_for(x)) {}
    busy += (clock_type::now() - begin).count();
    return x.squaredNorm();
  };
  clock_type::duration all{};
  for (auto _ : state) {
    auto const begin = clock_type::now();
    auto const r = cma::minimize(f, Eigen::VectorXd::Ones(10), 0.5, {.popsize = 10, .ftarget = 1e-6},
                                 {.asynchronous = asynchronous});
    all += clock_type::now() - begin;
    evaluations += r.evaluations;
  }
  state.counters["busy"] = static_cast<double>(busy) / static_cast<double>(all.count() * workers);
  state.counters["evaluations"] = static_cast<double>(evaluations) / static_cast<double>(state.iterations());
}

// On processors, as many as there are workers; and in sleeps, as if a simulator elsewhere were asked.
BENCHMARK_CAPTURE(search, generations_spinning, false, false)->Arg(2)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK_CAPTURE(search, asynchronous_spinning, true, false)->Arg(2)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK_CAPTURE(search, generations_sleeping, false, true)->Arg(10)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK_CAPTURE(search, asynchronous_sleeping, true, true)->Arg(10)->Unit(benchmark::kMillisecond)->UseRealTime();

}  // namespace

BENCHMARK_MAIN();
