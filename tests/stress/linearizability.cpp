// Random callers of one actor that is a counter, a map and a queue: whatever they see could have been seen if the calls had
// been made one after the other. Each of the three is checked by itself, which is enough: histories of several objects are
// linearisable if those of each are (Herlihy and Wing, 1990).
#include <mobula/mobula.hpp>

#include "support/catch.hpp"
#include "support/linearizability.hpp"
#include "support/watchdog.hpp"

#include <atomic>
#include <deque>
#include <functional>
#include <map>
#include <random>
#include <thread>
#include <vector>

namespace mb = mobula;
using mobula::test::call_record;
using mobula::test::linearizability;
using mobula::test::repeats;
using mobula::test::watchdog;
using mobula::test::workers;

namespace {

constexpr int absent = -1;

struct counter {
  using result = int;
  using state = int;
  int by;
  int apply(int& n) const { return n += by; }
  static counter any(std::mt19937& random) { return {static_cast<int>(random() % 3)}; }  // by 0: reads
};

struct map {
  using result = int;
  using state = std::map<int, int>;
  int key, value;  // absent: reads
  int apply(state& m) const {
    auto const found = m.find(key);
    int const before = found == m.end() ? absent : found->second;
    if (value != absent) m[key] = value;
    return before;
  }
  static map any(std::mt19937& random) { return {static_cast<int>(random() % 2), static_cast<int>(random() % 10) - 1}; }
};

struct queue {
  using result = int;
  using state = std::deque<int>;
  int pushed;  // absent: pops
  int apply(state& q) const {
    if (pushed != absent) return q.push_back(pushed), absent;
    if (q.empty()) return absent;
    int const first = q.front();
    q.pop_front();
    return first;
  }
  static queue any(std::mt19937& random) { return {static_cast<int>(random() % 10) - 1}; }
};

// All three. Calls that are coroutines leave the worker in the middle.
class object {
 public:
  template <class Operation>
  int plain(Operation o) {
    return o.apply(of<Operation>());
  }
  template <class Operation>
  mb::task<int> slow(Operation o) {
    auto copy = of<Operation>();
    co_await mb::yield();
    int const result = o.apply(copy);
    co_await mb::yield();
    of<Operation>() = copy;
    co_return result;
  }

 private:
  template <class Operation>
  auto& of() {
    return std::get<typename Operation::state>(states_);
  }
  std::tuple<int, std::map<int, int>, std::deque<int>> states_;
};

std::atomic<std::uint64_t> moment{0};  // sequentially consistent, so that what it orders did happen in that order

// Makes some calls, a few of which are on their way at once, and notes them.
template <class Operation>
std::vector<call_record<Operation>> call(mb::actor<object> a, int caller, unsigned seed, int calls) {
  std::mt19937 random(seed);
  std::vector<call_record<Operation>> all;
  std::vector<mb::future<int>> on_their_way;
  while (calls > 0) {
    std::size_t const first = all.size();
    for (auto n = 1 + random() % 3; n > 0 && calls > 0; --n, --calls) {
      auto const o = Operation::any(random);
      all.push_back({caller, ++moment, 0, o});
      on_their_way.push_back(random() % 2 == 0 ? a.call<&object::plain<Operation>>(o)
                                               : a.call<&object::slow<Operation>>(o));
    }
    for (std::size_t i = first; i < all.size(); ++i) {
      all[i].result = mb::get(on_their_way[i]);
      all[i].over = ++moment;
    }
  }
  return all;
}

template <class Operation>
using histories = std::vector<call_record<Operation>>;

// What three callers see, one of them a thread, the others tasks.
template <class Operation>
histories<Operation> history(mb::actor<object> const& a, unsigned seed) {
  constexpr int calls = 6;
  histories<Operation> from_thread;
  std::thread thread([&] { from_thread = call<Operation>(a, 0, seed, calls); });
  auto const task = [seed](mb::actor<object> mine, int c) {
    return call<Operation>(mine, c, seed + static_cast<unsigned>(c), calls);
  };
  auto const one = mb::remote(task)(a, 1), other = mb::remote(task)(a, 2);
  thread.join();
  for (auto const& f : {one, other})
    for (auto const& c : mb::get(f)) from_thread.push_back(c);
  return from_thread;
}

template <class Operation>
bool linearizable(histories<Operation> const& h) {
  return linearizability<Operation, typename Operation::state>(h).holds();
}

template <class Operation>
bool sees_one_order(mb::concurrency c, unsigned seed) {
  return linearizable(history<Operation>(mb::make_actor<object>.options({.concurrency = c})(), seed));
}

mb::runtime_options options() { return {.num_cpus = static_cast<unsigned>(workers())}; }

}  // namespace

TEST_CASE("calls of a serial actor take effect one after the other, in each caller's order") {
  watchdog const dog("linearizability");
  mb::runtime const rt(options());
  for (unsigned seed = 0; seed < 300 * static_cast<unsigned>(repeats()); ++seed) {
    INFO("seed " << seed);
    REQUIRE(sees_one_order<counter>(mb::serial, seed));
    REQUIRE(sees_one_order<map>(mb::serial, seed));
    REQUIRE(sees_one_order<queue>(mb::serial, seed));
  }
}

TEST_CASE("of a reentrant actor whose methods wait in the middle, it is noticed that they do not") {
  watchdog const dog("no linearizability");
  mb::runtime const rt(options());
  unsigned noticed = 0;
  for (unsigned seed = 0; seed < 100; ++seed) noticed += sees_one_order<counter>(mb::reentrant, seed) ? 0 : 1;
  CHECK(noticed > 0);
}

TEST_CASE("the check accepts what one order explains, and nothing else") {
  using calls = histories<queue>;
  CHECK(linearizable(calls{{0, 1, 2, {5}, absent}, {1, 3, 4, {absent}, 5}}));
  CHECK_FALSE(linearizable(calls{{0, 1, 2, {5}, absent}, {1, 3, 4, {absent}, absent}}));  // 5 was there
  CHECK(linearizable(calls{{0, 1, 4, {5}, absent}, {1, 2, 3, {absent}, absent}}));        // it may have been late
  CHECK_FALSE(linearizable(calls{{0, 1, 5, {5}, absent}, {0, 2, 6, {6}, absent}, {1, 7, 8, {absent}, 6}}));
  CHECK(linearizable(calls{{0, 1, 5, {5}, absent}, {2, 2, 6, {6}, absent}, {1, 7, 8, {absent}, 6}}));
}
