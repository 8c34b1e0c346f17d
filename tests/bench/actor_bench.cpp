// What a message costs: posts, calls, pairs, rings and crowds of actors; by Mobula, by hand, by Asio's strands and by CAF.
// With MOBULA_BENCH_LARGE set, the crowd is 10^5 actors; CAF's thieves walk along the whole queue of their victim then.

#include "actor_lines.hpp"

#include <algorithm>
#include <vector>

namespace {

using peers::count;
using peers::countdown;
using peers::line;
using peers::workers;

constexpr long messages = 1'000'000;

template <class P>
class producer;

// Counts messages, and says so when it has got all.
template <class P>
class counter {
 public:
  using handle = typename P::template handle<counter>;
  counter(long all, countdown* done) : all_(all), done_(done) {}
  void increment(long by) {
    if ((count_ += by) < all_) return;
    count_ = 0;
    done_->arrive();
  }
  long add(long by) { return count_ += by; }
  void answer(typename P::template handle<producer<P>> to, handle self, long left) {
    P::template send<&producer<P>::produce>(to, to, self, left);
  }
  using methods = peers::methods_are<&counter::increment, &counter::add, &counter::answer>;

 private:
  long all_;
  countdown* done_;
  long count_ = 0;
};

// Sends so many messages at a time, and goes on when they have been counted.
template <class P>
class producer {
 public:
  using handle = typename P::template handle<producer>;
  explicit producer(long at_a_time) : at_a_time_(at_a_time) {}
  void produce(handle self, typename counter<P>::handle to, long left) {
    long const now = std::min(left, at_a_time_);
    for (long i = 0; i < now; ++i) P::template send<&counter<P>::increment>(to, 1L);
    if (left > now) P::template send<&counter<P>::answer>(to, self, to, left - now);
  }
  using methods = peers::methods_are<&producer::produce>;

 private:
  long at_a_time_;
};

template <class P>
void post_from_outside(benchmark::State& state) {
  P const peer(workers(state));
  countdown done;
  auto to = P::template spawn<counter<P>>(messages, &done);
  for (auto _ : state) {
    done.expect(1);
    for (long i = 0; i < messages; ++i) P::template send<&counter<P>::increment>(to, 1L);
    done.wait();
  }
  count(state, messages);
  P::end(to);
}

// With one sender and all at a time, Savina's counting: mostly memory, as the whole million waits in the mailbox.
template <class P>
void post_from_actors(benchmark::State& state, long senders, long at_a_time) {
  P const peer(workers(state));
  countdown done;
  auto to = P::template spawn<counter<P>>(messages, &done);
  std::vector<typename producer<P>::handle> from;
  for (long i = 0; i < senders; ++i) from.push_back(P::template spawn<producer<P>>(at_a_time));
  for (auto _ : state) {
    done.expect(1);
    for (auto& f : from) P::template send<&producer<P>::produce>(f, f, to, messages / senders);
    done.wait();
  }
  count(state, messages);
  for (auto& f : from) P::end(f);
  P::end(to);
}

template <class P>
void call_and_get(benchmark::State& state) {
  constexpr long window = 1000;
  P const peer(workers(state));
  auto to = P::template spawn<counter<P>>(0L, static_cast<countdown*>(nullptr));
  for (auto _ : state) benchmark::DoNotOptimize(P::template call_window<&counter<P>::add>(to, window));
  count(state, window);
  P::end(to);
}

// Sends a ball back to whom it came from, with a handle to itself.
template <class P>
class player {
 public:
  using handle = typename P::template handle<player>;
  explicit player(countdown* done) : done_(done) {}
  void meet(handle self) { self_ = self; }
  void ball(handle from, long left) {
    if (left == 0)
      done_->arrive();
    else
      P::template send<&player::ball>(from, self_, left - 1);
  }
  void part() { self_ = {}; }
  using methods = peers::methods_are<&player::meet, &player::ball, &player::part>;

 private:
  countdown* done_;
  handle self_{};
};

template <class P>
void ping_pong(benchmark::State& state) {
  constexpr long round_trips = 200'000;
  P const peer(workers(state));
  countdown done;
  auto a = P::template spawn<player<P>>(&done), b = P::template spawn<player<P>>(&done);
  P::template send<&player<P>::meet>(a, a);
  P::template send<&player<P>::meet>(b, b);
  for (auto _ : state) {
    done.expect(1);
    P::template send<&player<P>::ball>(a, b, 2 * round_trips);
    done.wait();
  }
  count(state, round_trips);
  for (auto* p : {&a, &b}) {
    P::template send<&player<P>::part>(*p);
    P::end(*p);
  }
}

template <class P>
class ring_member {
 public:
  using handle = typename P::template handle<ring_member>;
  explicit ring_member(countdown* done) : done_(done) {}
  void meet(handle next) { next_ = next; }
  void hop(long left) {
    if (left == 0)
      done_->arrive();
    else
      P::template send<&ring_member::hop>(next_, left - 1);
  }
  void part() { next_ = {}; }
  using methods = peers::methods_are<&ring_member::meet, &ring_member::hop, &ring_member::part>;

 private:
  countdown* done_;
  handle next_{};
};

template <class P>
void ring(benchmark::State& state, std::size_t size) {
  constexpr long hops = 500'000;
  P const peer(workers(state));
  countdown done;
  std::vector<typename ring_member<P>::handle> members;
  for (std::size_t i = 0; i < size; ++i) members.push_back(P::template spawn<ring_member<P>>(&done));
  for (std::size_t i = 0; i < size; ++i) P::template send<&ring_member<P>::meet>(members[i], members[(i + 1) % size]);
  for (auto _ : state) {
    done.expect(1);
    P::template send<&ring_member<P>::hop>(members[0], hops);
    done.wait();
  }
  count(state, hops);
  for (auto& m : members) {
    P::template send<&ring_member<P>::part>(m);
    P::end(m);
  }
}

template <class P>
using counters = std::vector<typename counter<P>::handle>;

template <class P>
class hub {
 public:
  explicit hub(counters<P> const* all) : all_(all) {}
  void tell() {
    for (auto& c : *all_) P::template send<&counter<P>::increment>(c, 1L);
  }
  using methods = peers::methods_are<&hub::tell>;

 private:
  counters<P> const* all_;
};

template <class P>
void fan_out(benchmark::State& state) {
  long const receivers = peers::large ? 100'000 : 10'000;
  P const peer(workers(state));
  countdown done;
  counters<P> all;
  for (long i = 0; i < receivers; ++i) all.push_back(P::template spawn<counter<P>>(1L, &done));
  auto from = P::template spawn<hub<P>>(&all);
  for (auto _ : state) {
    done.expect(receivers);
    P::template send<&hub<P>::tell>(from);
    done.wait();
  }
  count(state, receivers);
  P::end(from);
  for (auto& c : all) P::end(c);
}

}  // namespace

int main(int argc, char** argv) {
  using benchmark::State;
  line("post_from_outside", []<class P>(State& s) { post_from_outside<P>(s); });
  line("post_from_an_actor", []<class P>(State& s) { post_from_actors<P>(s, 1, messages); });
  line("post_from_8_actors", []<class P>(State& s) { post_from_actors<P>(s, 8, messages); });
  line("post_100_at_a_time", []<class P>(State& s) { post_from_actors<P>(s, 1, 100); });
  line("post_100_at_a_time_from_8", []<class P>(State& s) { post_from_actors<P>(s, 8, 100); });
  line("call_and_get", []<class P>(State& s) { call_and_get<P>(s); });
  line("ping_pong", []<class P>(State& s) { ping_pong<P>(s); });
  line("ring_of_100", []<class P>(State& s) { ring<P>(s, 100); });
  line("ring_of_10000", []<class P>(State& s) { ring<P>(s, 10'000); });
  line("fan_out", []<class P>(State& s) { fan_out<P>(s); });
  return peers::run(argc, argv);
}
