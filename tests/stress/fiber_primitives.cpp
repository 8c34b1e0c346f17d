// Boost.Fiber's own primitives in tasks, mixed with our waiting.
#include <mobula/mobula.hpp>

#include "support/catch.hpp"
#include "support/watchdog.hpp"

#include <boost/fiber/barrier.hpp>
#include <boost/fiber/buffered_channel.hpp>
#include <boost/fiber/condition_variable.hpp>
#include <boost/fiber/fiber.hpp>
#include <boost/fiber/mutex.hpp>
#include <boost/fiber/operations.hpp>

#include <atomic>
#include <chrono>
#include <mutex>
#include <thread>
#include <vector>

namespace mb = mobula;
namespace bf = boost::fibers;
using mobula::test::repeats;
using mobula::test::watchdog;
using mobula::test::workers;
using namespace std::chrono_literals;

namespace {

mb::runtime_options options() { return {.num_cpus = static_cast<unsigned>(workers())}; }

}  // namespace

TEST_CASE("a fiber mutex protects what tasks change, also where its holder waits for futures") {
  watchdog const dog("fiber mutex");
  mb::runtime const rt(options());
  bf::mutex mutex;
  int shared = 0;
  std::vector<mb::future<void>> fs;
  for (int i = 0; i < 200 * repeats(); ++i)
    fs.push_back(mb::remote([&] {
      std::unique_lock<bf::mutex> lock(mutex);
      int const before = shared;
      mb::get(mb::remote([] { std::this_thread::yield(); })());
      if (before % 16 == 0) mb::get(mb::sleep_for(50us));
      shared = before + 1;
    })());
  mb::get(fs);
  REQUIRE(shared == 200 * repeats());
}

TEST_CASE("a channel carries everything from many tasks to many tasks") {
  watchdog const dog("fiber channel");
  mb::runtime const rt(options());
  constexpr int senders = 5, each = 200;
  for (int round = 0; round < 5 * repeats(); ++round) {
    bf::buffered_channel<int> channel(8);
    std::atomic<int> sum{0}, open{senders};
    std::vector<mb::future<void>> fs;
    for (int r = 0; r < 4; ++r)
      fs.push_back(mb::remote([&] {
        for (int v; channel.pop(v) == bf::channel_op_status::success;) {
          sum += v;
          if (v % 50 == 0) mb::get(mb::remote([] {})());
        }
      })());
    for (int s = 0; s < senders; ++s)
      fs.push_back(mb::remote([&] {
        for (int v = 1; v <= each; ++v) channel.push(v);
        if (open.fetch_sub(1) == 1) channel.close();
      })());
    mb::get(fs);
    REQUIRE(sum == senders * each * (each + 1) / 2);
  }
}

TEST_CASE("a barrier lets tasks go on together, on however few workers") {
  watchdog const dog("fiber barrier");
  mb::runtime const rt(options());
  constexpr int tasks = 12, rounds = 20;
  for (int round = 0; round < repeats(); ++round) {
    bf::barrier barrier(tasks);
    std::atomic<int> arrived{0};
    std::vector<mb::future<bool>> fs;
    for (int t = 0; t < tasks; ++t)
      fs.push_back(mb::remote([&, t] {
        bool right = true;
        for (int r = 1; r <= rounds; ++r) {
          if ((t + r) % 4 == 0) mb::get(mb::remote([] {})());
          ++arrived;
          barrier.wait();
          right = right && arrived >= r * tasks;
          barrier.wait();
        }
        return right;
      })());
    for (bool const right : mb::get(fs)) REQUIRE(right);
  }
}

TEST_CASE("tasks sleep by Boost.Fiber's timers and by ours") {
  watchdog const dog("fiber sleeps");
  mb::runtime const rt(options());
  for (int round = 0; round < repeats(); ++round) {
    auto const start = std::chrono::steady_clock::now();
    std::vector<mb::future<bool>> fs;
    for (int i = 0; i < 300; ++i)
      fs.push_back(mb::remote([i] {
        bool right = true;
        for (int k = 0; k < 5; ++k) {
          auto const from = std::chrono::steady_clock::now();
          auto const d = std::chrono::microseconds(100 + (i * 37 + k * 911) % 5000);
          if ((i + k) % 2 == 0)
            boost::this_fiber::sleep_for(d);
          else
            mb::get(mb::sleep_for(d));
          right = right && std::chrono::steady_clock::now() - from >= d;
        }
        return right;
      })());
    for (bool const right : mb::get(fs)) REQUIRE(right);
    REQUIRE(std::chrono::steady_clock::now() - start < 5s);
  }
}

// The worker that goes on with a fiber must not count as one that looks for work: else nobody would be woken.
TEST_CASE("after a fiber's sleep its task's children are started by others at once") {
  if (workers() < 2) return;
  watchdog const dog("children after a fiber's sleep");
  mb::runtime const rt(options());
  int late = 0;
  for (int i = 0; i < 400 * repeats(); ++i)
    late += mb::get(mb::remote([i] {
      boost::this_fiber::sleep_for(std::chrono::microseconds(5 + i % 50));
      std::atomic<bool> ran{false};
      auto const child = mb::remote([&ran] { ran = true; })();
      auto const limit = std::chrono::steady_clock::now() + 2s;
      while (!ran && std::chrono::steady_clock::now() < limit) {}
      bool const in_time = ran;
      mb::get(child);
      return in_time ? 0 : 1;
    })());
  REQUIRE(late == 0);
}

TEST_CASE("a task makes fibers of its own, which wait for futures") {
  watchdog const dog("fibers made by tasks");
  mb::runtime const rt(options());
  for (int round = 0; round < 10 * repeats(); ++round) {
    std::vector<mb::future<int>> fs;
    for (int i = 0; i < 20; ++i)
      fs.push_back(mb::remote([i] {
        int a = 0, b = 0;
        bf::fiber f([&] { a = mb::get(mb::remote([i] { return i; })()); });
        bf::fiber g([&] {
          boost::this_fiber::yield();
          b = mb::get(mb::remote([i] { return 2 * i; })());
        });
        int const c = mb::get(mb::remote([i] { return 3 * i; })());
        f.join();
        g.join();
        return a + b + c;
      })());
    int i = 0;
    for (int const v : mb::get(fs)) REQUIRE(v == 6 * i++);
  }
}

TEST_CASE("condition variables of Boost.Fiber, notified from outside threads") {
  watchdog const dog("fiber condition variables");
  mb::runtime const rt(options());
  for (int round = 0; round < 20 * repeats(); ++round) {
    bf::mutex mutex;
    bf::condition_variable changed;
    int turn = 0;
    std::vector<mb::future<void>> fs;
    for (int i = 0; i < 10; ++i)
      fs.push_back(mb::remote([&, i] {
        std::unique_lock<bf::mutex> lock(mutex);
        changed.wait(lock, [&] { return turn == i; });
        ++turn;
        changed.notify_all();
      })());
    mb::get(fs);
    REQUIRE(turn == 10);
  }
}
