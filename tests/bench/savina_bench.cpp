// Programs of the Savina suite of actor benchmarks; by Mobula, by hand, by Asio's strands and by CAF. Counting, ping-pong
// and the ring are in actor_bench.cpp. With MOBULA_BENCH_LARGE set, in Savina's sizes.

#include "actor_lines.hpp"

#include <cstddef>
#include <random>
#include <unordered_map>
#include <utility>
#include <vector>

namespace {

using peers::count;
using peers::countdown;
using peers::large;
using peers::line;
using peers::workers;

// Handles of all actors of a kind: each finds itself there, and others.
template <class T, class P>
using crowd = std::vector<typename P::template handle<T>>;

template <class P, class T>
void end_all(crowd<T, P>& all) {
  for (auto& a : all) P::end(a);
}

template <class P>
class worker {
 public:
  worker(long messages, countdown* done) : messages_(messages), left_(messages), done_(done) {}
  void work() {
    if (--left_ > 0) return;
    left_ = messages_;
    done_->arrive();
  }
  using methods = peers::methods_are<&worker::work>;

 private:
  long messages_, left_;
  countdown* done_;
};

// From outside to all of them in turn.
template <class P>
void fork_join_throughput(benchmark::State& state) {
  constexpr long actors = 60;
  long const messages = large ? 100'000 : 10'000;
  P const peer(workers(state));
  countdown done;
  crowd<worker<P>, P> all;
  for (long i = 0; i < actors; ++i) all.push_back(P::template spawn<worker<P>>(messages, &done));
  for (auto _ : state) {
    done.expect(actors);
    for (long i = 0; i < messages; ++i)
      for (auto& a : all) P::template send<&worker<P>::work>(a);
    done.wait();
  }
  count(state, actors * messages);
  end_all<P, worker<P>>(all);
}

// Each gets a message and goes.
template <class P>
void fork_join_create(benchmark::State& state) {
  constexpr long actors = 100'000;
  P const peer(workers(state));
  countdown done;
  for (auto _ : state) {
    done.expect(actors);
    for (long i = 0; i < actors; ++i) {
      auto a = P::template spawn<worker<P>>(1L, &done);
      P::template send<&worker<P>::work>(a);
      P::end(a);
    }
    done.wait();
  }
  count(state, actors);
}

// Pings others at random, one after the other.
template <class P>
class big_actor {
 public:
  using handle = typename P::template handle<big_actor>;
  big_actor(crowd<big_actor, P> const* all, std::size_t me, countdown* done)
      : all_(all), me_(me), random_(unsigned(me) + 1), done_(done) {}
  void begin(long pings) {
    left_ = pings;
    pong();
  }
  void ping(handle from) { P::template send<&big_actor::pong>(from); }
  void pong() {
    if (left_-- == 0) return done_->arrive();
    P::template send<&big_actor::ping>((*all_)[random_() % all_->size()], (*all_)[me_]);
  }
  using methods = peers::methods_are<&big_actor::begin, &big_actor::ping, &big_actor::pong>;

 private:
  crowd<big_actor, P> const* all_;
  std::size_t me_;
  std::minstd_rand random_;
  long left_ = 0;
  countdown* done_;
};

template <class P>
void big(benchmark::State& state) {
  constexpr std::size_t actors = 100;
  long const pings = large ? 10'000 : 1'000;
  P const peer(workers(state));
  countdown done;
  crowd<big_actor<P>, P> all;
  for (std::size_t i = 0; i < actors; ++i) all.push_back(P::template spawn<big_actor<P>>(&all, i, &done));
  for (auto _ : state) {
    done.expect(actors);
    for (auto& a : all) P::template send<&big_actor<P>::begin>(a, pings);
    done.wait();
  }
  count(state, 2 * long(actors) * pings);  // ping and pong
  end_all<P, big_actor<P>>(all);
}

template <class P>
class creature;

// Lets two creatures meet, again and again.
template <class P>
class mall {
 public:
  using guest = typename P::template handle<creature<P>>;
  explicit mall(countdown* done) : done_(done) {}
  void open(long meetings) { left_ = meetings; }
  void enter(guest who, long color) {
    if (left_ == 0) return done_->arrive();
    if (std::exchange(occupied_, !occupied_)) {
      --left_;
      P::template send<&creature<P>::meet>(std::exchange(waiting_, guest{}), who, color);
    } else {
      waiting_ = who;
    }
  }
  using methods = peers::methods_are<&mall::open, &mall::enter>;

 private:
  countdown* done_;
  long left_ = 0;
  bool occupied_ = false;
  guest waiting_{};
};

template <class P>
class creature {
 public:
  using handle = typename P::template handle<creature>;
  creature(typename P::template handle<mall<P>> place, crowd<creature, P> const* all, std::size_t me)
      : place_(place), all_(all), me_(me), color_(long(me % 3)) {}
  void enter() { P::template send<&mall<P>::enter>(place_, (*all_)[me_], color_); }
  void meet(handle other, long color) {
    change(color_ == color ? color : 3 - color_ - color);
    P::template send<&creature::change>(other, color_);
  }
  void change(long color) {
    color_ = color;
    enter();
  }
  using methods = peers::methods_are<&creature::enter, &creature::meet, &creature::change>;

 private:
  typename P::template handle<mall<P>> place_;
  crowd<creature, P> const* all_;
  std::size_t me_;
  long color_;
};

template <class P>
void chameneos(benchmark::State& state) {
  constexpr std::size_t creatures = 100;
  long const meetings = large ? 1'000'000 : 100'000;
  P const peer(workers(state));
  countdown done;
  auto place = P::template spawn<mall<P>>(&done);
  crowd<creature<P>, P> all;
  for (std::size_t i = 0; i < creatures; ++i) all.push_back(P::template spawn<creature<P>>(place, &all, i));
  for (auto _ : state) {
    done.expect(creatures);
    P::template send<&mall<P>::open>(place, meetings);
    for (auto& a : all) P::template send<&creature<P>::enter>(a);
    done.wait();
  }
  count(state, meetings);
  end_all<P, creature<P>>(all);
  P::end(place);
}

// Makes two more for what its number depends on.
template <class P>
class fib_actor {
 public:
  using handle = typename P::template handle<fib_actor>;
  fib_actor(long n, handle parent, long* result, countdown* done)
      : n_(n), parent_(parent), result_(result), done_(done) {}
  void begin(handle self) {
    self_ = self;
    open_ = 2;
    if (n_ <= 2) return reply(1);
    for (long i = 1; i <= 2; ++i) {
      auto child =
          P::template spawn<fib_actor>(n_ - i, self, static_cast<long*>(nullptr), static_cast<countdown*>(nullptr));
      P::template send<&fib_actor::begin>(child, child);
    }
  }
  void add(long value) {
    sum_ += value;
    if (--open_ == 0) reply(sum_);
  }
  using methods = peers::methods_are<&fib_actor::begin, &fib_actor::add>;

 private:
  void reply(long value) {
    if (done_ != nullptr) {
      *result_ = value;
      done_->arrive();
    } else {
      P::template send<&fib_actor::add>(parent_, value);
    }
    P::end(self_);
  }

  long n_;
  handle parent_, self_{};
  long* result_;
  countdown* done_;
  long sum_ = 0;
  int open_ = 0;
};

template <class P>
void fib(benchmark::State& state) {
  P const peer(workers(state));
  countdown done;
  for (auto _ : state) {
    long result = 0;
    done.expect(1);
    {
      auto root = P::template spawn<fib_actor<P>>(25L, typename fib_actor<P>::handle{}, &result, &done);
      P::template send<&fib_actor<P>::begin>(root, root);
    }
    done.wait();
    if (result != 75'025) return state.SkipWithError("wrong result");
  }
  count(state, 150'049);
}

template <class P>
class client;

template <class P>
class dictionary {
 public:
  using asker = typename P::template handle<client<P>>;
  void write(asker from, long key, long value) {
    values_[key] = value;
    P::template send<&client<P>::next>(from, value);
  }
  void read(asker from, long key) { P::template send<&client<P>::next>(from, values_[key]); }
  using methods = peers::methods_are<&dictionary::write, &dictionary::read>;

 private:
  std::unordered_map<long, long> values_;
};

// Asks, one after the other; each tenth time it writes.
template <class P>
class client {
 public:
  client(typename P::template handle<dictionary<P>> of, crowd<client, P> const* all, std::size_t me, countdown* done)
      : of_(of), all_(all), me_(me), random_(unsigned(me) + 1), done_(done) {}
  void begin(long operations) {
    left_ = operations;
    next(0);
  }
  void next(long value) {
    if (left_-- == 0) return done_->arrive();
    long const key = long(random_() % 1024);
    if (left_ % 10 == 0)
      P::template send<&dictionary<P>::write>(of_, (*all_)[me_], key, value + 1);
    else
      P::template send<&dictionary<P>::read>(of_, (*all_)[me_], key);
  }
  using methods = peers::methods_are<&client::begin, &client::next>;

 private:
  typename P::template handle<dictionary<P>> of_;
  crowd<client, P> const* all_;
  std::size_t me_;
  std::minstd_rand random_;
  long left_ = 0;
  countdown* done_;
};

template <class P>
void concurrent_dictionary(benchmark::State& state) {
  constexpr std::size_t clients = 20;
  long const operations = large ? 100'000 : 10'000;
  P const peer(workers(state));
  countdown done;
  auto words = P::template spawn<dictionary<P>>();
  crowd<client<P>, P> all;
  for (std::size_t i = 0; i < clients; ++i) all.push_back(P::template spawn<client<P>>(words, &all, i, &done));
  for (auto _ : state) {
    done.expect(clients);
    for (auto& a : all) P::template send<&client<P>::begin>(a, operations);
    done.wait();
  }
  count(state, long(clients) * operations);
  end_all<P, client<P>>(all);
  P::end(words);
}

}  // namespace

int main(int argc, char** argv) {
  using benchmark::State;
  line("fork_join_throughput", []<class P>(State& s) { fork_join_throughput<P>(s); });
  line("fork_join_create", []<class P>(State& s) { fork_join_create<P>(s); });
  line("big", []<class P>(State& s) { big<P>(s); });
  line("chameneos", []<class P>(State& s) { chameneos<P>(s); });
  line("fib", []<class P>(State& s) { fib<P>(s); });
  line("dictionary", []<class P>(State& s) { concurrent_dictionary<P>(s); });
  return peers::run(argc, argv);
}
