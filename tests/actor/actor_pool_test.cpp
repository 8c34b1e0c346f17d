#include "mobula/actor/actor_pool.hpp"

#include <chrono>
#include <memory>
#include <numeric>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "mobula/mobula.hpp"
#include "support/catch.hpp"

namespace mb = mobula;
using namespace std::chrono_literals;

namespace {

class worker {
 public:
  int square(int n) {
    if (n < 0) throw std::domain_error("negative");
    return n * n;
  }
  mb::task<int> slow_square(int n) {
    if (inside_++ != 0) throw std::logic_error("two at a time");
    co_await mb::sleep_for(n * 1s);
    --inside_;
    co_return n* n;
  }
  std::unique_ptr<int> box(std::unique_ptr<int> n) { return n; }
  void nothing(int) {}
  mb::task<int> die(int) {
    co_await mb::yield();
    mb::exit_actor();
  }

 private:
  int inside_ = 0;
};

std::vector<mb::actor<worker>> workers(int n) {
  std::vector<mb::actor<worker>> all;
  for (int i = 0; i < n; ++i) all.push_back(mb::make_actor<worker>());
  return all;
}

template <class Test>
void under_seeds(Test test) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    mb::manual_runtime rt({.seed = seed, .on_unread_failure = [](mb::failure const&) {}});
    test(rt);
  }
}

}  // namespace

TEST_CASE("a pool's calls go to whichever member is free, one each at a time", "[pool]") {
  under_seeds([](mb::manual_runtime& rt) {
    mb::actor_pool<worker> const pool(workers(3));
    std::vector<int> const seconds{1, 2, 3, 3, 2, 1};
    CHECK(pool.map<&worker::slow_square>(seconds) == std::vector{1, 4, 9, 9, 4, 1});
    CHECK(rt.now().time_since_epoch() == 4s);
    CHECK(pool.has_free());
    CHECK(pool.size() == 3);
  });
}

TEST_CASE("submit gives a future at once; arguments may be futures, callables get the object", "[pool]") {
  under_seeds([](mb::manual_runtime&) {
    mb::actor_pool<worker> const pool(workers(2));
    auto const three = mb::remote([] { return 3; })();
    mb::future<int> const nine = pool.submit<&worker::square>(three);
    CHECK_FALSE(nine.ready());
    CHECK(mb::get(nine) == 9);
    CHECK(mb::get(pool.submit([](worker& w, int n) { return w.square(n) + 1; }, 4)) == 17);
    CHECK(*mb::get(pool.submit<&worker::box>(std::make_unique<int>(5))) == 5);
    mb::get(pool.submit<&worker::nothing>(1));
  });
}

TEST_CASE("calls start in the order of their submission", "[pool]") {
  under_seeds([](mb::manual_runtime&) {
    mb::actor_pool<worker> const pool(workers(1));
    std::vector<int> order;
    std::vector<mb::future<void>> all;
    for (int i = 0; i < 10; ++i) all.push_back(pool.submit([&order, i](worker&) { order.push_back(i); }));
    mb::get(all);
    std::vector<int> expected(10);
    std::iota(expected.begin(), expected.end(), 0);
    CHECK(order == expected);
  });
}

TEST_CASE("a batch is read in order, or as results come, with a limit and in a coroutine", "[pool]") {
  under_seeds([](mb::manual_runtime&) {
    mb::actor_pool<worker> const pool(workers(3));
    auto batch = pool.batch<int>();
    CHECK_FALSE(batch.has_next());
    CHECK_FALSE(mb::get(batch.next()));
    for (int const s : {3, 1, 2}) batch.submit<&worker::slow_square>(s);
    CHECK(batch.has_next());
    CHECK_THROWS_AS(mb::get(batch.next_unordered(), 500ms), mb::timeout_error);
    auto const first = mb::get(batch.next_unordered());
    REQUIRE(first);
    CHECK(first->index == 1);
    CHECK(first->value == 1);
    CHECK_THROWS_AS(mb::get(batch.next(), 1s), mb::timeout_error);
    CHECK(mb::get(batch.next()) == 9);
    CHECK(batch.index() == 0);
    batch.submit([](worker& w) { return w.square(7); });
    int sum = mb::get(mb::co_invoke([&]() -> mb::task<int> {
      int n = 0;
      while (auto const r = co_await batch.next_unordered()) n += r->value;
      co_return n;
    }));
    CHECK(sum == 4 + 49);
    CHECK_FALSE(batch.has_next());
  });
}

TEST_CASE("a batch may be read in both ways by turns", "[pool]") {
  under_seeds([](mb::manual_runtime& rt) {
    mb::actor_pool<worker> const pool(workers(4));
    auto batch = pool.batch<int>();
    for (int i = 0; i < 20; ++i) batch.submit<&worker::slow_square>(i % 3);
    int sum = 0;
    for (int i = 0; batch.has_next(); ++i)
      sum +=
          (i + static_cast<int>(rt.seed())) % 2 == 0 ? *mb::get(batch.next()) : mb::get(batch.next_unordered())->value;
    CHECK(sum == 6 * 4 + 7);
  });
}

TEST_CASE("one failure stops nothing", "[pool]") {
  under_seeds([](mb::manual_runtime&) {
    mb::actor_pool<worker> const pool(workers(2));
    std::vector<int> const xs{1, -1, 2, -2, 3};
    CHECK_THROWS_AS(pool.map<&worker::square>(xs), std::domain_error);
    int good = 0, bad = 0;
    for (auto const& o : pool.map_outcomes<&worker::square>(xs)) ++(o.has_value() ? good : bad);
    CHECK(good == 3);
    CHECK(bad == 2);
    auto results = pool.map_unordered<&worker::square>(xs);
    int sum = 0;
    bad = 0;
    for (;;) {
      try {
        auto const r = mb::get(results.next());
        if (!r) break;
        sum += r->value;
      } catch (std::domain_error const&) {
        ++bad;
        CHECK(xs[results.index()] < 0);
      }
    }
    CHECK(sum == 14);
    CHECK(bad == 2);
    CHECK(pool.size() == 2);
    int indices = 0;
    for (auto [i, y] : pool.map_unordered<&worker::square>(std::vector{1, 2, 3})) {
      CHECK(y == static_cast<int>((i + 1) * (i + 1)));
      ++indices;
    }
    CHECK(indices == 3);
  });
}

TEST_CASE("with outcomes no failed call of a pool ends the loop", "[pool]") {
  under_seeds([](mb::manual_runtime&) {
    mb::actor_pool<worker> const pool(workers(2));
    std::vector<int> const xs{1, -1, 2, -2, 3};
    std::set<std::size_t> good, bad;
    for (auto const& [i, y] : pool.map_unordered_outcomes<&worker::square>(xs)) {
      (y.has_value() ? good : bad).insert(i);
      if (y.has_value()) CHECK(y.get() == xs[i] * xs[i]);
    }
    CHECK(good == std::set<std::size_t>{0, 2, 4});
    CHECK(bad == std::set<std::size_t>{1, 3});
    auto batch = pool.batch<int>();
    for (int const x : {-1, 1}) batch.submit<&worker::square>(x);
    int failed = 0;
    while (auto y = mb::get(batch.next_unordered_outcome())) failed += y->value.has_failure() ? 1 : 0;
    CHECK(failed == 1);
  });
}

TEST_CASE("a member that dies leaves, its call fails, and what it has not begun goes to another", "[pool]") {
  under_seeds([](mb::manual_runtime&) {
    auto members = workers(2);
    mb::actor_pool<worker> const pool(members);
    CHECK_THROWS_AS(mb::get(pool.submit<&worker::die>(0)), mb::actor_died);
    CHECK(pool.size() == 1);
    CHECK(pool.map<&worker::square>(std::vector{1, 2, 3}) == std::vector{1, 4, 9});

    auto third = mb::make_actor<worker>();
    pool.push(third);
    third.kill();
    CHECK(pool.map<&worker::square>(std::vector{1, 2, 3}) == std::vector{1, 4, 9});
    CHECK(mb::get(pool.submit<&worker::square>(4)) == 16);
    CHECK(pool.map<&worker::square>(std::vector{1, 2, 3}) == std::vector{1, 4, 9});
  });
}

TEST_CASE("when all members have died, calls say so, until there is a new one", "[pool]") {
  under_seeds([](mb::manual_runtime&) {
    mb::actor_pool<worker> const pool(workers(1));
    auto const dies = pool.submit<&worker::die>(0);
    auto const waits = pool.submit<&worker::square>(2);
    CHECK_THROWS_AS(mb::get(dies), mb::actor_died);
    CHECK_THROWS_WITH(mb::get(waits), Catch::Contains("no member is left"));
    CHECK_THROWS_WITH(mb::get(pool.submit<&worker::square>(2)), Catch::Contains("no member is left"));
    pool.push(mb::make_actor<worker>());
    CHECK(mb::get(pool.submit<&worker::square>(2)) == 4);
  });
}

TEST_CASE("an idle member is popped and pushed back; calls wait meanwhile", "[pool]") {
  under_seeds([](mb::manual_runtime& rt) {
    mb::actor_pool<worker> const pool(workers(1));
    auto member = pool.pop_idle();
    REQUIRE(member);
    CHECK_FALSE(pool.pop_idle());
    CHECK_FALSE(pool.has_free());
    auto const f = pool.submit<&worker::square>(3);
    rt.run_until_idle();
    CHECK_FALSE(f.ready());
    pool.push(*member);
    CHECK(mb::get(f) == 9);
  });
}

TEST_CASE("what was submitted goes on when the pool has gone", "[pool]") {
  under_seeds([](mb::manual_runtime&) {
    std::optional<mb::actor_pool<worker>> pool(workers(2));
    std::vector<mb::future<int>> all;
    for (int i = 0; i < 6; ++i) all.push_back(pool->submit<&worker::slow_square>(1));
    pool.reset();
    CHECK(mb::get(all) == std::vector<int>(6, 1));
    pool.emplace();
    auto const never = pool->submit<&worker::square>(1);
    pool.reset();
    CHECK_THROWS_WITH(mb::get(never), Catch::Contains("the pool is gone"));
  });
}

TEST_CASE("each batch and each map has its own results, whatever of another is unread", "[pool]") {
  under_seeds([](mb::manual_runtime&) {
    mb::actor_pool<worker> const pool(workers(2));
    auto unread = pool.batch<int>();
    for (int const n : {1, 2, 3}) unread.submit<&worker::square>(n);
    std::vector<int> const others{4, 5};
    CHECK(pool.map<&worker::square>(others) == std::vector{16, 25});
    std::vector<int> got;
    while (auto const x = mb::get(unread.next())) got.push_back(*x);
    CHECK(got == std::vector{1, 4, 9});
  });
}

TEST_CASE("a method that gives a pair gives both by one call", "[pool]") {
  mb::manual_runtime rt;
  mb::actor_pool<worker> const pool(workers(2));
  std::vector<int> const xs{1, 2};
  auto const both = [](worker& w, int n) { return std::pair(n, w.square(n)); };
  CHECK(pool.map(both, xs) == std::vector{std::pair(1, 1), std::pair(2, 4)});
}
