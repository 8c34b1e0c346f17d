// Tasks that wait for each other at random, while others look at all of them: those that would wait in a circle learn so,
// nobody else does, nothing hangs, and in the end nothing is left.
#include <mobula/mobula.hpp>

#include "support/catch.hpp"
#include "support/watchdog.hpp"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <random>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

namespace mb = mobula;
using mobula::test::repeats;
using mobula::test::watchdog;
using mobula::test::workers;

namespace {

constexpr std::size_t many = 24;

struct world {
  world() {
    for (auto& p : promised) tasks.push_back(p.get_future());
  }
  std::vector<mb::promise<mb::future<int>>> promised{many};
  std::vector<mb::future<mb::future<int>>> tasks;  // when all have been submitted
  std::vector<std::vector<std::size_t>> waits_for{many};
};

int wait_plainly(world& w, std::size_t i) {
  int sum = 1;
  for (std::size_t const other : w.waits_for[i]) sum += mb::get(mb::get(w.tasks[other]));
  return sum;
}

mb::task<int> wait_in_coroutine(world& w, std::size_t i) {
  std::vector<mb::future<int>> others;
  for (std::size_t const other : w.waits_for[i]) others.push_back(co_await mb::future(w.tasks[other]));
  int sum = 1;
  for (int const x : co_await mb::when_all(others)) sum += x;
  co_return sum;
}

int wait_in_group(world& w, std::size_t i) {
  std::atomic<int> sum{1};
  mb::task_group g;
  for (std::size_t const other : w.waits_for[i]) g.run([&w, &sum, other] { sum += mb::get(mb::get(w.tasks[other])); });
  mb::get(g.join());
  return sum;
}

struct waiter {
  int wait(world* w, std::size_t i) { return wait_plainly(*w, i); }
};

// Whether a task waits in a circle, or for one that does.
std::vector<bool> never_end(world const& w) {
  std::vector<bool> ends(many, false);
  for (bool changed = true; changed;) {
    changed = false;
    for (std::size_t i = 0; i < many; ++i) {
      bool all = true;
      for (std::size_t const other : w.waits_for[i]) all = all && ends[other];
      if (all && !ends[i]) ends[i] = changed = true;
    }
  }
  ends.flip();
  return ends;
}

}  // namespace

TEST_CASE("tasks that wait in a circle learn so, nobody else does, and dumps are taken meanwhile", "[stress]") {
  watchdog const w("tracking");
  std::mt19937 random(GENERATE(1U, 2U, 3U));
  mb::runtime rt(
      {.num_cpus = static_cast<unsigned>(workers()), .track_tasks = true, .stall_after = std::chrono::hours(1)});
  std::size_t bytes = 0;
  std::jthread looks([&](std::stop_token const& stop) {
    while (!stop.stop_requested()) {
      bytes += mb::dump_tasks().size();
      std::this_thread::sleep_for(std::chrono::microseconds(200));
    }
  });
  for (int round = 0; round < 100 * repeats(); ++round) {
    world here;
    for (std::size_t i = 0; i < many; ++i)
      for (std::size_t n = random() % 3; n > 0; --n)
        if (random() % 8 != 0 && i > 0)
          here.waits_for[i].push_back(random() % i);
        else
          here.waits_for[i].push_back(random() % many);
    std::vector<mb::future<int>> all;
    for (std::size_t i = 0; i < many; ++i) {
      switch (random() % 4) {
        case 0: all.push_back(mb::remote(wait_plainly)(std::ref(here), i)); break;
        case 1: all.push_back(mb::remote(wait_in_coroutine)(std::ref(here), i)); break;
        case 2: all.push_back(mb::remote(wait_in_group)(std::ref(here), i)); break;
        default: all.push_back(mb::make_actor<waiter>().call<&waiter::wait>(&here, i));
      }
    }
    for (std::size_t i = 0; i < many; ++i) here.promised[i].set_value(all[i]);
    std::vector<bool> const circles = never_end(here);
    for (std::size_t i = 0; i < many; ++i) {
      bool refused = false;
      try {
        mb::get(all[i]);
      } catch (mb::deadlock_error const&) { refused = true; }
      if (refused != circles[i]) FAIL_CHECK("task " << i << (refused ? " was refused" : " was not"));
    }
  }
  looks.request_stop();
  looks.join();
  CHECK(bytes > 0);
  CHECK(mb::dump_tasks().find("0 tasks") == 0);
}
