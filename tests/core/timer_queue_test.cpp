#include "mobula/core/timer_queue.hpp"

#include <algorithm>
#include <list>
#include <random>
#include <vector>

#include "support/catch.hpp"

using mobula::detail::time_point;
using mobula::detail::timer_node;
using mobula::detail::timer_queue;
using namespace std::chrono_literals;

namespace {

time_point at(int ms) { return time_point() + std::chrono::milliseconds(ms); }

struct recorder;

struct entry : timer_node {
  entry(recorder& r, time_point t, int n)
      : timer_node(t, [](timer_node& node, bool expired) noexcept { static_cast<entry&>(node).record(expired); }),
        owner(r),
        name(n) {}
  void record(bool expired) noexcept;
  recorder& owner;
  int name;
};

struct recorder {
  entry& make(int ms, int name) { return entries.emplace_back(*this, at(ms), name); }
  std::list<entry> entries;
  std::vector<int> fired, ended_early;
};

void entry::record(bool expired) noexcept { (expired ? owner.fired : owner.ended_early).push_back(name); }

}  // namespace

TEST_CASE("timers fire in the order of their times, whatever the order in which they were added", "[core]") {
  std::mt19937 random(1);
  timer_queue q;
  recorder r;
  std::vector<int> order;
  for (int i = 0; i < 200; ++i) order.push_back(i);
  std::shuffle(order.begin(), order.end(), random);
  for (int i : order) q.add(r.make(i, i));
  CHECK(q.first() == at(0));
  CHECK(q.fire_due(at(149)));
  CHECK(r.fired.size() == 150);
  CHECK(std::is_sorted(r.fired.begin(), r.fired.end()));
  CHECK(q.first() == at(150));
  CHECK_FALSE(q.fire_due(at(149)));
  CHECK(q.fire_due(at(1000)));
  CHECK(r.fired.size() == 200);
  CHECK(std::is_sorted(r.fired.begin(), r.fired.end()));
  CHECK(q.first() == time_point::max());
}

TEST_CASE("timers of one time fire in the order in which they were added", "[core]") {
  timer_queue q;
  recorder r;
  for (int i = 0; i < 100; ++i) q.add(r.make(5, i));
  q.fire_due(at(5));
  CHECK(r.fired.size() == 100);
  CHECK(std::is_sorted(r.fired.begin(), r.fired.end()));
}

TEST_CASE("adding tells whether the timer is the next one now", "[core]") {
  timer_queue q;
  recorder r;
  CHECK(q.add(r.make(10, 0)));
  CHECK_FALSE(q.add(r.make(20, 1)));
  CHECK_FALSE(q.add(r.make(10, 2)));
  CHECK(q.add(r.make(9, 3)));
}

TEST_CASE("a removed timer does not fire, and the others keep their order", "[core]") {
  std::mt19937 random(2);
  for (int removed = 0; removed < 30; ++removed) {
    timer_queue q;
    recorder r;
    std::vector<int> order;
    for (int i = 0; i < 30; ++i) order.push_back(i);
    std::shuffle(order.begin(), order.end(), random);
    entry* victim = nullptr;
    for (int i : order) {
      entry& e = r.make(i, i);
      if (i == removed) victim = &e;
      q.add(e);
    }
    REQUIRE(q.remove(*victim));
    REQUIRE_FALSE(q.remove(*victim));
    q.fire_due(at(100));
    REQUIRE(r.fired.size() == 29);
    REQUIRE(std::is_sorted(r.fired.begin(), r.fired.end()));
    REQUIRE(std::find(r.fired.begin(), r.fired.end(), removed) == r.fired.end());
  }
}

TEST_CASE("a timer that has fired can't be removed", "[core]") {
  timer_queue q;
  recorder r;
  entry& e = r.make(1, 0);
  q.add(e);
  q.fire_due(at(1));
  CHECK_FALSE(q.remove(e));
}

TEST_CASE("closing ends all timers early, and those that come later at once", "[core]") {
  timer_queue q;
  recorder r;
  q.add(r.make(1, 1));
  q.add(r.make(2, 2));
  q.close();
  CHECK(r.fired.empty());
  CHECK(r.ended_early.size() == 2);
  CHECK_FALSE(q.add(r.make(3, 3)));
  CHECK(r.ended_early.back() == 3);
  CHECK(q.first() == time_point::max());
  CHECK_FALSE(q.fire_due(at(10)));
}
