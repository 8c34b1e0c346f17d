// Items from senders to receivers through a bounded queue, next to what others would use: Boost.Fiber's channel, Asio's,
// and threads with a mutex. The arguments: workers (threads), and senders, of which there are as many as receivers.

#include <benchmark/benchmark.h>
#include <mobula/mobula.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/experimental/concurrent_channel.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/fiber/buffered_channel.hpp>
#include <boost/fiber/fiber.hpp>

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <future>
#include <mutex>
#include <thread>
#include <vector>

namespace mb = mobula;
namespace asio = boost::asio;

namespace {

constexpr int items = 400'000;
constexpr std::size_t capacity = 128;

void count(benchmark::State& state) {
  state.counters["per_item"] =
      benchmark::Counter(double(state.iterations()) * items, benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

// By coroutines.
void mobula_coroutines(benchmark::State& state) {
  mb::runtime const rt({.num_cpus = unsigned(state.range(0))});
  int const senders = int(state.range(1));
  auto const send = [](mb::channel<int> to, int n) -> mb::task<> {
    for (int i = 0; i < n; ++i) benchmark::DoNotOptimize(co_await to.send(i));
  };
  auto const receive = [](mb::channel<int> from) -> mb::task<long> {
    long sum = 0;
    while (auto const x = co_await from.receive()) sum += *x;
    co_return sum;
  };
  for (auto _ : state) {
    mb::channel<int> ch(capacity);
    std::vector<mb::future<void>> sending;
    std::vector<mb::future<long>> receiving;
    for (int s = 0; s < senders; ++s) {
      receiving.push_back(mb::remote(receive)(ch));
      sending.push_back(mb::remote(send)(ch, items / senders));
    }
    mb::get(sending);
    ch.close();
    benchmark::DoNotOptimize(mb::get(receiving));
  }
  count(state);
}

// By plain tasks, which block.
void mobula_plain_tasks(benchmark::State& state) {
  mb::runtime const rt({.num_cpus = unsigned(state.range(0))});
  int const senders = int(state.range(1));
  for (auto _ : state) {
    mb::channel<int> ch(capacity);
    std::vector<mb::future<void>> sending;
    std::vector<mb::future<long>> receiving;
    for (int s = 0; s < senders; ++s) {
      receiving.push_back(mb::remote([ch] {
        long sum = 0;
        for (int const x : mb::each(ch)) sum += x;
        return sum;
      })());
      sending.push_back(mb::remote([ch, n = items / senders] {
        for (int i = 0; i < n; ++i) benchmark::DoNotOptimize(mb::get(ch.send(i)));
      })());
    }
    mb::get(sending);
    ch.close();
    benchmark::DoNotOptimize(mb::get(receiving));
  }
  count(state);
}

// On one thread only: its schedulers for several are one a process.
void fiber_channel(benchmark::State& state) {
  int const senders = int(state.range(1));
  for (auto _ : state) {
    boost::fibers::buffered_channel<int> ch(capacity);
    std::vector<boost::fibers::fiber> sending, receiving;
    long sum = 0;
    for (int s = 0; s < senders; ++s) {
      receiving.emplace_back([&] {
        for (int x = 0; ch.pop(x) == boost::fibers::channel_op_status::success;) sum += x;
      });
      sending.emplace_back([&] {
        for (int i = 0; i < items / senders; ++i) ch.push(i);
      });
    }
    for (auto& f : sending) f.join();
    ch.close();
    for (auto& f : receiving) f.join();
    benchmark::DoNotOptimize(sum);
  }
  count(state);
}

void asio_channel(benchmark::State& state) {
  using channel = asio::experimental::concurrent_channel<void(boost::system::error_code, int)>;
  int const senders = int(state.range(1));
  for (auto _ : state) {
    asio::thread_pool pool(std::size_t(state.range(0)));
    channel ch(pool.get_executor(), capacity);
    std::vector<std::future<void>> sending;
    std::vector<std::future<long>> receiving;
    for (int s = 0; s < senders; ++s) {
      receiving.push_back(asio::co_spawn(
          pool,
          [&]() -> asio::awaitable<long> {
            long sum = 0;
            try {
              for (;;) sum += co_await ch.async_receive(asio::use_awaitable);
            } catch (boost::system::system_error const&) {}
            co_return sum;
          },
          asio::use_future));
      sending.push_back(asio::co_spawn(
          pool,
          [&]() -> asio::awaitable<void> {
            for (int i = 0; i < items / senders; ++i)
              co_await ch.async_send(boost::system::error_code(), i, asio::use_awaitable);
          },
          asio::use_future));
    }
    for (auto& f : sending) f.get();
    ch.close();
    for (auto& f : receiving) benchmark::DoNotOptimize(f.get());
  }
  count(state);
}

// A thread each for senders and receivers.
void mutex_and_threads(benchmark::State& state) {
  int const senders = int(state.range(1));
  for (auto _ : state) {
    std::mutex mutex;
    std::condition_variable not_full, not_empty;
    std::deque<int> queue;
    bool closed = false;
    std::vector<std::thread> sending, receiving;
    for (int s = 0; s < senders; ++s) {
      receiving.emplace_back([&] {
        for (long sum = 0;;) {
          std::unique_lock lock(mutex);
          not_empty.wait(lock, [&] { return closed || !queue.empty(); });
          if (queue.empty()) return benchmark::DoNotOptimize(sum);
          sum += queue.front();
          queue.pop_front();
          lock.unlock();
          not_full.notify_one();
        }
      });
      sending.emplace_back([&] {
        for (int i = 0; i < items / senders; ++i) {
          std::unique_lock lock(mutex);
          not_full.wait(lock, [&] { return queue.size() < capacity; });
          queue.push_back(i);
          lock.unlock();
          not_empty.notify_one();
        }
      });
    }
    for (auto& t : sending) t.join();
    {
      std::lock_guard const lock(mutex);
      closed = true;
    }
    not_empty.notify_all();
    for (auto& t : receiving) t.join();
  }
  count(state);
}

mb::generator<int> numbers(int n) {
  for (int i = 0; i < n; ++i) co_yield i;
}

void generator_in_coroutine(benchmark::State& state) {
  mb::runtime const rt({.num_cpus = unsigned(state.range(0))});
  for (auto _ : state)
    benchmark::DoNotOptimize(mb::get(mb::remote([]() -> mb::task<long> {
      long sum = 0;
      auto g = numbers(items);
      while (auto const x = co_await g.next()) sum += *x;
      co_return sum;
    })()));
  count(state);
}

void generator_in_plain_task(benchmark::State& state) {
  mb::runtime const rt({.num_cpus = unsigned(state.range(0))});
  for (auto _ : state)
    benchmark::DoNotOptimize(mb::get(mb::remote([] {
      long sum = 0;
      for (int const x : numbers(items)) sum += x;
      return sum;
    })()));
  count(state);
}

void remote_stream(benchmark::State& state) {
  mb::runtime const rt({.num_cpus = unsigned(state.range(0))});
  for (auto _ : state)
    benchmark::DoNotOptimize(mb::get(mb::remote([]() -> mb::task<long> {
      long sum = 0;
      auto s = mb::remote(numbers).options({.stream_capacity = capacity})(items);
      while (auto const x = co_await s.next()) sum += *x;
      co_return sum;
    })()));
  count(state);
}

void on_workers(benchmark::internal::Benchmark* b) {
  b->Args({1, 1})
      ->Args({1, 4})
      ->Args({2, 1})
      ->Args({2, 4})
      ->Unit(benchmark::kMillisecond)
      ->UseRealTime()
      ->MeasureProcessCPUTime();
}
BENCHMARK(mobula_coroutines)->Apply(on_workers);
BENCHMARK(mobula_plain_tasks)->Apply(on_workers);
BENCHMARK(asio_channel)->Apply(on_workers);
BENCHMARK(fiber_channel)
    ->Args({1, 1})
    ->Args({1, 4})
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime()
    ->MeasureProcessCPUTime();
BENCHMARK(mutex_and_threads)
    ->Args({2, 1})
    ->Args({8, 4})
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime()
    ->MeasureProcessCPUTime();
BENCHMARK(generator_in_coroutine)->Args({1})->Unit(benchmark::kMillisecond)->UseRealTime()->MeasureProcessCPUTime();
BENCHMARK(generator_in_plain_task)->Args({1})->Unit(benchmark::kMillisecond)->UseRealTime()->MeasureProcessCPUTime();
BENCHMARK(remote_stream)->Args({1})->Args({2})->Unit(benchmark::kMillisecond)->UseRealTime()->MeasureProcessCPUTime();

}  // namespace

BENCHMARK_MAIN();
