// Sleeping and waking: nothing is left lying while workers sleep, and who sleeps costs nothing.
#include <mobula/mobula.hpp>

#include "support/catch.hpp"
#include "support/watchdog.hpp"

#include <sys/resource.h>

#include <atomic>
#include <chrono>
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

void spin(std::chrono::nanoseconds d) {
  auto const until = std::chrono::steady_clock::now() + d;
  while (std::chrono::steady_clock::now() < until) {}
}

double cpu_seconds() {
  rusage u{};
  ::getrusage(RUSAGE_SELF, &u);
  auto const seconds = [](timeval const& t) {
    return static_cast<double>(t.tv_sec) + 1e-6 * static_cast<double>(t.tv_usec);
  };
  return seconds(u.ru_utime) + seconds(u.ru_stime);
}

}  // namespace

TEST_CASE("one job at a time, at any moment of the workers' falling asleep") {
  watchdog const dog("one job at a time from outside");
  mb::runtime const rt(options());
  std::mt19937 random(1);
  for (int i = 0; i < 3000 * repeats(); ++i) {
    auto f = mb::remote([i] { return i; })();
    REQUIRE(mb::get(f) == i);
    spin(std::chrono::nanoseconds(random() % 60'000));
    if (i % 100 == 0) std::this_thread::sleep_for(1ms);
  }
}

TEST_CASE("one job at a time from a task that keeps its worker busy") {
  if (workers() < 2) return;
  watchdog const dog("one job at a time from a busy task");
  mb::runtime const rt(options());
  auto const late = mb::get(mb::remote([] {
    std::mt19937 random(2);
    int n = 0;
    for (int i = 0; i < 2000 * repeats(); ++i) {
      std::atomic<bool> ran{false};
      auto f = mb::remote([&ran] { ran = true; })();
      auto const limit = std::chrono::steady_clock::now() + 5s;
      while (!ran && std::chrono::steady_clock::now() < limit) __builtin_ia32_pause();
      n += ran ? 0 : 1;
      mb::get(f);
      spin(std::chrono::nanoseconds(random() % 60'000));
    }
    return n;
  })());
  REQUIRE(late == 0);
}

TEST_CASE("several jobs at once, each of which needs all the others to run") {
  watchdog const dog("jobs that wait for each other");
  mb::runtime const rt(options());
  std::mt19937 random(3);
  for (int i = 0; i < 200 * repeats(); ++i) {
    // As many as there are workers, all of which hold their worker until the last has come.
    std::atomic<int> there{0};
    std::vector<mb::future<void>> fs;
    for (int w = 0; w < workers(); ++w)
      fs.push_back(mb::remote([&there] {
        ++there;
        while (there < workers()) std::this_thread::yield();
      })());
    mb::get(fs);
    spin(std::chrono::nanoseconds(random() % 80'000));
  }
}

TEST_CASE("several jobs at once from a task, each of which needs all the others to run") {
  watchdog const dog("jobs from a task that wait for each other");
  mb::runtime const rt(options());
  mb::get(mb::remote([] {
    std::mt19937 random(4);
    for (int i = 0; i < 200 * repeats(); ++i) {
      std::atomic<int> there{0};
      std::vector<mb::future<void>> fs;
      for (int w = 0; w < workers(); ++w)
        fs.push_back(mb::remote([&there] {
          ++there;
          while (there < workers()) std::this_thread::yield();
        })());
      mb::get(fs);
      spin(std::chrono::nanoseconds(random() % 80'000));
    }
  })());
}

TEST_CASE("submissions from many threads outside") {
  watchdog const dog("many threads outside");
  mb::runtime const rt(options());
  std::atomic<int> sum{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 6; ++t)
    threads.emplace_back([&, t] {
      std::mt19937 random(static_cast<unsigned>(t));
      std::vector<mb::future<int>> fs;
      for (int i = 0; i < 1000 * repeats(); ++i) {
        fs.push_back(mb::remote([&sum] { return ++sum, 1; })());
        if (i % 10 == 0) spin(std::chrono::nanoseconds(random() % 20'000));
        if (i % 50 == 0) fs.clear();
        if (i % 7 == 0 && !fs.empty()) static_cast<void>(mb::get(fs.back()));
      }
      mb::get(fs);
    });
  for (auto& t : threads) t.join();
  mb::get(mb::remote([] {})());
  auto const limit = std::chrono::steady_clock::now() + 5s;
  while (sum != 6000 * repeats() && std::chrono::steady_clock::now() < limit) std::this_thread::yield();
  REQUIRE(sum == 6000 * repeats());
}

TEST_CASE("timers fire while workers are busy for long") {
  if (workers() < 2) return;
  watchdog const dog("timers beside long tasks");
  mb::runtime const rt(options());
  int late = 0;
  for (int i = 0; i < 100 * repeats(); ++i) {
    std::atomic<bool> fired{false};
    auto sleeper = mb::remote([](std::atomic<bool>& f) -> mb::task<void> {
      co_await mb::sleep_for(300us);
      f = true;
    })(std::ref(fired));
    spin(std::chrono::microseconds(i));
    late += mb::get(mb::remote([&fired] {  // holds its worker, so another one has to see to the timer
      auto const limit = std::chrono::steady_clock::now() + 3s;
      while (!fired && std::chrono::steady_clock::now() < limit) __builtin_ia32_pause();
      return fired ? 0 : 1;
    })());
    mb::get(sleeper);
  }
  REQUIRE(late == 0);
}

TEST_CASE("an idle runtime uses no CPU") {
  mb::runtime const rt(options());
  mb::get(mb::remote([]() -> mb::task<void> { co_await mb::sleep_for(1ms); })());
  std::this_thread::sleep_for(50ms);
  auto const before = cpu_seconds();
  std::this_thread::sleep_for(500ms);
  REQUIRE(cpu_seconds() - before < 0.05);
}

TEST_CASE("a runtime whose tasks all wait uses no CPU") {
  mb::runtime const rt(options());
  auto const sleeper = mb::remote([]() -> mb::task<void> { co_await mb::sleep_for(700ms); })();
  auto const reader = mb::remote([sleeper] { mb::get(sleeper); })();
  std::this_thread::sleep_for(50ms);
  auto const before = cpu_seconds();
  std::this_thread::sleep_for(500ms);
  REQUIRE(cpu_seconds() - before < 0.05);
  mb::get(reader);
}
