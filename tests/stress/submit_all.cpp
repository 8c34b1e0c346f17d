// Many tasks at once: plain, failing, coroutines, from threads and from tasks, whose futures go at any moment.
#include <mobula/mobula.hpp>

#include "support/catch.hpp"
#include "support/watchdog.hpp"

#include <atomic>
#include <numeric>
#include <stdexcept>
#include <thread>
#include <vector>

namespace mb = mobula;
using mobula::test::repeats;
using mobula::test::watchdog;
using mobula::test::workers;

namespace {

mb::runtime_options options() { return {.num_cpus = static_cast<unsigned>(workers())}; }

std::vector<int> numbers(int n) {
  std::vector<int> xs(static_cast<std::size_t>(n));
  std::iota(xs.begin(), xs.end(), 0);
  return xs;
}

mb::task<int> in_steps(int x) {
  for (int i = 0; i < x % 4; ++i) co_await mb::yield();
  if (x % 5 == 0) co_return co_await mb::remote([x] { return x; })();
  co_return x;
}

// Each of these tells whether all was right. (Catch2's assertions are for one thread.)
bool right(int n) {
  auto const xs = numbers(n);
  return mb::get(mb::submit_all([](int x) { return x; }, xs)) == xs && mb::get(mb::submit_all(in_steps, xs)) == xs;
}

bool failing(int n) {
  auto const fs = mb::submit_all([](int x) { return x % 3 == 0 ? throw x : x; }, numbers(n));
  for (int x = 0; x < n; ++x) {
    int result = -1;
    try {
      result = mb::get(fs[static_cast<std::size_t>(x)]);
    } catch (int thrown) { result = thrown + (x % 3 == 0 ? 0 : 1); }
    if (result != x) return false;
  }
  return true;
}

// The futures go while tasks run and while other threads hold some.
bool let_go(int n) {
  auto fs = mb::submit_all(in_steps, numbers(n));
  auto const middle = fs[fs.size() / 2];
  std::vector<mb::future<int>> rest(fs.begin(), fs.begin() + n / 3);
  auto const sum = mb::remote([rest = std::move(rest)] {
    auto const xs = mb::get(rest);
    return std::accumulate(xs.begin(), xs.end(), 0);
  })();
  fs.clear();
  return mb::get(middle) == n / 2 && mb::get(sum) == (n / 3) * (n / 3 - 1) / 2;
}

}  // namespace

TEST_CASE("many tasks at once, from several threads and from tasks") {
  watchdog const dog("submit_all from everywhere");
  mb::runtime const rt(options());
  std::atomic<int> wrong{0};
  auto const all = [&wrong](int n) {
    if (!right(n) || !failing(n) || !let_go(n)) ++wrong;
  };
  for (int round = 0; round < 20 * repeats(); ++round) {
    std::vector<std::thread> threads;
    for (int i = 0; i < 2; ++i) threads.emplace_back([&, i] { all(1 + (round * 37 + i * 11) % 300); });
    auto const inside = mb::submit_all(all, std::vector<int>{1, 10, 100, 1000});
    for (auto& t : threads) t.join();
    mb::get(inside);
  }
  CHECK(wrong == 0);
}

TEST_CASE("more tasks at once than one block holds") {
  watchdog const dog("submit_all of very many");
  mb::runtime const rt(options());
  auto const xs = numbers(300'000);
  CHECK(mb::get(mb::submit_all([](int x) { return x; }, xs)) == xs);
  CHECK(mb::get(mb::remote([&] { return mb::get(mb::submit_all([](int x) { return x; }, xs)); })()) == xs);
}

TEST_CASE("a runtime ends while many tasks are submitted: all of one submission are over, or none was made") {
  watchdog const dog("submit_all at shutdown");
  for (int round = 0; round < 30 * repeats(); ++round) {
    std::atomic<int> ran{0};
    int made = 0;
    mb::runtime rt(options());
    std::thread submitter([&] {
      try {
        for (;;) {
          static_cast<void>(mb::submit_all([&ran](int) { ++ran; }, numbers(100)));
          ++made;
        }
      } catch (mb::no_runtime const&) {}
    });
    std::this_thread::sleep_for(std::chrono::microseconds(round * 30));
    rt.shutdown();
    submitter.join();
    REQUIRE(ran == made * 100);
  }
}
