#include "core/fiber_worker.hpp"

#include <boost/fiber/all.hpp>

#include <mutex>
#include <numeric>
#include <vector>

#include "mobula/mobula.hpp"
#include "support/catch.hpp"

namespace mb = mobula;
namespace bf = boost::fibers;
using namespace std::chrono_literals;

// One worker each time: if a primitive blocked it, the program would hang. Then more, where fibers of different threads
// meet.
static std::vector<unsigned> const workers = {1, 2, 4};

TEST_CASE("Boost.Fiber's channels connect tasks without blocking a worker", "[core]") {
  for (unsigned n : workers) {
    mb::runtime rt({.num_cpus = n});
    bf::unbuffered_channel<int> channel;
    auto const sum = mb::remote([&] {
      int total = 0;
      for (int x : channel) total += x;
      return total;
    })();
    mb::get(mb::remote([&] {
      for (int i = 1; i <= 100; ++i) channel.push(i);
      channel.close();
    })());
    CHECK(mb::get(sum) == 5050);
  }
}

TEST_CASE("Boost.Fiber's mutexes and condition variables work between tasks", "[core]") {
  for (unsigned n : workers) {
    mb::runtime rt({.num_cpus = n});
    bf::mutex mutex;
    bf::condition_variable changed;
    int turn = 0;
    std::vector<mb::future<void>> tasks;
    for (int i = 9; i >= 0; --i)
      tasks.push_back(mb::remote([&, i] {
        std::unique_lock lock(mutex);
        changed.wait(lock, [&] { return turn == i; });
        ++turn;
        changed.notify_all();
      })());
    mb::get(tasks);
    CHECK(turn == 10);
  }
}

TEST_CASE("Boost.Fiber's barriers wait for tasks, even for more of them than workers", "[core]") {
  for (unsigned n : workers) {
    mb::runtime rt({.num_cpus = n});
    bf::barrier barrier(8);
    std::vector<mb::future<bool>> tasks;
    for (int i = 0; i < 8; ++i) tasks.push_back(mb::remote([&] { return barrier.wait(); })());
    auto const last = mb::get(tasks);
    CHECK(std::count(last.begin(), last.end(), true) == 1);
  }
}

TEST_CASE("Boost.Fiber's futures and sleeps work inside tasks", "[core]") {
  for (unsigned n : workers) {
    mb::runtime rt({.num_cpus = n});
    bf::promise<int> promise;
    auto const reader = mb::remote([f = promise.get_future()]() mutable { return f.get(); })();
    auto const writer = mb::remote([&] {
      boost::this_fiber::sleep_for(1ms);
      promise.set_value(5);
    })();
    mb::get(writer);
    CHECK(mb::get(reader) == 5);
  }
}

TEST_CASE("fibers that a task makes itself run, and may read futures", "[core]") {
  for (unsigned n : workers) {
    mb::runtime rt({.num_cpus = n});
    CHECK(mb::get(mb::remote([] {
            int a = 0, b = 0;
            bf::fiber first([&] { a = 1; });
            bf::fiber second([&] {
              boost::this_fiber::yield();
              b = 2;
            });
            first.join();
            second.join();
            return a + b;
          })()) == 3);
  }
}

TEST_CASE("tasks that sleep in Boost.Fiber sleep at once, on one worker", "[core]") {
  mb::runtime rt({.num_cpus = 1});
  auto const start = rt.now();
  std::vector<mb::future<void>> tasks;
  for (int i = 0; i < 100; ++i) tasks.push_back(mb::remote([] { boost::this_fiber::sleep_for(20ms); })());
  mb::get(tasks);
  CHECK(rt.now() - start < 1s);  // one after the other it would be two
}

TEST_CASE("waits of both kinds mix in one task", "[core]") {
  for (unsigned n : workers) {
    mb::runtime rt({.num_cpus = n});
    bf::buffered_channel<int> channel(4);
    std::vector<mb::future<int>> tasks;
    for (int i = 0; i < 50; ++i)
      tasks.push_back(mb::remote([&channel, i] {
        int const x = mb::get(mb::remote([i]() -> mb::task<int> {
          co_await mb::sleep_for(1us);
          co_return i;
        })());
        channel.push(x);
        return mb::get(mb::remote([i] { return i; })());
      })());
    auto const sum = mb::remote([&] {
      int total = 0;
      for (int i = 0; i < 50; ++i) total += channel.value_pop();
      return total;
    })();
    CHECK(mb::get(sum) == 1225);
    auto const values = mb::get(tasks);
    CHECK(std::accumulate(values.begin(), values.end(), 0) == 1225);
  }
}
