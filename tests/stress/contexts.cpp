// Code in execution contexts, and tasks in none: each finds itself where it belongs after whatever it waits for, and in a
// context that does not run in parallel one piece runs at a time.
#include <mobula/mobula.hpp>

#include "support/catch.hpp"
#include "support/contexts.hpp"
#include "support/watchdog.hpp"

#include <boost/fiber/mutex.hpp>
#include <boost/fiber/operations.hpp>

#include <array>
#include <atomic>
#include <chrono>
#include <deque>
#include <mutex>
#include <random>
#include <vector>

namespace mb = mobula;
using mobula::test::current_context;
using mobula::test::enter;
using mobula::test::parallel_context;
using mobula::test::repeats;
using mobula::test::serial_context;
using mobula::test::watchdog;
using mobula::test::workers;
using namespace std::chrono_literals;

namespace {

// A context, and what only code that runs in it touches.
struct place {
  mobula::detail::execution_context* context = nullptr;
  long touched = 0;  // in one that runs pieces one at a time
  std::atomic<int> inside{0};
};

struct world {
  std::deque<place> places;
  mb::mutex mutex;
  std::atomic<int> strays{0};
  std::atomic<int> overlaps{0};

  // One piece of code, which belongs to a place or, if that is null, to none.
  void be_in(place* p) {
    if (current_context() != (p != nullptr ? p->context : nullptr)) strays.fetch_add(1);
    if (p == nullptr || p->context->in_parallel) return;
    if (p->inside.fetch_add(1) != 0) overlaps.fetch_add(1);
    ++p->touched;
    p->inside.fetch_sub(1);
  }
};

mb::task<int> node(world& w, place* p, int depth, unsigned seed);

// A task of its own, which goes to another place.
mb::task<int> visit(world& w, place& p, int depth, unsigned seed) {
  w.be_in(nullptr);
  co_await enter(*p.context);
  w.be_in(&p);
  co_return co_await node(w, &p, depth, seed);
}

mb::task<> wait_once(world& w, place* p, std::mt19937& random) {
  auto const instant = std::chrono::microseconds(random() % 40);
  switch (random() % 10) {
    case 0: co_await mb::sleep_for(instant); break;
    case 1: co_await mb::remote([&w] { w.be_in(nullptr); })(); break;
    case 2: mb::get(mb::remote([&w] { w.be_in(nullptr); })()); break;
    case 3: mb::get(mb::sleep_for(instant)); break;
    case 4: co_await mb::yield(); break;
    case 5: mb::get(mb::yield()); break;
    case 6: {
      auto const guard = co_await w.mutex.lock();
      w.be_in(p);
      break;
    }
    case 7: co_await mb::select(mb::sleep_for(instant), mb::remote([] {})()); break;
    case 8: try { co_await mb::timeout(mb::remote([]() -> mb::task<> { co_await mb::sleep_for(20us); })(), instant);
      } catch (mb::timeout_error const&) { w.be_in(p); }
      break;
    default: {
      mb::task_group group;
      group.run([&w] { w.be_in(nullptr); });
      co_await group.join();
    }
  }
  w.be_in(p);
}

mb::task<int> node(world& w, place* p, int depth, unsigned seed) {
  std::mt19937 random(seed);
  w.be_in(p);
  if (random() % 2 == 0) co_await wait_once(w, p, random);
  if (depth == 0) co_return 1;
  auto const s = static_cast<unsigned>(random());
  int sum = 1;
  auto [a, b, c] =
      co_await mb::when_all(node(w, p, depth - 1, s), node(w, p, depth - 1, s + 1), node(w, p, depth - 1, s + 2));
  w.be_in(p);
  sum += a + b + c;
  // Elsewhere, maybe where this is itself, which goes on meanwhile.
  place& other = w.places[random() % w.places.size()];
  auto const visited = mb::remote(visit)(std::ref(w), std::ref(other), depth - 2 > 0 ? depth - 2 : 0, s + 3);
  sum += random() % 2 == 0 ? co_await visited : mb::get(visited);
  w.be_in(p);
  co_return sum;
}

mb::runtime_options options() { return {.num_cpus = static_cast<unsigned>(workers())}; }

}  // namespace

TEST_CASE("code finds itself in its context after whatever it waits for, and alone where it must be", "[stress]") {
  watchdog const dog("contexts");
  for (int i = 0; i < 6 * repeats(); ++i) {
    serial_context one, another;
    parallel_context free;
    world w;
    w.places.emplace_back().context = &one;
    w.places.emplace_back().context = &another;
    w.places.emplace_back().context = &free;
    {
      mb::runtime rt(options());
      std::vector<mb::future<int>> trees;
      for (unsigned k = 0; k < 6; ++k) {
        unsigned const seed = static_cast<unsigned>(i) * 100 + k;
        trees.push_back(mb::remote(visit)(std::ref(w), std::ref(w.places[k % 3]), 4, seed));
        if (k % 2 == 0) trees.push_back(mb::remote(node)(std::ref(w), nullptr, 4, seed));
      }
      for (int const n : mb::get(trees)) CHECK(n > 80);
    }
    CHECK(w.strays == 0);
    CHECK(w.overlaps == 0);
    CHECK_FALSE(free.too_early);
    CHECK(free.left == free.stacks);
  }
}

TEST_CASE("contexts survive Boost.Fiber's own primitives", "[stress]") {
  watchdog const dog("contexts and fibers");
  for (int i = 0; i < 20 * repeats(); ++i) {
    std::deque<parallel_context> contexts(3);
    std::atomic<int> strays{0};
    {
      boost::fibers::mutex mutex;
      int inside = 0;
      mb::runtime rt(options());
      std::vector<mb::future<void>> tasks;
      for (std::size_t k = 0; k < 40; ++k)
        tasks.push_back(mb::remote([&, k]() -> mb::task<> {
          mobula::detail::execution_context* const mine = k % 4 == 3 ? nullptr : &contexts[k % 4];
          if (mine != nullptr) co_await enter(*mine);
          for (int turn = 0; turn < 10; ++turn) {
            {
              std::lock_guard const lock(mutex);
              if (current_context() != mine) strays.fetch_add(1);
              ++inside;
              boost::this_fiber::sleep_for(std::chrono::microseconds(k % 2));
              if (current_context() != mine) strays.fetch_add(1);
            }
            if (turn % 3 == 0) mb::get(mb::sleep_for(std::chrono::microseconds(k)));
            if (current_context() != mine) strays.fetch_add(1);
          }
        })());
      mb::get(tasks);
      CHECK(inside == 400);
    }
    CHECK(strays == 0);
  }
}
