#include <mobula/mobula.hpp>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <functional>
#include <semaphore>
#include <string>
#include <vector>

#include "support/catch.hpp"

namespace mb = mobula;
using namespace std::chrono_literals;
using mb::priority;

namespace {

auto with(priority p, auto f) { return mb::remote(std::move(f)).options({.priority = p}); }

constexpr priority all[] = {priority::low, priority::normal, priority::background, priority::high};

}  // namespace

TEST_CASE("of the tasks that could run, one of the highest priority does") {
  mb::explore([](mb::manual_options const& seeded) {
    mb::manual_runtime rt(seeded);
    std::vector<priority> order;
    std::vector<mb::future<void>> done;
    for (int i = 0; i < 3; ++i)
      for (priority const p : all) done.push_back(with(p, [&order, p] { order.push_back(p); })());
    mb::get(done);
    CHECK(order.size() == 12);
    CHECK(std::is_sorted(order.rbegin(), order.rend()));
  });
}

TEST_CASE("a worker takes tasks by priority, and those of each in order") {
  mb::runtime rt({.num_cpus = 1, .ageing = 24h});
  std::binary_semaphore go_on{0};
  std::binary_semaphore begun{0};
  auto gate = mb::remote([&] {
    begun.release();
    go_on.acquire();
  })();
  begun.acquire();
  std::string order;
  std::vector<mb::future<void>> done;
  for (char const c : std::string("123"))
    for (priority const p : all)
      done.push_back(with(p, [&order, p, c] { order += std::string{"blnh"[static_cast<int>(p)], c, ' '}; })());
  go_on.release();
  mb::get(done);
  CHECK(order.find("h1 h2 h3 ") == 0);
  CHECK(order.find("l1 l2 l3 b1 b2 b3 ") == 18);
}

TEST_CASE("a priority is that of the task which starts it, unless it has its own or is detached") {
  mb::manual_runtime rt;
  std::string order;
  auto const note = [&order](std::string const& what) { order += what + ' '; };
  auto parent = with(priority::low, [&] {
    std::vector<mb::future<void>> children;
    children.push_back(mb::remote([&] { note("inherits"); })());
    children.push_back(mb::remote([&] { note("detached"); }).options({.detached = true})());
    children.push_back(with(priority::high, [&] { note("own"); })());
    mb::get(children);
  })();
  rt.run_one();
  auto normal = mb::remote([&] { note("normal"); })();
  mb::get(parent);
  CHECK((order == "own detached normal inherits " || order == "own normal detached inherits "));
}

TEST_CASE("a task keeps its priority over its waits, its arguments and its attempts, and in submit_all") {
  mb::explore([](mb::manual_options const& seeded) {
    mb::manual_runtime rt(seeded);
    std::vector<int> order;
    mb::promise<int> first;
    auto const coroutine = [&order](int x) -> mb::task<> {
      for (int i = 0; i < 3; ++i) {
        co_await mb::yield();
        order.push_back(x);
      }
    };
    auto const plain = [&order](int x) {
      for (int i = 0; i < 3; ++i) {
        mb::get(mb::yield());
        order.push_back(x);
      }
    };
    std::vector<mb::future<void>> done;
    auto const x = first.get_future();
    done.push_back(with(priority::low, coroutine)(x));
    done.push_back(mb::remote(plain).options({.max_retries = 1, .priority = priority::low})(x));
    done.push_back(with(priority::low, [&order] {
      mb::get(mb::submit_all([&order](int n) { order.push_back(n); }, std::vector(3, 1)));
    })());
    done.push_back(mb::remote(coroutine)(2));
    done.push_back(mb::remote(plain)(2));
    first.set_value(1);
    mb::get(done);
    CHECK(order.size() == 15);
    CHECK(std::is_sorted(order.rbegin(), order.rend()));
  });
}

namespace {

// Tasks that start others of some priorities over and over, until one of another priority has run.
void keep_busy_until_done(std::vector<priority> const& busy, priority waiting) {
  std::atomic<bool> done = false;
  std::atomic<int> chains = 0;
  std::function<void(priority)> const again = [&](priority p) {
    if (!done)
      static_cast<void>(mb::remote(std::ref(again)).options({.detached = true, .priority = p})(p));
    else
      chains.fetch_sub(1);
  };
  for (priority const p : busy)
    for (int i = 0; i < 20; ++i, ++chains) static_cast<void>(mb::remote(std::ref(again)).options({.priority = p})(p));
  mb::get(with(waiting, [] {})());
  done = true;
  while (chains != 0) mb::get(mb::remote([] {})());  // they refer to what is here
}

}  // namespace

TEST_CASE("nothing waits for ever, however much of a higher priority there is") {
  auto const each = [] {
    keep_busy_until_done({priority::high}, priority::normal);
    keep_busy_until_done({priority::high, priority::normal}, priority::low);
    keep_busy_until_done({priority::high, priority::background}, priority::normal);
    keep_busy_until_done({priority::high, priority::normal, priority::low}, priority::background);
  };
  mb::explore(
      [&](mb::manual_options const& seeded) {
        mb::manual_runtime rt(seeded);
        each();
      },
      {.seeds = 100});
  for (unsigned const workers : {1U, 3U}) {
    mb::runtime rt({.num_cpus = workers, .ageing = 100us});
    each();
  }
}

TEST_CASE("a task with a worker runs there only, also after its waits") {
  constexpr unsigned workers = 3;
  mb::runtime rt({.num_cpus = workers});
  auto const strays = [](unsigned where) -> mb::task<int> {
    int n = 0;
    for (int i = 0; i < 20; ++i) {
      n += mb::this_task::worker() != where;
      if (i % 4 == 0) co_await mb::sleep_for(10us);
      if (i % 4 == 1) co_await mb::yield();
      if (i % 4 == 2) static_cast<void>(mb::get(mb::remote([] { return 1; })()));
      if (i % 4 == 3) co_await mb::with_deadline([]() -> mb::task<> { co_await mb::sleep_for(10us); }(), 1h);
    }
    co_return n;
  };
  std::vector<mb::future<int>> all_there;
  for (unsigned i = 0; i < 30; ++i)
    all_there.push_back(mb::remote(strays).options({.worker = i % workers})(i % workers));
  CHECK(mb::get(all_there) == std::vector<int>(30, 0));
}

TEST_CASE("a task with a worker that sleeps wakes it, and others do the rest meanwhile") {
  mb::runtime rt({.num_cpus = 2, .spin = 0ns});
  for (unsigned i = 0; i < 200; ++i)
    CHECK(mb::get(mb::remote([] { return *mb::this_task::worker(); }).options({.worker = i % 2})()) == i % 2);
  std::binary_semaphore begun{0}, go_on{0};
  auto blocked = mb::remote([&] {
                   begun.release();
                   go_on.acquire();
                 }).options({.worker = 0})();
  begun.acquire();
  auto behind =
      mb::remote([] { return *mb::this_task::worker(); }).options({.priority = priority::high, .worker = 0})();
  for (int i = 0; i < 100; ++i) mb::get(mb::remote([] {})());
  CHECK_FALSE(behind.ready());
  go_on.release();
  CHECK(mb::get(behind) == 0);
}

TEST_CASE("a place that is not there is refused, and says what there is") {
  using Catch::Contains;
  mb::runtime rt({.num_cpus = 2});
  CHECK(rt.numa_nodes() == 1);
  auto const f = mb::remote([] {});
  CHECK_THROWS_WITH(f.options({.worker = 2})(), Contains("task_options::worker is 2; this runtime has 2 workers"));
  CHECK_THROWS_WITH(f.options({.numa_node = 1})(), Contains("task_options::numa_node is 1; this runtime has 1 nodes"));
  CHECK_THROWS_AS(f.options({.worker = 0, .numa_node = 0}), mb::error);
  CHECK_THROWS_AS(f.options({.priority = static_cast<priority>(9)}), mb::error);
  CHECK_THROWS_WITH(mb::runtime({.ageing = 0ns}), Contains("runtime_options::ageing is 0 ns"));
  mb::get(f.options({.numa_node = 0})());
}

#ifdef MOBULA_HWLOC
TEST_CASE("workers are spread over the nodes of memory, and a task with a node runs on those of it") {
  ::setenv("HWLOC_SYNTHETIC", "numa:2 core:4 pu:1", 1);
  mb::runtime rt({.num_cpus = 5, .numa = true});
  ::unsetenv("HWLOC_SYNTHETIC");
  CHECK(rt.numa_nodes() == 2);
  std::vector<mb::future<unsigned>> on[2];
  for (unsigned i = 0; i < 200; ++i)
    on[i % 2].push_back(mb::remote([] { return *mb::this_task::worker(); }).options({.numa_node = i % 2})());
  for (unsigned const w : mb::get(on[0])) CHECK(w <= 2);
  for (unsigned const w : mb::get(on[1])) CHECK(w >= 3);
  CHECK_THROWS_AS(mb::remote([] {}).options({.numa_node = 2})(), mb::error);
}
#endif
