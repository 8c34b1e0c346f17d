// Trees of tasks of all priorities, with workers and nodes of their own, and calls that block: each runs once, where it
// belongs, whatever else is going on; also while the runtime ends.
#include <mobula/mobula.hpp>

#include "support/catch.hpp"
#include "support/watchdog.hpp"

#include <atomic>
#include <chrono>
#include <optional>
#include <random>
#include <thread>
#include <vector>

namespace mb = mobula;
using mobula::test::repeats;
using mobula::test::watchdog;
using mobula::test::workers;
using namespace std::chrono_literals;

namespace {

std::atomic<int> strays{0};

mb::task_options somewhere(std::mt19937& random) {
  mb::task_options o;
  if (random() % 2 == 0) o.priority = static_cast<mb::priority>(random() % 4);
  if (random() % 3 == 0) o.worker = static_cast<unsigned>(random()) % static_cast<unsigned>(workers());
  if (!o.worker && random() % 8 == 0) o.numa_node = 0;
  o.cancellable = random() % 4 == 0;
  return o;
}

void check_place(std::optional<unsigned> worker) {
  if (worker && mb::this_task::worker() != worker) strays.fetch_add(1);
}

int blocks(unsigned seed) {
  if (mb::this_task::worker()) strays.fetch_add(1);
  if (seed % 3 == 0) std::this_thread::sleep_for(std::chrono::microseconds(seed % 100));
  if (seed % 3 == 1) return mb::get(mb::remote([] { return 1; })());
  return 1;
}

mb::task<int> node(int depth, unsigned seed, std::optional<unsigned> worker) {
  std::mt19937 random(seed);
  check_place(worker);
  if (random() % 3 == 0) co_await mb::sleep_for(std::chrono::microseconds(random() % 100));
  check_place(worker);
  if (depth == 0) co_return 1;
  std::vector<mb::future<int>> children;
  for (int i = 0; i < 3; ++i) {
    mb::task_options const o = somewhere(random);
    auto const next = static_cast<unsigned>(random());
    if (next % 5 == 0)
      children.push_back(mb::remote(blocks).options({.blocking = true})(next));
    else
      children.push_back(mb::remote(node).options(o)(depth - 1, next, o.worker));
  }
  int sum = 0;
  if (random() % 2 == 0)
    for (int const n : co_await mb::when_all(children)) sum += n;
  else
    for (auto const& f : children) sum += mb::get(f);
  check_place(worker);
  co_return sum;
}

}  // namespace

TEST_CASE("tasks run where they belong, and all of them") {
  watchdog const dog("placements");
  for (int r = 0; r < 20 * repeats(); ++r) {
    mb::runtime rt({.num_cpus = static_cast<unsigned>(workers()),
                    .max_blocking_threads = r % 2 == 0 ? 64U : 3U,
                    .blocking_idle = r % 3 == 0 ? 0ns : 1ms,
                    .ageing = 100us,
                    .spin = r % 2 == 0 ? 0us : 20us});
    std::vector<mb::future<int>> roots;
    for (unsigned i = 0; i < 8; ++i)
      roots.push_back(mb::remote(node)(4, 100U * static_cast<unsigned>(r) + i, std::nullopt));
    for (auto const& f : roots) CHECK(mb::get(f) >= 1);
  }
  CHECK(strays == 0);
}

TEST_CASE("they end once when they are cancelled, or their runtime drops them") {
  watchdog const dog("placements");
  for (int r = 0; r < 50 * repeats(); ++r) {
    std::vector<mb::future<int>> roots;
    {
      mb::runtime rt({.num_cpus = static_cast<unsigned>(workers()),
                      .max_blocking_threads = 2,
                      .blocking_idle = 0ns,
                      .cancellable = true});
      for (unsigned i = 0; i < 8; ++i)
        roots.push_back(mb::remote(node)(3, 100U * static_cast<unsigned>(r) + i, std::nullopt));
      std::this_thread::sleep_for(std::chrono::microseconds(r * 20));
      if (r % 2 == 0) mb::cancel(roots);
      if (r % 3 == 0) rt.shutdown(mb::on_shutdown::drop);
    }
    for (auto const& f : roots) {
      REQUIRE(f.ready());
      try {
        int const n = mb::get(f);
        CHECK(n >= 1);
      } catch (mb::cancelled const&) {}
    }
  }
  CHECK(strays == 0);
}

TEST_CASE("from outside, tasks wake those who are to run them") {
  watchdog const dog("placements");
  mb::runtime rt({.num_cpus = static_cast<unsigned>(workers()), .blocking_idle = 0ns, .spin = 0ns});
  std::mt19937 random(7);
  for (int i = 0; i < 2000 * repeats(); ++i) {
    mb::task_options const o = somewhere(random);
    mb::get(mb::remote([w = o.worker] { check_place(w); }).options(o)());
    if (i % 10 == 0) mb::get(mb::remote(blocks).options({.blocking = true})(1));
  }
  CHECK(strays == 0);
}
