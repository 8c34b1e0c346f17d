// Futures taken one by one as they become ready: as_completed next to a loop over wait, and next to get in order.

#include <benchmark/benchmark.h>
#include <mobula/mobula.hpp>

#include <thread>
#include <utility>
#include <vector>

namespace mb = mobula;

namespace {

std::vector<mb::future<int>> submit(int n) {
  std::vector<mb::future<int>> futures;
  futures.reserve(std::size_t(n));
  for (int i = 0; i < n; ++i) futures.push_back(mb::remote([i] { return i; })());
  return futures;
}

long by_as_completed(std::vector<mb::future<int>> futures) {
  long sum = 0;
  for (auto& f : mb::as_completed(std::move(futures))) sum += mb::get(std::move(f));
  return sum;
}

mb::task<long> by_as_completed_awaited(std::vector<mb::future<int>> futures) {
  long sum = 0;
  auto done = mb::as_completed(std::move(futures));
  while (auto f = co_await done.next()) sum += mb::get(std::move(*f));
  co_return sum;
}

long by_wait(std::vector<mb::future<int>> futures) {
  long sum = 0;
  while (!futures.empty()) {
    auto [ready, pending] = mb::wait(futures);
    sum += mb::get(ready[0]);
    futures = std::move(pending);
  }
  return sum;
}

long in_order(std::vector<mb::future<int>> futures) {
  long sum = 0;
  for (auto& f : futures) sum += mb::get(std::move(f));
  return sum;
}

void count(benchmark::State& state) {
  state.counters["per_future"] = benchmark::Counter(double(state.iterations()) * double(state.range(0)),
                                                    benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

// Tasks that nobody waits for meanwhile, and then all their futures, submission included.
template <class Take>
void tasks(benchmark::State& state, Take take) {
  mb::runtime ray({.num_cpus = 2});
  for (auto _ : state) benchmark::DoNotOptimize(take(submit(int(state.range(0)))));
  count(state);
}

// The same inside a task, so that submitting, running and taking share the workers.
template <class Take>
void tasks_inside(benchmark::State& state, Take take) {
  mb::runtime ray({.num_cpus = 2});
  int const n = int(state.range(0));
  for (auto _ : state) benchmark::DoNotOptimize(mb::get(mb::remote([=] { return take(submit(n)); })()));
  count(state);
}

// Futures that are not ready before they are waited for: another thread sets them, in whatever order.
template <class Take>
void promises(benchmark::State& state, Take take) {
  for (auto _ : state) {
    state.PauseTiming();
    std::vector<mb::promise<int>> promises(std::size_t(state.range(0)));
    std::vector<mb::future<int>> futures;
    for (auto& p : promises) futures.push_back(p.get_future());
    state.ResumeTiming();
    std::thread sets([&] {
      for (auto& p : promises) p.set_value(1);
    });
    benchmark::DoNotOptimize(take(std::move(futures)));
    sets.join();
    state.PauseTiming();
    promises.clear();
    state.ResumeTiming();
  }
  count(state);
}

void sizes(benchmark::internal::Benchmark* b) {
  b->Arg(1'000)->Arg(10'000)->Arg(1'000'000)->ArgName("futures")->UseRealTime()->Unit(benchmark::kMillisecond);
}
void small_sizes(benchmark::internal::Benchmark* b) {
  b->Arg(1'000)->Arg(10'000)->ArgName("futures")->UseRealTime()->Unit(benchmark::kMillisecond);
}

}  // namespace

BENCHMARK_CAPTURE(tasks, as_completed, by_as_completed)->Apply(sizes);
BENCHMARK_CAPTURE(tasks, get_in_order, in_order)->Apply(sizes);
BENCHMARK_CAPTURE(tasks, wait_in_a_loop, by_wait)->Apply(small_sizes);
BENCHMARK_CAPTURE(tasks_inside, as_completed, by_as_completed)->Apply(sizes);
BENCHMARK_CAPTURE(tasks_inside, as_completed_awaited, [](std::vector<mb::future<int>> f) {
  return mb::get(by_as_completed_awaited(std::move(f)));
})->Apply(sizes);
BENCHMARK_CAPTURE(tasks_inside, get_in_order, in_order)->Apply(sizes);
BENCHMARK_CAPTURE(promises, as_completed, by_as_completed)->Apply(sizes);
BENCHMARK_CAPTURE(promises, get_in_order, in_order)->Apply(sizes);

BENCHMARK_MAIN();
