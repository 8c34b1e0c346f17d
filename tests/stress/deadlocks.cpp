// Actors that wait for each other at random, in circles too: it never hangs, and only circles are refused.
#include <mobula/mobula.hpp>

#include "support/catch.hpp"
#include "support/watchdog.hpp"

#include <algorithm>
#include <cstddef>
#include <random>
#include <vector>

namespace mb = mobula;
using mobula::test::repeats;
using mobula::test::watchdog;
using mobula::test::workers;

namespace {

mb::runtime_options options() { return {.num_cpus = static_cast<unsigned>(workers())}; }

class node {
 public:
  int value() { return ++calls_; }
  int wait_for(mb::actor<node> other) { return ++calls_, mb::get(other.call<&node::value>()); }
  mb::task<int> wait_slowly_for(mb::actor<node> other) {
    ++calls_;
    co_return co_await other.call<&node::value>();
  }
  mb::task<int> wait_for_all(std::vector<mb::actor<node>> others) {
    ++calls_;
    std::vector<mb::future<int>> values;
    for (auto const& o : others) values.push_back(o.call<&node::value>());
    auto const all = co_await mb::when_all(values);
    co_return all.front();
  }

 private:
  int calls_ = 0;
};

bool is_refused(mb::future<int> const& f) {
  try {
    static_cast<void>(mb::get(f));
    return false;
  } catch (mb::deadlock_error const&) { return true; }
}

// The least member of the circle that i lies on, when each waits for one; or their number if it lies on none.
std::size_t circle_of(std::vector<std::size_t> const& target, std::size_t i) {
  std::size_t least = i;
  std::size_t at = target[i];
  for (std::size_t steps = 0; at != i; at = target[at]) {
    if (++steps == target.size()) return target.size();
    least = std::min(least, at);
  }
  return least;
}

}  // namespace

TEST_CASE("each waits for another: at most one of each circle is refused, and nobody else") {
  watchdog const dog("each waits for another");
  constexpr std::size_t size = 12;
  mb::runtime const rt(options());
  std::mt19937 random(1);
  std::vector<mb::actor<node>> nodes;
  for (std::size_t i = 0; i < size; ++i) nodes.push_back(mb::make_actor<node>());
  std::size_t all_refused = 0;
  for (int round = 0; round < 2000 * repeats(); ++round) {
    std::vector<std::size_t> order(size), target(size);
    for (std::size_t i = 0; i < size; ++i) order[i] = target[i] = i;
    std::shuffle(order.begin(), order.end(), random);
    if (round % 2 == 0)
      std::rotate(target.begin(), target.begin() + 1 + round % 3, target.end());
    else
      for (std::size_t& t : target) t = random() % size;
    std::vector<mb::future<int>> waits(size);
    for (std::size_t const i : order)
      waits[i] = random() % 2 == 0 ? nodes[i].call<&node::wait_for>(nodes[target[i]])
                                   : nodes[i].call<&node::wait_slowly_for>(nodes[target[i]]);
    std::vector<bool> broken(size, false);
    for (std::size_t i = 0; i < size; ++i) {
      if (!is_refused(waits[i])) continue;
      ++all_refused;
      std::size_t const circle = circle_of(target, i);
      REQUIRE(circle != size);
      REQUIRE_FALSE(broken[circle]);
      broken[circle] = true;
    }
  }
  CHECK(all_refused > 0);  // whoever waits for itself is refused in any case
}

TEST_CASE("actors that wait for several others are never all stuck") {
  watchdog const dog("wait for several");
  constexpr std::size_t size = 8;
  mb::runtime const rt(options());
  std::mt19937 random(2);
  for (int round = 0; round < 300 * repeats(); ++round) {
    std::vector<mb::actor<node>> nodes;  // new ones, so that some end while they are waited for
    for (std::size_t i = 0; i < size; ++i) nodes.push_back(mb::make_actor<node>());
    std::vector<mb::future<int>> waits;
    for (int i = 0; i < 30; ++i) {
      std::vector<mb::actor<node>> some;
      for (int k = 0; k < 3; ++k) some.push_back(nodes[random() % size]);
      waits.push_back(nodes[random() % size].call<&node::wait_for_all>(some));
    }
    nodes.clear();
    for (auto const& f : waits) static_cast<void>(is_refused(f));
  }
}

TEST_CASE("a parallel lane full of calls for itself goes on") {
  watchdog const dog("parallel lane");
  mb::runtime const rt(options());
  auto const a = mb::make_actor<node>.options({.concurrency = mb::parallel(3)})();
  auto const b = mb::make_actor<node>.options({.concurrency = mb::reentrant})();
  for (int round = 0; round < 500 * repeats(); ++round) {
    std::vector<mb::future<int>> waits;
    for (int i = 0; i < 6; ++i) {
      waits.push_back(a.call([](node&, mb::actor<node> x) { return mb::get(x.call([](node&) { return 1; })); },
                             i % 3 == 2 ? b : a));
      waits.push_back(b.call([](node&, mb::actor<node> x) { return mb::get(x.call([](node&) { return 1; })); }, a));
    }
    for (auto const& f : waits) static_cast<void>(is_refused(f));
  }
}
