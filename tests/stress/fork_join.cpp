// when_all of tasks: children that run, suspend, fail and are stolen, in every mixture.
#include <mobula/mobula.hpp>

#include "support/catch.hpp"
#include "support/watchdog.hpp"

#include <array>
#include <atomic>
#include <chrono>
#include <functional>
#include <random>
#include <stdexcept>
#include <thread>
#include <tuple>
#include <vector>

namespace mb = mobula;
using mobula::test::repeats;
using mobula::test::watchdog;
using mobula::test::workers;
using namespace std::chrono_literals;

namespace {

mb::runtime_options options() { return {.num_cpus = static_cast<unsigned>(workers())}; }

mb::task<int> fib(int n) {
  if (n < 2) co_return n;
  auto [a, b] = co_await mb::when_all(fib(n - 1), fib(n - 2));
  co_return a + b;
}

// A tree whose nodes wait in all the ways there are, by chance.
mb::task<int> tree(int depth, unsigned seed) {
  std::mt19937 random(seed);
  switch (random() % 12) {
    case 0: co_await mb::sleep_for(std::chrono::microseconds(random() % 40)); break;
    case 1: co_await mb::remote([] {})(); break;
    case 2: mb::get(mb::remote([] { std::this_thread::yield(); })()); break;
    case 3: mb::get(mb::sleep_for(std::chrono::microseconds(random() % 40))); break;
    default: break;
  }
  if (depth == 0) co_return 1;
  int sum = 1;
  if (random() % 2 == 0) {
    std::vector<mb::task<int>> children;
    for (int i = 0; i < 3; ++i) children.push_back(tree(depth - 1, static_cast<unsigned>(random())));
    for (int const n : co_await mb::when_all(std::move(children))) sum += n;
  } else {
    auto const s = static_cast<unsigned>(random());
    auto [a, b, c] = co_await mb::when_all(tree(depth - 1, s), tree(depth - 1, s + 1), tree(depth - 1, s + 2));
    sum += a + b + c;
  }
  if (random() % 8 == 0) co_await mb::remote([] {})();
  co_return sum;
}

// Fails at some leaves; every other child still ends before the error goes up.
mb::task<int> failing(int depth, unsigned seed, int& living) {
  struct scope {
    int& n;
    explicit scope(int& l) : n(l) { __atomic_fetch_add(&n, 1, __ATOMIC_RELAXED); }
    ~scope() { __atomic_fetch_sub(&n, 1, __ATOMIC_RELAXED); }
  };
  scope const here(living);
  std::mt19937 random(seed);
  if (random() % 4 == 0) co_await mb::sleep_for(std::chrono::microseconds(random() % 30));
  if (depth == 0) {
    if (random() % 5 == 0) throw std::runtime_error("leaf");
    co_return 1;
  }
  auto const s = static_cast<unsigned>(random());
  std::array<mb::task<int>, 3> children{failing(depth - 1, s, living), failing(depth - 1, s + 1, living),
                                        failing(depth - 1, s + 2, living)};
  int sum = 0;
  for (int const n : co_await mb::when_all(std::move(children))) sum += n;
  co_return sum;
}

}  // namespace

TEST_CASE("fork and join at full speed") {
  watchdog const dog("fib");
  mb::runtime const rt(options());
  for (int r = 0; r < 10 * repeats(); ++r) REQUIRE(mb::get(mb::remote(fib)(20)) == 6765);
}

TEST_CASE("several that fork and join at once") {
  watchdog const dog("several fibs");
  mb::runtime const rt(options());
  for (int r = 0; r < 5 * repeats(); ++r) {
    std::vector<mb::future<int>> fs;
    for (int i = 0; i < 20; ++i) fs.push_back(mb::remote(fib)(13));
    for (int const n : mb::get(fs)) REQUIRE(n == 233);
  }
}

TEST_CASE("children that suspend and block in every way") {
  watchdog const dog("trees");
  mb::runtime const rt(options());
  for (int r = 0; r < 20 * repeats(); ++r) {
    std::vector<mb::future<int>> fs;
    for (unsigned i = 0; i < 4; ++i) fs.push_back(mb::remote(tree)(5, static_cast<unsigned>(r) * 100 + i));
    for (int const n : mb::get(fs)) REQUIRE(n == 364);
  }
}

TEST_CASE("children that fail") {
  watchdog const dog("failing trees");
  mb::runtime const rt(options());
  int failed = 0;
  for (int r = 0; r < 60 * repeats(); ++r) {
    int living = 0;
    int const depth = 1 + r % 4;
    auto f = mb::remote(failing)(depth, static_cast<unsigned>(r), std::ref(living));
    int sum = 0;
    try {
      sum = mb::get(f);
    } catch (std::runtime_error const&) { ++failed; }
    int leaves = 1;
    for (int d = 0; d < depth; ++d) leaves *= 3;
    REQUIRE((sum == leaves || sum == 0));
    REQUIRE(__atomic_load_n(&living, __ATOMIC_RELAXED) == 0);
  }
  REQUIRE(failed > 0);
}

TEST_CASE("groups in groups, of plain tasks and coroutines that wait in every way") {
  watchdog const dog("groups");
  mb::runtime const rt(options());
  for (int r = 0; r < 30 * repeats(); ++r) {
    std::atomic<int> leaves{0};
    std::function<mb::task<>(int, unsigned)> coroutine;
    std::function<void(int, unsigned)> const plain = [&](int depth, unsigned seed) {
      std::mt19937 random(seed);
      if (depth == 0) return void(++leaves);
      mb::task_group g;
      for (unsigned i = 0; i < 3; ++i) g.run(std::ref(coroutine), depth - 1, seed * 3 + i);
      if (random() % 4 == 0) mb::get(mb::remote([] {})());
      if (random() % 2 == 0) mb::get(g.join());  // else the destructor
    };
    coroutine = [&](int depth, unsigned seed) -> mb::task<> {
      std::mt19937 random(seed);
      if (random() % 4 == 0) co_await mb::sleep_for(std::chrono::microseconds(random() % 30));
      if (depth == 0) co_return void(++leaves);
      auto const body = [&](mb::task_group& g) -> mb::task<> {
        for (unsigned i = 0; i < 3; ++i) g.run(std::ref(plain), depth - 1, seed * 3 + i);
        if (random() % 4 == 0) co_await mb::remote([] {})();
        if (random() % 4 == 0) co_await g.join();
      };
      co_await mb::with_group(body);
    };
    mb::task_group g;  // of a thread outside
    g.run(std::ref(plain), 4, static_cast<unsigned>(r));
    g.run(std::ref(coroutine), 4, static_cast<unsigned>(r));
    mb::get(g.join());
    REQUIRE(leaves == 162);
  }
}

TEST_CASE("joins with a time limit that ends when the last child does") {
  watchdog const dog("joins with limits");
  mb::runtime const rt(options());
  for (int r = 0; r < 300 * repeats(); ++r) {
    int over = 0;
    mb::task_group g;
    g.run([&over, r]() -> mb::task<> {
      co_await mb::sleep_for(std::chrono::microseconds(r % 100));
      ++over;
    });
    try {
      mb::get(g.join(), 50us);
    } catch (mb::timeout_error const&) {}
    g.run([] {});
    mb::get(g.join());
    REQUIRE(over == 1);
  }
}

TEST_CASE("children of children of plain tasks that wait for coroutines") {
  watchdog const dog("mixed levels");
  mb::runtime const rt(options());
  for (int r = 0; r < 10 * repeats(); ++r) {
    std::vector<mb::future<int>> fs;
    for (int i = 0; i < 10; ++i)
      fs.push_back(mb::remote([](int n) {
        int const a = mb::get(fib(n));
        auto const ys = mb::map([](int x) { return mb::get(mb::remote(fib)(x)); }, std::vector<int>{5, 6, 7});
        return a + ys[0] + ys[1] + ys[2];
      })(10));
    for (int const n : mb::get(fs)) REQUIRE(n == 55 + 5 + 8 + 13);
  }
}
