// How long a message waits for its actor while others keep the workers busy. The counters tell, in microseconds; the times
// of the lines mean nothing.

#include "actor_lines.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

namespace {

using peers::countdown;
using peers::line;
using peers::workers;

long now() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

// Notes how old the messages are that it gets.
template <class P>
class listener {
 public:
  listener(std::vector<long>* ages, countdown* done) : ages_(ages), done_(done) {}
  void hear(long sent) {
    ages_->push_back(now() - sent);
    done_->arrive();
  }
  using methods = peers::methods_are<&listener::hear>;

 private:
  std::vector<long>* ages_;
  countdown* done_;
};

void report(benchmark::State& state, std::vector<long> ages) {
  std::sort(ages.begin(), ages.end());
  state.counters["p50_us"] = double(ages[ages.size() / 2]) / 1e3;
  state.counters["p99_us"] = double(ages[ages.size() * 99 / 100]) / 1e3;
  state.counters["max_us"] = double(ages.back()) / 1e3;
}

// Sends to the next whatever it gets, until it is told to stop: alone to itself, in pairs to one another.
template <class P>
class busybody {
 public:
  using handle = typename P::template handle<busybody>;
  busybody(std::atomic<bool> const* stop, countdown* stopped) : stop_(stop), stopped_(stopped) {}
  void meet(handle next) { next_ = next; }
  void poke() {
    if (!stop_->load(std::memory_order_relaxed)) return P::template send<&busybody::poke>(next_);
    stopped_->arrive();
  }
  void part() { next_ = {}; }
  using methods = peers::methods_are<&busybody::meet, &busybody::poke, &busybody::part>;

 private:
  std::atomic<bool> const* stop_;
  countdown* stopped_;
  handle next_{};
};

// What a listener hears from outside, a message each millisecond, beside rings of busybodies with one message each that
// goes round. If it hears nothing, the rings stop after a while, so that it does.
template <class P>
void beside_rings(benchmark::State& state, std::size_t rings, std::size_t size) {
  constexpr long probes = 300;
  P const peer(workers(state));
  std::atomic<bool> stop{false};
  std::vector<long> ages;
  countdown stopped, heard;
  std::vector<typename busybody<P>::handle> all;
  for (std::size_t i = 0; i < rings * size; ++i) all.push_back(P::template spawn<busybody<P>>(&stop, &stopped));
  auto to = P::template spawn<listener<P>>(&ages, &heard);
  stopped.expect(long(rings));
  heard.expect(probes);
  for (std::size_t i = 0; i < all.size(); ++i)
    P::template send<&busybody<P>::meet>(all[i], all[i - i % size + (i + 1) % size]);
  for (std::size_t i = 0; i < all.size(); i += size) P::template send<&busybody<P>::poke>(all[i]);
  for (auto _ : state) {
    for (long i = 0; i < probes; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
      P::template send<&listener<P>::hear>(to, now());
    }
    heard.wait_at_most(std::chrono::milliseconds(1000));
  }
  stop = true;
  heard.wait();
  stopped.wait();
  report(state, ages);
  for (auto& b : all) {
    P::template send<&busybody<P>::part>(b);
    P::end(b);
  }
  P::end(to);
}

// Sends a message and goes on computing.
template <class P>
class thinker {
 public:
  explicit thinker(countdown* done) : done_(done) {}
  void tell(typename P::template handle<listener<P>> to) {
    long const sent = now();
    P::template send<&listener<P>::hear>(to, sent);
    while (now() - sent < 200'000'000) {}
    done_->arrive();
  }
  using methods = peers::methods_are<&thinker::tell>;

 private:
  countdown* done_;
};

template <class P>
void sender_goes_on_computing(benchmark::State& state) {
  P const peer(workers(state));
  std::vector<long> ages;
  countdown done;
  auto to = P::template spawn<listener<P>>(&ages, &done);
  auto from = P::template spawn<thinker<P>>(&done);
  for (auto _ : state)
    for (int i = 0; i < 5; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));  // until the workers sleep
      done.expect(2);
      P::template send<&thinker<P>::tell>(from, to);
      done.wait();
    }
  report(state, ages);
  P::end(from);
  P::end(to);
}

void on_one(benchmark::internal::Benchmark* b) { b->Arg(1)->ArgName("workers")->Iterations(1); }
void on_two(benchmark::internal::Benchmark* b) { b->Arg(2)->ArgName("workers")->Iterations(1); }

}  // namespace

int main(int argc, char** argv) {
  using benchmark::State;
  line(
      "beside_8_that_post_to_themselves", []<class P>(State& s) { beside_rings<P>(s, 8, 1); }, on_two);
  line(
      "beside_a_pair_on_one_worker", []<class P>(State& s) { beside_rings<P>(s, 1, 2); }, on_one);
  line(
      "sender_goes_on_computing", []<class P>(State& s) { sender_goes_on_computing<P>(s); }, on_two);
  return peers::run(argc, argv);
}
