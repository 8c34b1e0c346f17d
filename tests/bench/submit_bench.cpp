// 10^6 empty tasks, submitted one by one or all at once, and got: from main and from inside a task, next to Asio with
// std::promise and to oneTBB.

#include <benchmark/benchmark.h>
#include <tbb/global_control.h>
#include <tbb/task_arena.h>
#include <tbb/task_group.h>
#include <mobula/mobula.hpp>

#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>

#include <future>
#include <numeric>
#include <vector>

namespace mb = mobula;

namespace {

constexpr int tasks = 1'000'000;

long submit_and_get() {
  std::vector<mb::future<int>> futures;
  futures.reserve(tasks);
  for (int i = 0; i < tasks; ++i) futures.push_back(mb::remote([i] { return i; })());
  long sum = 0;
  for (int x : mb::get(futures)) sum += x;
  return sum;
}

long submit_all_and_get() {
  std::vector<int> items(tasks);
  std::iota(items.begin(), items.end(), 0);
  long sum = 0;
  for (int x : mb::get(mb::submit_all([](int i) { return i; }, items))) sum += x;
  return sum;
}

void count(benchmark::State& state) {
  state.counters["per_task"] =
      benchmark::Counter(double(state.iterations()) * tasks, benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

void mobula_from_main(benchmark::State& state) {
  mb::runtime ray({.num_cpus = unsigned(state.range(0))});
  for (auto _ : state) benchmark::DoNotOptimize(submit_and_get());
  count(state);
}

void mobula_from_inside(benchmark::State& state) {
  mb::runtime ray({.num_cpus = unsigned(state.range(0))});
  for (auto _ : state) benchmark::DoNotOptimize(mb::get(mb::remote(submit_and_get)()));
  count(state);
}

void mobula_all_from_main(benchmark::State& state) {
  mb::runtime ray({.num_cpus = unsigned(state.range(0))});
  for (auto _ : state) benchmark::DoNotOptimize(submit_all_and_get());
  count(state);
}

void mobula_all_from_inside(benchmark::State& state) {
  mb::runtime ray({.num_cpus = unsigned(state.range(0))});
  for (auto _ : state) benchmark::DoNotOptimize(mb::get(mb::remote(submit_all_and_get)()));
  count(state);
}

void asio_with_promise(benchmark::State& state) {
  boost::asio::thread_pool pool(std::size_t(state.range(0)));
  for (auto _ : state) {
    std::vector<std::future<int>> futures;
    futures.reserve(tasks);
    for (int i = 0; i < tasks; ++i) {
      std::promise<int> p;
      futures.push_back(p.get_future());
      boost::asio::post(pool, [i, p = std::move(p)]() mutable { p.set_value(i); });
    }
    long sum = 0;
    for (auto& f : futures) sum += f.get();
    benchmark::DoNotOptimize(sum);
  }
  count(state);
}

// No futures: the results go to an array.
void tbb_task_group(benchmark::State& state) {
  tbb::global_control const limit(tbb::global_control::max_allowed_parallelism, std::size_t(state.range(0)));
  tbb::task_arena arena(int(state.range(0)));
  for (auto _ : state)
    arena.execute([] {
      std::vector<int> results(tasks);
      tbb::task_group group;
      for (int i = 0; i < tasks; ++i) group.run([i, &results] { results[std::size_t(i)] = i; });
      group.wait();
      benchmark::DoNotOptimize(results.data());
    });
  count(state);
}

// One task after the other: submit, get, again.
void mobula_round_trip(benchmark::State& state) {
  mb::runtime ray({.num_cpus = unsigned(state.range(0))});
  for (auto _ : state) benchmark::DoNotOptimize(mb::get(mb::remote([] { return 1; })()));
}

void asio_round_trip(benchmark::State& state) {
  boost::asio::thread_pool pool(std::size_t(state.range(0)));
  for (auto _ : state) {
    std::promise<int> p;
    auto f = p.get_future();
    boost::asio::post(pool, [&p] { p.set_value(1); });
    benchmark::DoNotOptimize(f.get());
  }
}

void configure(benchmark::internal::Benchmark* b) {
  b->Arg(1)->Arg(2)->ArgName("workers")->UseRealTime()->Unit(benchmark::kMillisecond);
}

}  // namespace

BENCHMARK(mobula_from_main)->Apply(configure);
BENCHMARK(mobula_from_inside)->Apply(configure);
BENCHMARK(mobula_all_from_main)->Apply(configure);
BENCHMARK(mobula_all_from_inside)->Apply(configure);
BENCHMARK(asio_with_promise)->Apply(configure);
BENCHMARK(tbb_task_group)->Apply(configure);
BENCHMARK(mobula_round_trip)->Arg(1)->Arg(2)->ArgName("workers")->UseRealTime();
BENCHMARK(asio_round_trip)->Arg(1)->Arg(2)->ArgName("workers")->UseRealTime();

BENCHMARK_MAIN();
