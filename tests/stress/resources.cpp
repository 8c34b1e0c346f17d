// Tasks of many shapes that ask for resources, wait in every way, fork, fail and are cancelled: never is more taken than
// there is, nobody starves, and all is free in the end.
#include <mobula/mobula.hpp>

#include "support/catch.hpp"
#include "support/watchdog.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <random>
#include <stdexcept>
#include <thread>
#include <vector>

namespace mb = mobula;
using mobula::test::repeats;
using mobula::test::watchdog;
using mobula::test::workers;
using namespace std::chrono_literals;

namespace {

// What is taken, as the tasks see it, in tenths; never more than there is.
struct meter {
  explicit meter(int m) : most(m) {}
  void take(int n) {
    if (taken.fetch_add(n) + n > most) over.store(true);
  }
  void put(int n) { taken.fetch_sub(n); }

  int const most;
  std::atomic<int> taken{0};
  std::atomic<bool> over{false};
};

struct world {
  explicit world(int n) : cpus(n * 10), gpu(20), seats(30) {}
  meter cpus, gpu, seats;
  std::array<std::atomic<int>, 2> devices{};
};

struct wish {
  int cpus, gpu, seats;
};

wish some_wish(std::mt19937& random, int workers) {
  constexpr int gpus[] = {0, 0, 3, 5, 10, 20};
  return {static_cast<int>(random() % static_cast<unsigned>(workers + 1)) * 10, gpus[random() % 6],
          static_cast<int>(random() % 4) * 10};
}

struct held {
  held(meter& m, int n) : of(m), amount(n) { of.take(amount); }
  held(held const&) = delete;
  ~held() { of.put(amount); }
  meter& of;
  int amount;
};

void use_devices(world& w, int tenths) {
  int const each = std::min(tenths, 10);
  auto const mine = mb::this_task::gpu_ids();
  for (unsigned const i : mine)
    if (w.devices[i].fetch_add(each) + each > 10) w.gpu.over.store(true);
  for (unsigned const i : mine) w.devices[i].fetch_sub(each);
  if (static_cast<int>(mine.size()) * each != tenths) w.gpu.over.store(true);
}

mb::task<int> leaf(world& w, wish mine) {
  {
    held const c(w.cpus, mine.cpus);
    use_devices(w, mine.gpu);
  }
  co_await mb::yield();
  held const c(w.cpus, mine.cpus);
  co_return 1;
}

auto options_for(wish x, bool cancellable) {
  return mb::task_options{.num_cpus = x.cpus / 10.0,
                          .num_gpus = x.gpu / 10.0,
                          .resources = {{"seat", x.seats / 10.0}},
                          .cancellable = cancellable};
}

// A plain task: it waits on its stack.
int plain(world& w, wish mine, unsigned seed) {
  held const g(w.gpu, mine.gpu);
  held const s(w.seats, mine.seats);
  use_devices(w, mine.gpu);
  int n = 0;
  {
    held const c(w.cpus, mine.cpus);
    ++n;
  }
  std::mt19937 random(seed);
  if (random() % 2 == 0) mb::get(mb::sleep_for(std::chrono::microseconds(random() % 100)));
  wish const small{10, 0, 0};
  n += mb::get(mb::remote(leaf).options(options_for(small, false))(std::ref(w), small));
  held const c(w.cpus, mine.cpus);
  if (random() % 8 == 0) throw std::runtime_error("fails");
  return n;
}

// A coroutine that forks: its CPUs are free only while all of it waits.
mb::task<int> forks(world& w, wish mine, unsigned seed) {
  held const g(w.gpu, mine.gpu);
  held const s(w.seats, mine.seats);
  std::mt19937 random(seed);
  auto const part = [](unsigned wait) -> mb::task<int> {
    if (wait % 2 == 0) co_await mb::sleep_for(std::chrono::microseconds(wait % 100));
    co_return 1;
  };
  auto const a = static_cast<unsigned>(random()), b = static_cast<unsigned>(random());
  auto [x, y, z] = co_await mb::when_all(part(a), part(b), leaf(w, {0, mine.gpu, 0}));
  held const c(w.cpus, mine.cpus);
  co_return x + y + z;
}

}  // namespace

TEST_CASE("never is more taken than there is, nobody starves, and all is free in the end") {
  watchdog const guard("resources", 100s);
  int const n = workers();
  std::mt19937 random(3);
  for (int r = 0; r < 10 * repeats(); ++r) {
    mb::runtime rt({.num_cpus = static_cast<unsigned>(n), .num_gpus = 2, .resources = {{"seat", 3}}});
    world w(n);
    std::vector<mb::future<int>> all;
    for (int i = 0; i < 300; ++i) {
      wish const x = some_wish(random, n);
      auto const o = options_for(x, true);
      auto const seed = static_cast<unsigned>(random());
      all.push_back(random() % 2 == 0 ? mb::remote(plain).options(o)(std::ref(w), x, seed)
                                      : mb::remote(forks).options(o)(std::ref(w), x, seed));
    }
    std::thread other([&, seed = static_cast<unsigned>(random())] {
      std::mt19937 mine(seed);
      for (int i = 0; i < 60; ++i) mb::cancel(all[mine() % all.size()]);
    });
    int ended = 0;
    for (auto const& f : all) {
      try {
        static_cast<void>(mb::get(f));
        ++ended;
      } catch (mb::cancelled const&) { ++ended; } catch (std::runtime_error const&) {
        ++ended;
      }
    }
    other.join();
    CHECK(ended == 300);
    CHECK(!w.cpus.over.load());
    CHECK(!w.gpu.over.load());
    CHECK(!w.seats.over.load());
    CHECK(mb::available_resources() == mb::cluster_resources());
  }
}

TEST_CASE("a stream of small tasks does not keep a large one from running") {
  watchdog const guard("a large one", 100s);
  mb::runtime rt({.num_cpus = static_cast<unsigned>(workers()), .resources = {{"unit", 8}}});
  std::atomic<bool> over{false};
  auto const small = mb::remote([] { return 1; }).options({.resources = {{"unit", 1}}, .max_pending = 50});
  std::vector<mb::future<void>> streams;
  for (int i = 0; i < 4; ++i)
    streams.push_back(mb::remote([&]() -> mb::task<> {
      while (!over.load()) static_cast<void>(co_await co_await small.async_call());
    })());
  for (int i = 0; i < 50 * repeats(); ++i) mb::get(mb::remote([] {}).options({.resources = {{"unit", 8}}})());
  over = true;
  mb::get(streams);
}

TEST_CASE("limits of a function and of a runtime hold on any number of workers") {
  watchdog const guard("limits", 100s);
  mb::runtime rt({.num_cpus = static_cast<unsigned>(workers()), .max_running = 3, .max_pending = 20});
  std::atomic<int> running{0}, mine{0};
  std::atomic<bool> over{false};
  auto const f = mb::remote([&](int n) {
                   if (running.fetch_add(1) >= 3 || mine.fetch_add(1) >= 2) over.store(true);
                   mine.fetch_sub(1);
                   running.fetch_sub(1);
                   mb::get(mb::yield());
                   if (running.fetch_add(1) >= 3) over.store(true);
                   running.fetch_sub(1);
                   return n;
                 }).options({.max_running = 2, .max_pending = 5});
  std::vector<mb::future<int>> sums;
  for (int t = 0; t < 4; ++t)
    sums.push_back(mb::remote([&] {
      int sum = 0;
      for (int i = 0; i < 200 * repeats(); ++i) sum += mb::get(f(1));
      return sum;
    })());
  int sum = 0;
  for (int const n : mb::get(sums)) sum += n;
  CHECK(sum == 800 * repeats());
  CHECK(!over.load());
}
