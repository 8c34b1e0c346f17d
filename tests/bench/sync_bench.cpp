// Locks: alone, next to std::mutex; wanted by many, next to Boost.Fiber's mutex on its own work sharing, to an Asio strand
// and to std::mutex between threads.

#include <benchmark/benchmark.h>
#include <mobula/mobula.hpp>

#include <boost/asio/post.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/fiber/all.hpp>

#include <condition_variable>
#include <mutex>
#include <shared_mutex>
#include <thread>
#include <vector>

namespace mb = mobula;

namespace {

void alone_std_mutex(benchmark::State& state) {
  std::mutex m;
  for (auto _ : state) {
    std::lock_guard const guard(m);
    benchmark::ClobberMemory();
  }
}

void alone_std_shared_mutex(benchmark::State& state) {
  std::shared_mutex m;
  for (auto _ : state) {
    std::shared_lock const guard(m);
    benchmark::ClobberMemory();
  }
}

void alone_mutex_get(benchmark::State& state) {
  mb::mutex m;
  for (auto _ : state) {
    auto const guard = mb::get(m.lock());
    benchmark::ClobberMemory();
  }
}

void alone_mutex_co_await(benchmark::State& state) {
  mb::runtime const rt({.num_cpus = 1});
  mb::get(mb::remote([&]() -> mb::task<> {
    mb::mutex m;
    for (auto _ : state) {
      auto const guard = co_await m.lock();
      benchmark::ClobberMemory();
    }
  })());
}

void alone_shared_mutex_get(benchmark::State& state) {
  mb::shared_mutex m;
  for (auto _ : state) {
    auto const guard = mb::get(m.lock_shared());
    benchmark::ClobberMemory();
  }
}

constexpr int tasks = 64, rounds = 2000;  // each task takes the lock so often

void count(benchmark::State& state) {
  state.counters["per_lock"] = benchmark::Counter(double(state.iterations()) * tasks * rounds,
                                                  benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

// A little work in the lock.
struct counter {
  long n = 0;
  void work() {
    for (int i = 0; i < 8; ++i) benchmark::DoNotOptimize(++n);
  }
};

void wanted_mutex_co_await(benchmark::State& state) {
  mb::runtime const rt({.num_cpus = unsigned(state.range(0))});
  for (auto _ : state) {
    mb::mutex m;
    counter c;
    std::vector<mb::future<void>> all;
    for (int t = 0; t < tasks; ++t)
      all.push_back(mb::remote([&]() -> mb::task<> {
        for (int i = 0; i < rounds; ++i) {
          auto const guard = co_await m.lock();
          c.work();
        }
      })());
    mb::get(all);
  }
  count(state);
}

void wanted_mutex_get(benchmark::State& state) {
  mb::runtime const rt({.num_cpus = unsigned(state.range(0))});
  for (auto _ : state) {
    mb::mutex m;
    counter c;
    std::vector<mb::future<void>> all;
    for (int t = 0; t < tasks; ++t)
      all.push_back(mb::remote([&] {
        for (int i = 0; i < rounds; ++i) {
          auto const guard = mb::get(m.lock());
          c.work();
        }
      })());
    mb::get(all);
  }
  count(state);
}

// The same with an await inside of the lock, so that the others do wait in line.
void held_mutex_co_await(benchmark::State& state) {
  mb::runtime const rt({.num_cpus = unsigned(state.range(0))});
  for (auto _ : state) {
    mb::mutex m;
    counter c;
    std::vector<mb::future<void>> all;
    for (int t = 0; t < tasks; ++t)
      all.push_back(mb::remote([&]() -> mb::task<> {
        for (int i = 0; i < rounds; ++i) {
          auto const guard = co_await m.lock();
          c.work();
          co_await mb::yield();
        }
      })());
    mb::get(all);
  }
  count(state);
}

// Fibers on threads that share them, by Boost.Fiber's own means.
template <bool Yield>
void fiber_mutex(benchmark::State& state) {
  int const threads = int(state.range(0));
  for (auto _ : state) {
    boost::fibers::mutex m;
    counter c;
    int left = tasks;
    std::mutex over_mutex;
    boost::fibers::condition_variable_any over;
    auto const run = [&](bool spawn) {
      boost::fibers::use_scheduling_algorithm<boost::fibers::algo::shared_work>();
      if (spawn)
        for (int t = 0; t < tasks; ++t)
          boost::fibers::fiber([&] {
            for (int i = 0; i < rounds; ++i) {
              std::lock_guard const guard(m);
              c.work();
              if constexpr (Yield) boost::this_fiber::yield();
            }
            std::unique_lock lock(over_mutex);
            if (--left == 0) over.notify_all();
          }).detach();
      std::unique_lock lock(over_mutex);
      over.wait(lock, [&] { return left == 0; });
    };
    std::vector<std::thread> others;
    for (int t = 0; t < threads; ++t) others.emplace_back(run, t == 0);
    for (auto& t : others) t.join();
  }
  count(state);
}

// Work posted to a strand, each piece by the one before.
void asio_strand(benchmark::State& state) {
  for (auto _ : state) {
    boost::asio::thread_pool pool(std::size_t(state.range(0)));
    auto strand = boost::asio::make_strand(pool);
    counter c;
    struct poster {
      decltype(strand)& on;
      counter& c;
      int left;
      void operator()() {
        c.work();
        if (--left > 0) boost::asio::post(on, *this);
      }
    };
    for (int t = 0; t < tasks; ++t) boost::asio::post(strand, poster{strand, c, rounds});
    pool.join();
  }
  count(state);
}

void wanted_std_mutex(benchmark::State& state) {
  int const threads = int(state.range(0));
  for (auto _ : state) {
    std::mutex m;
    counter c;
    std::vector<std::thread> all;
    for (int t = 0; t < threads; ++t)
      all.emplace_back([&] {
        for (int i = 0; i < rounds * tasks / threads; ++i) {
          std::lock_guard const guard(m);
          c.work();
        }
      });
    for (auto& t : all) t.join();
  }
  count(state);
}

BENCHMARK(alone_std_mutex);
BENCHMARK(alone_mutex_get);
BENCHMARK(alone_mutex_co_await);
BENCHMARK(alone_std_shared_mutex);
BENCHMARK(alone_shared_mutex_get);
BENCHMARK(wanted_mutex_co_await)->Arg(1)->Arg(2)->UseRealTime();
BENCHMARK(wanted_mutex_get)->Arg(1)->Arg(2)->UseRealTime();
BENCHMARK(fiber_mutex<false>)->Arg(1)->Arg(2)->UseRealTime();
BENCHMARK(wanted_std_mutex)->Arg(1)->Arg(2)->UseRealTime();
BENCHMARK(held_mutex_co_await)->Arg(1)->Arg(2)->UseRealTime();
BENCHMARK(fiber_mutex<true>)->Arg(1)->Arg(2)->UseRealTime();
BENCHMARK(asio_strand)->Arg(1)->Arg(2)->UseRealTime();

}  // namespace

BENCHMARK_MAIN();
