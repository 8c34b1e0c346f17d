// Batches: plain, throwing, of coroutines, nested, from main and from tasks at once. Windows over endless ranges.
#include <mobula/mobula.hpp>

#include "support/catch.hpp"
#include "support/watchdog.hpp"

#include <atomic>
#include <chrono>
#include <memory>
#include <numeric>
#include <ranges>
#include <stdexcept>
#include <string>
#include <thread>
#include <variant>
#include <vector>

namespace mb = mobula;
using mobula::test::repeats;
using mobula::test::watchdog;
using mobula::test::workers;
using namespace std::chrono_literals;

namespace {

mb::runtime_options options() { return {.num_cpus = static_cast<unsigned>(workers())}; }

void spin(std::chrono::nanoseconds d) {
  auto const until = std::chrono::steady_clock::now() + d;
  while (std::chrono::steady_clock::now() < until) {}
}

std::vector<int> numbers(int n) {
  std::vector<int> xs(static_cast<std::size_t>(n));
  std::iota(xs.begin(), xs.end(), 0);
  return xs;
}

// Each of these tells whether one batch of n items was right. (Catch2's assertions are for one thread.)
bool plain(int n, std::chrono::nanoseconds item) {
  auto const xs = numbers(n);
  auto const ys = mb::map([item](int x) { return spin(item), std::to_string(x); }, xs);
  for (std::size_t i = 0; i < xs.size(); ++i)
    if (ys.at(i) != std::to_string(xs[i])) return false;
  return ys.size() == xs.size();
}

bool throwing(int n, int bad) {
  auto const xs = numbers(n);
  std::atomic<int> begun{0}, ended{0};
  int caught = -1;
  try {
    mb::map(
        [&](int x) {
          ++begun;
          spin(500ns);
          ++ended;
          if (x % 100 == bad) throw x;
        },
        xs);
  } catch (int x) { caught = x; }
  return caught % 100 == bad && begun == ended;
}

bool coroutines(int n) {
  auto const xs = numbers(n);
  auto const ys = mb::map(
      [](int x) -> mb::task<int> {
        if (x % 3 == 0) co_await mb::sleep_for(std::chrono::microseconds(x % 50));
        if (x % 3 == 1) co_return co_await mb::remote([x] { return x; })();
        co_return x;
      },
      xs);
  return ys == xs;
}

bool nested(int n) {
  auto const xs = numbers(n);
  auto const ys = mb::map(
      [](int x) {
        auto const inner = mb::map([x](int y) { return spin(300ns), x * y; }, numbers(50));
        return std::accumulate(inner.begin(), inner.end(), 0);
      },
      xs);
  for (std::size_t i = 0; i < xs.size(); ++i)
    if (ys.at(i) != xs[i] * 1225) return false;
  return true;
}

// The items of the next two: some fail, some are late.
mb::task<std::unique_ptr<int>> uneven(int x) {
  if (x % 5 == 0) co_await mb::sleep_for(std::chrono::microseconds(x % 50));
  if (x % 7 == 6) throw x;
  co_return std::make_unique<int>(x);
}

// The first n of an endless range; what is in flight then is abandoned.
bool window(int n, std::size_t in_flight) {
  auto ys = mb::map_window(uneven, std::views::iota(0), {.in_flight = in_flight});
  for (int i = 0; i < n; ++i) {
    try {
      if (**mb::get(ys.next()) != i) return false;
    } catch (int x) {
      if (x != i || x % 7 != 6) return false;
    }
  }
  return true;
}

// All of n, each once.
mb::task<bool> unordered(int n, std::size_t in_flight) {
  std::vector<int> seen(static_cast<std::size_t>(n));
  auto ys = mb::map_unordered(uneven, std::views::iota(0, n), {.in_flight = in_flight});
  for (;;) {
    try {
      auto const y = co_await mb::select(ys.next(), mb::sleep_for(20us));
      if (y.index() == 1) continue;
      auto const& result = std::get<0>(y);
      if (!result) break;
      if (*result->value != static_cast<int>(result->index)) co_return false;
    } catch (int x) {
      if (x % 7 != 6) co_return false;
    }
    ++seen.at(ys.index());
  }
  for (int const times : seen)
    if (times != 1) co_return false;
  co_return true;
}

// n of an endless range, whichever come first.
bool broken_off(int n) {
  auto ys = mb::map_unordered([](int x) { return spin(1us), x; }, std::views::iota(0), {.in_flight = 5});
  for (int i = 0; i < n; ++i) {
    auto const y = mb::get(ys.next());
    if (!y || y->value != static_cast<int>(y->index)) return false;
  }
  return true;
}

}  // namespace

TEST_CASE("batches of any size and cost, from main") {
  watchdog const dog("map from main");
  mb::runtime const rt(options());
  for (int r = 0; r < repeats(); ++r) {
    for (int i = 0; i < 300; ++i) REQUIRE(plain(i, 100ns));
    for (int i = 0; i < 50; ++i) REQUIRE(plain(500, std::chrono::nanoseconds(i * 50)));
    for (int i = 0; i < 100; ++i) REQUIRE(throwing(300, i));
    for (int i = 0; i < 50; ++i) REQUIRE(coroutines(i * 4));
    for (int i = 0; i < 10; ++i) REQUIRE(nested(20 + i));
  }
}

TEST_CASE("batches from tasks and from threads at once") {
  watchdog const dog("map from everywhere");
  mb::runtime const rt(options());
  for (int r = 0; r < repeats(); ++r) {
    std::vector<std::thread> threads;
    std::vector<mb::future<bool>> fs;
    std::atomic<int> wrong{0};
    auto const all = [](int i) {
      if (i % 4 == 0) return plain(300, 200ns);
      if (i % 4 == 1) return coroutines(100);
      if (i % 4 == 2) return nested(10);
      return plain(30, 3us);
    };
    for (int i = 0; i < 40; ++i) fs.push_back(mb::remote(all)(i));
    for (int t = 0; t < 3; ++t)
      threads.emplace_back([&all, &wrong] {
        for (int i = 0; i < 16; ++i) wrong += all(i) ? 0 : 1;
      });
    for (auto& t : threads) t.join();
    REQUIRE(wrong == 0);
    for (bool const right : mb::get(fs)) REQUIRE(right);
  }
}

TEST_CASE("windows over endless ranges, in order and not, from main and from tasks, broken off at any time") {
  watchdog const dog("windows");
  mb::runtime const rt(options());
  for (int r = 0; r < repeats(); ++r) {
    std::vector<mb::future<bool>> fs;
    for (int i = 0; i < 60; ++i) {
      auto const in_flight = static_cast<std::size_t>(i % 9);
      fs.push_back(mb::remote(window)(20 * (i % 10), in_flight));
      fs.push_back(mb::remote(unordered)(20 * (i % 10), in_flight));
      fs.push_back(mb::remote(broken_off)(10 * i));
    }
    for (int i = 0; i < 20; ++i) {
      REQUIRE(window(10 * i, 4));
      REQUIRE(broken_off(10 * i));
      REQUIRE(mb::get(unordered(10 * i, 4)));
    }
    for (bool const right : mb::get(fs)) REQUIRE(right);
  }
}

TEST_CASE("items that block in the kernel are spread over all workers") {
  watchdog const dog("blocking items");
  mb::runtime const rt(options());
  auto const start = std::chrono::steady_clock::now();
  auto const xs = numbers(40 * workers());
  mb::map([](int) { std::this_thread::sleep_for(1ms); }, xs);
  // Alone it would take 40 ms for each worker; generous, as the machine may be busy.
  REQUIRE(std::chrono::steady_clock::now() - start < 400ms);
}

TEST_CASE("items that wait for futures, in tasks") {
  watchdog const dog("items that wait");
  mb::runtime const rt(options());
  for (int r = 0; r < 20 * repeats(); ++r) {
    int const sum = mb::get(mb::remote([] {
      auto const ys = mb::map(
          [](int x) {
            auto f = mb::remote([x] { return spin(2us), x; })();
            if (x % 10 == 0) mb::get(mb::sleep_for(20us));
            return mb::get(f);
          },
          numbers(100));
      return std::accumulate(ys.begin(), ys.end(), 0);
    })());
    REQUIRE(sum == 4950);
  }
}

TEST_CASE("a batch of coroutines is over before its runtime ends, whoever ends it") {
  watchdog const dog("map while the runtime shuts down");
  for (int r = 0; r < 100 * repeats(); ++r) {
    mb::runtime rt(options());
    std::atomic<bool> begun{false};
    int done = 0;
    std::thread other([&] {
      try {
        done = static_cast<int>(mb::map(
                                    [&begun](int x) -> mb::task<int> {
                                      begun = true;
                                      co_await mb::sleep_for(std::chrono::microseconds(10 * x));
                                      co_return x;
                                    },
                                    numbers(20))
                                    .size());
      } catch (mb::error const&) { done = -1; }  // it came too late, or its sleeps were cancelled
    });
    if (r % 3 != 0)
      while (!begun) std::this_thread::yield();
    rt.shutdown(r % 2 == 0 ? mb::on_shutdown::drain : mb::on_shutdown::drop);
    other.join();
    REQUIRE((done == 20 || done == -1));
  }
}
