// Trees of tasks, groups and calls of actors that are cancelled at any time and in any place: each ends once, with its
// value or with `cancelled`, and leaves nothing behind.
#include <mobula/mobula.hpp>

#include "support/catch.hpp"
#include "support/watchdog.hpp"

#include <atomic>
#include <chrono>
#include <random>
#include <thread>
#include <utility>
#include <vector>

namespace mb = mobula;
using mobula::test::repeats;
using mobula::test::watchdog;
using mobula::test::workers;
using namespace std::chrono_literals;

namespace {

std::atomic<int> live{0};

// What a task owns: there is none left in the end.
struct owned {
  owned() { live.fetch_add(1); }
  owned(owned const&) { live.fetch_add(1); }
  owned(owned&&) noexcept { live.fetch_add(1); }
  owned& operator=(owned const&) = default;
  ~owned() { live.fetch_sub(1); }
};

struct server {
  int quick(int n) { return n; }
  mb::task<int> slow(int n) {
    owned const mine;
    co_await mb::sleep_for(std::chrono::microseconds(n % 200));
    co_await mb::yield();
    co_return n;
  }
};

struct world {
  mb::mutex mutex;
  mb::semaphore tokens{2};
  mb::channel<int> items{4};
  std::atomic<int> held{0};
  mb::actor<server> serial, parallel;
};

mb::task<int> node(world& w, int depth, unsigned seed, owned mine);

mb::task<> wait_somehow(world& w, std::mt19937& random) {
  auto const instant = std::chrono::microseconds(random() % 100);
  switch (random() % 9) {
    case 0: co_await mb::sleep_for(instant); break;
    case 1: mb::get(mb::sleep_for(instant)); break;
    case 2: {
      auto const guard = co_await w.mutex.lock();
      if (w.held.fetch_add(1) != 0) std::abort();
      w.held.fetch_sub(1);
      break;
    }
    case 3:
      co_await w.tokens.acquire();
      w.tokens.release();
      break;
    case 4: static_cast<void>(co_await w.items.send(1)); break;
    case 5: static_cast<void>(co_await w.items.receive()); break;
    case 6: static_cast<void>(co_await w.serial.call<&server::slow>(static_cast<int>(random() % 500))); break;
    case 7: static_cast<void>(mb::get(w.parallel.call<&server::slow>(static_cast<int>(random() % 500)))); break;
    default: co_await mb::yield();
  }
}

mb::task<int> node(world& w, int depth, unsigned seed, [[maybe_unused]] owned mine) {
  std::mt19937 random(seed);
  co_await wait_somehow(w, random);
  if (depth == 0) co_return 1;
  std::vector<mb::future<int>> children;
  for (int i = 0; i < 2; ++i) {
    auto const next = static_cast<unsigned>(random());
    if (random() % 4 == 0)
      children.push_back(mb::remote(node)(std::ref(w), depth - 1, next, owned()));
    else
      children.push_back(mb::remote(node).options({.cancellable = true})(std::ref(w), depth - 1, next, owned()));
  }
  if (random() % 4 == 0) mb::cancel(children[random() % 2]);
  if (random() % 4 == 0) {
    auto const child = [&w](unsigned s) -> mb::task<> {
      std::mt19937 r(s);
      co_await wait_somehow(w, r);
    };
    mb::task_group g({.cancel_rest = random() % 2 == 0});
    g.run(child, static_cast<unsigned>(random()));
    g.run(child, static_cast<unsigned>(random()));
    co_await g.join();
  }
  switch (random() % 3) {
    case 0: {
      auto const both = co_await mb::when_all(children);
      co_return both[0] + both[1];
    }
    case 1: {
      auto const both = mb::get(children);
      co_return both[0] + both[1];
    }
    default: {
      mb::cancel_rest const rest(children);
      int sum = 0;
      for (auto const& c : mb::as_completed(children)) sum += co_await mb::future<int>(c);
      co_return sum;
    }
  }
}

// Senders and receivers are as many as there are by chance: so somebody always sends and receives.
mb::task<> keep_items_moving(world& w, std::atomic<bool> const& over) {
  while (!over.load()) {
    static_cast<void>(w.items.try_send(0));
    if (w.items.size() > 2) static_cast<void>(w.items.try_receive());
    co_await mb::sleep_for(50us);
  }
}

void check_ends(std::vector<mb::future<int>> const& all, int most) {
  int bad = 0;
  for (auto const& f : all) {
    try {
      int const n = mb::get(f);
      if (n < 1 || n > most) ++bad;
    } catch (mb::cancelled const&) {
    } catch (...) { ++bad; }
  }
  CHECK(bad == 0);
}

}  // namespace

TEST_CASE("trees of tasks that are cancelled at any time end once and leave nothing") {
  watchdog const guard("cancellation of trees", 100s);
  std::mt19937 random(7);
  for (int r = 0; r < 20 * repeats(); ++r) {
    {
      mb::runtime rt({.num_cpus = static_cast<unsigned>(workers())});
      world w;
      w.serial = mb::make_actor<server>();
      w.parallel = mb::make_actor<server>.options({.concurrency = mb::parallel(3)})();
      std::atomic<bool> over{false};
      auto mover = mb::remote(keep_items_moving)(std::ref(w), std::cref(over));
      std::vector<mb::future<int>> trees;
      for (int i = 0; i < 30; ++i)
        trees.push_back(mb::remote(node).options({.cancellable = random() % 4 != 0})(
            std::ref(w), 3, static_cast<unsigned>(random()), owned()));
      std::thread other([&, seed = static_cast<unsigned>(random())] {
        std::mt19937 mine(seed);
        for (int i = 0; i < 30; ++i) mb::cancel(trees[mine() % trees.size()]);
      });
      for (int i = 0; i < 15; ++i) {
        if (random() % 4 == 0) std::this_thread::sleep_for(std::chrono::microseconds(random() % 200));
        mb::cancel(trees[random() % trees.size()]);
      }
      other.join();
      check_ends(trees, 8);
      trees.clear();
      while (live.load() != 0) std::this_thread::yield();  // tasks that nobody has waited for still use the world
      over = true;
      mb::get(mover);
      w.serial = {};
      w.parallel = {};
      rt.shutdown();
    }
    CHECK(live.load() == 0);
  }
}

TEST_CASE("of a wait's end and its interruption one happens") {
  watchdog const guard("interruptions", 100s);
  mb::runtime rt({.num_cpus = static_cast<unsigned>(workers())});
  int values = 0, interrupted = 0;
  for (int r = 0; r < 2000 * repeats(); ++r) {
    mb::promise<int> p;
    auto const waiting = p.get_future();
    auto const in_coroutine = [waiting]() -> mb::task<int> { co_return co_await waiting; };
    auto const in_plain = [waiting] { return mb::get(waiting); };
    auto f = mb::remote(in_coroutine).options({.cancellable = true})();
    auto g = mb::remote(in_plain).options({.cancellable = true})();
    if (r % 3 == 0) std::this_thread::yield();
    auto setter = mb::remote([&p] { p.set_value(1); })();
    mb::cancel(f);
    mb::cancel(g);
    mb::get(setter);
    for (auto const& x : {f, g}) {
      try {
        values += mb::get(x);
      } catch (mb::cancelled const&) { ++interrupted; }
    }
  }
  CHECK(values + interrupted == 4000 * repeats());
}

TEST_CASE("queued calls of actors that are cancelled are skipped, or handled, once") {
  watchdog const guard("calls of actors", 100s);
  struct counter {
    int add() { return ++n; }
    int n = 0;
  };
  mb::runtime rt({.num_cpus = static_cast<unsigned>(workers())});
  for (int r = 0; r < 50 * repeats(); ++r) {
    auto a = mb::make_actor<counter>();
    std::vector<mb::future<int>> calls;
    for (int i = 0; i < 200; ++i) calls.push_back(a.call<&counter::add>());
    for (std::size_t i = 0; i < calls.size(); i += 2) mb::cancel(calls[i]);
    int handled = 0;
    for (auto const& c : calls) {
      try {
        static_cast<void>(mb::get(c));
        ++handled;
      } catch (mb::cancelled const&) {}
    }
    int const n = mb::get(a.call<&counter::add>()) - 1;
    CHECK(handled <= n);  // one that was about to end may have been cancelled all the same
    CHECK(handled >= 100);
  }
}

TEST_CASE("a map in a task that is cancelled ends, whoever is at it") {
  watchdog const guard("maps", 100s);
  mb::runtime rt({.num_cpus = static_cast<unsigned>(workers())});
  for (int r = 0; r < 20 * repeats(); ++r) {
    std::atomic<int> begun{0};
    auto const plain = [&](int) {
      begun.fetch_add(1);
      mb::get(mb::sleep_for(1ms));
    };
    auto const coroutine = [&](int) -> mb::task<> {
      begun.fetch_add(1);
      co_await mb::sleep_for(10min);
    };
    std::vector<int> const items(200'000);
    auto f = mb::remote([&] { mb::for_each(plain, items); }).options({.cancellable = true})();
    auto g = mb::remote([&] { mb::for_each(coroutine, std::vector<int>(50)); }).options({.cancellable = true})();
    while (begun.load() < 60) std::this_thread::yield();
    mb::cancel(std::vector{f, g});
    CHECK_THROWS_AS(mb::get(f), mb::cancelled);
    CHECK_THROWS_AS(mb::get(g), mb::cancelled);
  }
}
