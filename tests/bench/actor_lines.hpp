// How a benchmark of actors becomes a line for each peer, and what such programs wait and count with.

#pragma once

#include "actor_peers.hpp"

#ifdef MOBULA_BENCH_CAF
#include "caf_peer.hpp"
#endif

#include <benchmark/benchmark.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <mutex>
#include <string>

namespace peers {

inline bool const large = std::getenv("MOBULA_BENCH_LARGE") != nullptr;

// Lets main wait until actors have said so many times that they are done.
class countdown {
 public:
  void expect(long n) { left_.store(n, std::memory_order_relaxed); }
  void arrive() {
    if (left_.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
    std::lock_guard const lock(mutex_);
    done_ = true;
    reached_.notify_one();
  }
  void wait() {
    std::unique_lock lock(mutex_);
    reached_.wait(lock, [&] { return done_; });
    done_ = false;
  }
  // Waits for no longer than that, and takes nothing away from `wait`.
  void wait_at_most(std::chrono::milliseconds limit) {
    std::unique_lock lock(mutex_);
    reached_.wait_for(lock, limit, [&] { return done_; });
  }

 private:
  std::atomic<long> left_{0};
  std::mutex mutex_;
  std::condition_variable reached_;
  bool done_ = false;
};

inline void on_one_and_two(benchmark::internal::Benchmark* b) {
  b->Arg(1)->Arg(2)->ArgName("workers")->UseRealTime()->MinTime(0.2)->Unit(benchmark::kMillisecond);
}

/// Registers a program for all peers, each with `how` it is to be run. A program is a generic lambda, called with a peer
/// as its template argument and the benchmark's state, whose first argument is the number of workers.
template <class Program>
void line(std::string const& name, Program program, void (*how)(benchmark::internal::Benchmark*) = on_one_and_two) {
  auto const add = [&]<class Peer>(Peer*) {
    how(benchmark::RegisterBenchmark((name + "/" + Peer::name).c_str(),
                                     [program](benchmark::State& state) { program.template operator()<Peer>(state); }));
  };
  add(static_cast<mobula_peer*>(nullptr));
  add(static_cast<hand_peer*>(nullptr));
  add(static_cast<strand_peer*>(nullptr));
#ifdef MOBULA_BENCH_CAF
  add(static_cast<caf_peer*>(nullptr));
#endif
}

inline unsigned workers(benchmark::State const& state) { return unsigned(state.range(0)); }

/// Says that each iteration was so many units (messages, actors, ...), of which the time each is shown.
inline void count(benchmark::State& state, long units) {
  state.counters["each"] = benchmark::Counter(double(state.iterations()) * double(units),
                                              benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

/// What main does once the lines are registered.
inline int run(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
}

}  // namespace peers
