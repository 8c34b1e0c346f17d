// Actors called from many threads: in order, one at a time, and gone when nobody holds them.
#include <mobula/mobula.hpp>

#include "support/catch.hpp"
#include "support/watchdog.hpp"

#include <atomic>
#include <chrono>
#include <optional>
#include <stdexcept>
#include <thread>
#include <vector>

namespace mb = mobula;
using mobula::test::repeats;
using mobula::test::watchdog;
using mobula::test::workers;
using namespace std::chrono_literals;

namespace {

mb::runtime_options options() { return {.num_cpus = static_cast<unsigned>(workers())}; }

// Tells when two are inside at once. Its fields are plain, so that ThreadSanitizer sees what isn't ordered.
class ledger {
 public:
  explicit ledger(int start = 0) : sum_(start) { ++living; }
  ledger(ledger const&) = delete;
  ~ledger() { --living; }

  int add(int n) {
    enter();
    sum_ += n;
    leave();
    return sum_;
  }
  mb::task<int> add_slowly(int n) {
    enter();
    if (n % 3 == 0) co_await mb::sleep_for(20us);
    if (n % 3 == 1) co_await mb::remote([] {})();
    if (n % 7 == 0) {
      leave();
      throw std::runtime_error("seven");
    }
    sum_ += n;
    leave();
    co_return sum_;
  }
  int add_blocking(int n) {
    enter();
    sum_ += mb::get(mb::remote([n] { return n; })());
    leave();
    return sum_;
  }
  // Numbers of one caller, which must come in order.
  bool next(int caller, int number) {
    last_.resize(16, -1);
    int& last = last_[static_cast<std::size_t>(caller)];
    bool const right = number == last + 1;
    last = number;
    return right;
  }
  bool next_with(int caller, int number, int) { return next(caller, number); }
  mb::task<bool> next_slowly(int caller, int number) {
    bool const right = next(caller, number);
    if (number % 5 == 0) co_await mb::sleep_for(10us);
    co_return right;
  }
  int sum() const { return sum_; }

  static inline std::atomic<int> living{0};
  static inline std::atomic<int> collisions{0};

 private:
  void enter() {
    if (inside_) ++collisions;
    inside_ = true;
  }
  void leave() { inside_ = false; }

  int sum_;
  bool inside_ = false;
  std::vector<int> last_;
};

}  // namespace

TEST_CASE("an actor handles calls from many threads one at a time") {
  watchdog const dog("actor from many threads");
  mb::runtime const rt(options());
  auto const a = mb::make_actor<ledger>(0);
  std::vector<std::thread> threads;
  std::atomic<int> expected{0};
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&expected, a] {
      for (int i = 1; i <= 300 * repeats(); ++i) {
        auto f = i % 4 == 0   ? a.call<&ledger::add_slowly>(i)
                 : i % 4 == 1 ? a.call<&ledger::add_blocking>(i)
                              : a.call<&ledger::add>(i);
        if (i % 4 != 0 || i % 7 != 0) expected += i;
        if (i % 50 != 0) continue;
        try {
          static_cast<void>(mb::get(f));
        } catch (std::runtime_error const&) {}
      }
    });
  for (auto& t : threads) t.join();
  REQUIRE(mb::get(a.call<&ledger::sum>()) == expected);
  REQUIRE(ledger::collisions == 0);
}

TEST_CASE("calls through one handle are handled in order, whatever they wait for") {
  watchdog const dog("order of calls");
  mb::runtime const rt(options());
  for (int round = 0; round < 10 * repeats(); ++round) {
    auto const a = mb::make_actor<ledger>(0);
    std::vector<mb::future<std::vector<mb::future<bool>>>> callers;
    for (int c = 0; c < 8; ++c)
      callers.push_back(mb::remote([c](mb::actor<ledger> mine) {
        std::vector<mb::future<bool>> fs;
        for (int i = 0; i < 60; ++i) {
          if (i % 3 == 0)
            fs.push_back(mine.call<&ledger::next>(c, i));
          else if (i % 3 == 1)
            fs.push_back(mine.call<&ledger::next_slowly>(c, i));
          else
            fs.push_back(mine.call<&ledger::next_with>(c, i, mb::remote([](int n) -> mb::task<int> {
                                                         if (n % 2 == 0) co_await mb::sleep_for(30us);
                                                         co_return n;
                                                       })(i)));
        }
        return fs;
      })(a));
    for (auto const& fs : mb::get(callers))
      for (bool const right : mb::get(fs)) REQUIRE(right);
  }
}

TEST_CASE("an actor whose constructor waits for a future is constructed before any call, through any handle") {
  watchdog const dog("construction by a future");
  mb::runtime const rt(options());
  for (int i = 0; i < 100 * repeats(); ++i) {
    auto start = mb::remote([](int n) -> mb::task<int> {
      if (n % 2 == 0) co_await mb::sleep_for(100us);
      co_return 1000;
    })(i);
    auto const a = mb::make_actor<ledger>(start);
    auto const b = a;
    auto first = b.call<&ledger::add>(1);
    auto second = mb::remote([](mb::actor<ledger> c) { return mb::get(c.call<&ledger::add>(1)); })(a);
    REQUIRE(mb::get(first) + mb::get(second) == 2003);
  }
}

TEST_CASE("the last handle is dropped anywhere, and the object is destroyed once") {
  watchdog const dog("last handle");
  for (int round = 0; round < 30 * repeats(); ++round) {
    {
      mb::runtime const rt(options());
      std::vector<std::thread> threads;
      for (int k = 0; k < 20; ++k) {
        auto a = mb::make_actor<ledger>(k);
        if (k % 2 == 0) static_cast<void>(a.call<&ledger::add_slowly>(k));
        if (k % 3 == 0) static_cast<void>(a.call<&ledger::add>(mb::remote([] { return 1; })()));
        if (k % 4 == 0) static_cast<void>(mb::remote([](mb::actor<ledger> b) { b = {}; })(a));
        if (k % 5 == 0) threads.emplace_back([b = a] { static_cast<void>(b.call<&ledger::add>(1)); });
        if (k % 7 == 0) static_cast<void>(mb::remote([](mb::actor<ledger> b) { mb::get(b.call<&ledger::add>(1)); })(a));
      }
      for (auto& t : threads) t.join();
    }
    REQUIRE(ledger::living == 0);
  }
}

TEST_CASE("a handle may outlive its runtime, the actor does not") {
  watchdog const dog("handle outlives runtime");
  for (int round = 0; round < 50 * repeats(); ++round) {
    std::optional<mb::actor<ledger>> a;
    {
      mb::runtime const rt(options());
      a = mb::make_actor<ledger>(1);
      static_cast<void>(a->call<&ledger::add_slowly>(1));
    }
    REQUIRE_THROWS_AS(a->call<&ledger::add>(1), mb::no_runtime);
    REQUIRE(ledger::living == 0);
    a.reset();
  }
}

TEST_CASE("actors that call each other, also while being waited for") {
  watchdog const dog("actors that call each other");
  struct node {
    mb::actor<ledger> next;
    explicit node(mb::actor<ledger> n) : next(std::move(n)) {}
    int pass(int n) { return mb::get(next.call<&ledger::add>(n)); }
    mb::task<int> pass_slowly(int n) { co_return co_await next.call<&ledger::add_blocking>(n); }
  };
  mb::runtime const rt(options());
  auto const last = mb::make_actor<ledger>(0);
  std::vector<mb::actor<node>> nodes;
  for (int i = 0; i < 5; ++i) nodes.push_back(mb::make_actor<node>(last));
  std::vector<mb::future<int>> fs;
  for (int i = 0; i < 300 * repeats(); ++i) {
    auto const& n = nodes[static_cast<std::size_t>(i) % 5];
    fs.push_back(i % 2 == 0 ? n.call<&node::pass>(1) : n.call<&node::pass_slowly>(1));
  }
  mb::get(fs);
  REQUIRE(mb::get(last.call<&ledger::sum>()) == 300 * repeats());
  REQUIRE(ledger::collisions == 0);
}
