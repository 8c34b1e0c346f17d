// Futures from many sides: promises that are set while others wait, look and go; completions that are told while whoever
// wants to know of them breaks off, waits only so long, or selects.
#include <mobula/mobula.hpp>

#include "support/catch.hpp"
#include "support/watchdog.hpp"

#include <atomic>
#include <chrono>
#include <future>
#include <memory>
#include <numeric>
#include <random>
#include <thread>
#include <vector>

namespace mb = mobula;
using mobula::test::repeats;
using mobula::test::watchdog;
using mobula::test::workers;
using namespace std::chrono_literals;

namespace {

mb::runtime_options options() { return {.num_cpus = static_cast<unsigned>(workers())}; }

void spin(unsigned rounds) {
  for (unsigned i = 0; i < rounds; ++i) __builtin_ia32_pause();
}

std::vector<mb::future<int>> short_tasks(int n, unsigned seed) {
  std::mt19937 random(seed);
  std::vector<mb::future<int>> futures;
  for (int i = 0; i < n; ++i)
    futures.push_back(mb::remote([i, r = unsigned(random() % 30)] {
      spin(r);
      return i;
    })());
  return futures;
}

int sum_to(int n) { return n * (n - 1) / 2; }

}  // namespace

TEST_CASE("each completion comes once, in threads, plain tasks and coroutines at once") {
  watchdog const dog("as_completed from all sides");
  mb::runtime const rt(options());
  auto const plain = [](unsigned seed) {
    int sum = 0;
    for (auto& f : mb::as_completed(short_tasks(200, seed))) sum += mb::get(f);
    return sum;
  };
  auto const coroutine = [](unsigned seed) -> mb::task<int> {
    int sum = 0;
    auto done = mb::as_completed(short_tasks(200, seed));
    while (auto f = co_await done.next()) sum += co_await *f;
    co_return sum;
  };
  for (int i = 0; i < 100 * repeats(); ++i) {
    std::vector<mb::future<int>> sums;
    for (unsigned k = 0; k < 4; ++k) {
      sums.push_back(mb::remote(plain)(k));
      sums.push_back(mb::remote(coroutine)(k));
    }
    REQUIRE(plain(9) == sum_to(200));
    for (int s : mb::get(sums)) REQUIRE(s == sum_to(200));
  }
}

TEST_CASE("one breaks off at any moment, while completions are on their way") {
  watchdog const dog("as_completed, breaking off");
  mb::runtime const rt(options());
  auto const some = [](unsigned seed) {
    auto const futures = short_tasks(20, seed);
    for (unsigned many = 0; many < 20; ++many) {
      unsigned n = 0;
      for (auto& f : mb::as_completed(futures)) {
        static_cast<void>(mb::get(f));
        if (++n > many) break;
      }
      static_cast<void>(mb::as_completed(futures));
    }
    int sum = 0;
    for (auto& f : mb::as_completed(futures)) sum += mb::get(f);
    return sum;
  };
  for (unsigned i = 0; i < unsigned(150 * repeats()); ++i) {
    std::vector<mb::future<int>> sums;
    for (unsigned k = 0; k < 8; ++k) sums.push_back(mb::remote(some)(i * 8 + k));
    REQUIRE(some(i) == sum_to(20));
    for (int s : mb::get(sums)) REQUIRE(s == sum_to(20));
  }
}

TEST_CASE("waits for the next with a limit, and in a select, lose nothing") {
  watchdog const dog("as_completed with limits");
  mb::runtime const rt(options());
  auto const limited = [](unsigned seed) -> mb::task<int> {
    auto done = mb::as_completed(short_tasks(100, seed));
    auto others = mb::as_completed(short_tasks(50, seed + 1));
    int sum = 0;
    while (done.left() != 0) {
      try {
        auto next = co_await mb::timeout(mb::select(done.next(), others.next()), 5us);
        auto& f = next.index() == 0 ? std::get<0>(next) : std::get<1>(next);
        if (f) sum += co_await *f;
        if (others.left() == 0)
          if (auto g = co_await done.next()) sum += co_await *g;
      } catch (mb::timeout_error const&) {}
    }
    while (auto f = co_await others.next()) sum += co_await *f;
    co_return sum;
  };
  for (unsigned i = 0; i < unsigned(150 * repeats()); ++i) {
    std::vector<mb::future<int>> sums;
    for (unsigned k = 0; k < 4; ++k) sums.push_back(mb::remote(limited)(i * 4 + k));
    for (int s : mb::get(sums)) REQUIRE(s == sum_to(100) + sum_to(50));
  }
}

TEST_CASE("when_any and when_some see what is ready, while all becomes so") {
  watchdog const dog("when_any and when_some");
  mb::runtime const rt(options());
  auto const drains = [](unsigned seed) -> mb::task<int> {
    auto futures = short_tasks(30, seed);
    int sum = 0;
    while (futures.size() > 10) {
      auto const i = static_cast<std::ptrdiff_t>(co_await mb::when_any(futures));
      if (!futures[std::size_t(i)].ready()) co_return -1;
      sum += co_await futures[std::size_t(i)];
      futures.erase(futures.begin() + i);
    }
    while (!futures.empty()) {
      auto [ready, pending] =
          co_await mb::when_some(futures, {.num_returns = std::min<std::size_t>(3, futures.size()), .timeout = 3us});
      for (int x : co_await mb::when_all(ready)) sum += x;
      futures = std::move(pending);
    }
    co_return sum;
  };
  for (unsigned i = 0; i < unsigned(200 * repeats()); ++i) {
    std::vector<mb::future<int>> sums;
    for (unsigned k = 0; k < 6; ++k) sums.push_back(mb::remote(drains)(i * 6 + k));
    for (int s : mb::get(sums)) REQUIRE(s == sum_to(30));
  }
}

TEST_CASE("promises are set by threads while tasks wait, time out, follow and go") {
  watchdog const dog("promises set by threads");
  mb::runtime const rt(options());
  for (int i = 0; i < 100 * repeats(); ++i) {
    std::vector<mb::promise<std::unique_ptr<int>>> promises(100);
    std::vector<mb::future<int>> sums;
    for (auto& p : promises) {
      auto const f = p.get_future();
      sums.push_back(mb::remote([](mb::future<std::unique_ptr<int>> g) -> mb::task<int> {
        for (;;) {
          try {
            co_return *co_await mb::timeout(g, 2us);
          } catch (mb::timeout_error const&) {}
        }
      })(f));
      sums.push_back(f.then([](std::unique_ptr<int> const& x) { return *x; }));
      sums.push_back(mb::remote([f] { return *mb::get(f); })());
    }
    std::vector<std::thread> threads;
    for (std::size_t t = 0; t < 2; ++t)
      threads.emplace_back([&, t] {
        for (std::size_t k = t; k < promises.size(); k += 2) {
          auto p = std::move(promises[k]);  // goes as soon as it is set
          p.set_value(std::make_unique<int>(static_cast<int>(k)));
        }
      });
    for (auto& t : threads) t.join();
    auto const values = mb::get(sums);
    REQUIRE(std::accumulate(values.begin(), values.end(), 0) == 3 * sum_to(100));
  }
}

TEST_CASE("the last future of a promise has its value the moment it is ready") {
  watchdog const dog("values of promises, moved");
  mb::runtime const rt(options());
  for (int i = 0; i < 5000 * repeats(); ++i) {
    mb::promise<std::unique_ptr<int>> p;
    auto const taken = mb::remote(
        [](mb::future<std::unique_ptr<int>> f) -> mb::task<int> { co_return *co_await std::move(f); })(p.get_future());
    p.set_value(std::make_unique<int>(i));
    REQUIRE(mb::get(taken) == i);
  }
}

TEST_CASE("tasks hand on to tasks, and chains grow while they run") {
  watchdog const dog("flattening and then");
  mb::runtime const rt(options());
  struct hands_on {
    static mb::future<int> from(int n) {
      if (n == 0) return mb::put(1);
      return mb::remote(&from)(n - 1).then([](int x) { return x + 1; });
    }
  };
  for (int i = 0; i < 100 * repeats(); ++i) {
    std::vector<mb::future<int>> chains;
    for (int k = 0; k < 10; ++k) chains.push_back(mb::remote(&hands_on::from)(50));
    for (int x : mb::get(chains)) REQUIRE(x == 51);
  }
}

TEST_CASE("std::futures come and go") {
  watchdog const dog("std::futures");
  mb::runtime const rt(options());
  for (int i = 0; i < 100 * repeats(); ++i) {
    std::vector<std::promise<int>> promises(50);
    std::vector<std::future<int>> out;
    for (auto& p : promises) out.push_back(mb::to_std(mb::from_std(p.get_future()).then([](int x) { return x + 1; })));
    std::thread sets([&] {
      for (std::size_t k = 0; k < promises.size(); ++k) promises[k].set_value(static_cast<int>(k));
    });
    int sum = 0;
    for (auto& f : out) sum += f.get();
    sets.join();
    REQUIRE(sum == sum_to(50) + 50);
  }
}
