#include "mobula/actor/actor.hpp"

#include <array>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "mobula/mobula.hpp"
#include "support/catch.hpp"

namespace mb = mobula;
using namespace std::chrono_literals;

namespace {

class counter {
 public:
  explicit counter(int start) : value_(start) {}
  int increment(int by = 1) { return value_ += by; }
  int increment_once() { return ++value_; }
  int value() const { return value_; }
  void fail() { throw std::domain_error("counter"); }

 private:
  int value_;
};

mb::task<int> after(mb::detail::duration d, int x) {
  co_await mb::sleep_for(d);
  co_return x;
}

struct number {
  int value = 1;
};
int add_to(number& n, int x) { return n.value += x; }

// Keeps a log of its calls and sees whether one runs inside another.
class diary {
 public:
  void write(int x) {
    enter();
    log_.push_back(x);
    --inside_;
  }
  void write_blocking(int x) {
    enter();
    mb::get(mb::remote(after)(1s, 0));
    log_.push_back(x);
    --inside_;
  }
  mb::task<> write_slowly(int x) {
    enter();
    co_await mb::sleep_for(1s);
    log_.push_back(x);
    --inside_;
  }
  mb::task<> write_at_once(int x) {
    write(x);
    co_return;
  }
  std::vector<int> read() const { return log_; }

 private:
  void enter() {
    if (++inside_ != 1) throw std::logic_error("two calls at once");
  }
  std::vector<int> log_;
  int inside_ = 0;
};

}  // namespace

TEST_CASE("calls give what the methods return, one after the other on the same object", "[actor]") {
  mb::manual_runtime rt;
  auto const c = mb::make_actor<counter>(10);
  std::vector<mb::future<int>> futures;
  for (int i = 0; i < 5; ++i) futures.push_back(c.call<&counter::increment>(1));
  CHECK(mb::get(futures) == std::vector{11, 12, 13, 14, 15});
  CHECK(mb::get(c.call<&counter::value>()) == 15);
  CHECK(mb::get(c.call<&counter::increment_once>()) == 16);
}

TEST_CASE("making and calling an actor runs nothing until its runtime does", "[actor]") {
  mb::manual_runtime rt;
  auto const made = std::make_shared<int>(0);
  struct notes {
    explicit notes(std::shared_ptr<int> p) { ++*p; }
    void nothing() {}
  };
  auto const a = mb::make_actor<notes>(made);
  auto const f = a.call<&notes::nothing>();
  CHECK(*made == 0);
  CHECK_FALSE(f.ready());
  rt.run_until_idle();
  CHECK(*made == 1);
  CHECK(f.ready());
}

TEST_CASE("ten actors count by themselves", "[actor]") {
  mb::manual_runtime rt;
  std::vector<mb::actor<counter>> counters;
  for (int i = 0; i < 10; ++i) counters.push_back(mb::make_actor<counter>(0));
  std::vector<mb::future<int>> futures;
  for (auto const& c : counters) futures.push_back(c.call<&counter::increment_once>());
  CHECK(mb::get(futures) == std::vector<int>(10, 1));
  futures.clear();
  for (int i = 0; i < 5; ++i) futures.push_back(counters[0].call<&counter::increment_once>());
  CHECK(mb::get(futures) == std::vector{2, 3, 4, 5, 6});
}

TEST_CASE("plain, blocking and coroutine methods are serial and in the caller's order, whatever the order of tasks",
          "[actor]") {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    mb::manual_runtime rt({.seed = seed});
    auto const d = mb::make_actor<diary>();
    std::vector<mb::future<void>> futures;
    for (int i = 0; i < 12; i += 4) {
      futures.push_back(d.call<&diary::write_slowly>(i));
      futures.push_back(d.call<&diary::write>(i + 1));
      futures.push_back(d.call<&diary::write_blocking>(i + 2));
      futures.push_back(d.call<&diary::write_at_once>(i + 3));
    }
    mb::get(futures);
    REQUIRE(mb::get(d.call<&diary::read>()) == std::vector{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11});
    REQUIRE(rt.now().time_since_epoch() == 6s);
  }
}

TEST_CASE("a call with a dependency holds up the later ones of its caller", "[actor]") {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    mb::manual_runtime rt({.seed = seed});
    auto const d = mb::make_actor<diary>();
    static_cast<void>(d.call<&diary::write>(0));
    static_cast<void>(d.call<&diary::write>(mb::remote(after)(5s, 1)));
    static_cast<void>(d.call<&diary::write>(2));
    static_cast<void>(d.call<&diary::write>(mb::remote(after)(2s, 3)));
    static_cast<void>(d.call<&diary::write_slowly>(mb::remote(after)(1s, 4)));
    auto const last = d.call<&diary::read>();
    rt.advance(5s - 1ns);
    REQUIRE_FALSE(last.ready());
    REQUIRE(mb::get(last) == std::vector{0, 1, 2, 3, 4});
  }
}

TEST_CASE("a call with a dependency does not hold up other callers", "[actor]") {
  mb::manual_runtime rt;
  auto const d = mb::make_actor<diary>();
  auto const other = d;
  auto const late = d.call<&diary::write>(mb::remote(after)(5s, 1));
  auto const soon = other.call<&diary::write>(2);
  rt.run_until_idle();
  CHECK(soon.ready());
  CHECK_FALSE(late.ready());
  CHECK((mb::get(late), mb::get(d.call<&diary::read>())) == std::vector{2, 1});
}

TEST_CASE("what a call depends on may itself call the actor", "[actor]") {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    mb::manual_runtime rt({.seed = seed});
    auto const c = mb::make_actor<counter>(0);
    auto const calls = [](mb::actor<counter> a) -> mb::task<int> {
      co_return co_await a.call<&counter::increment>(10);
    };
    REQUIRE(mb::get(c.call<&counter::increment>(mb::remote(calls)(c))) == 20);
    REQUIRE(mb::get(c.call<&counter::increment>(c.call<&counter::increment>(1))) == 42);
  }
}

TEST_CASE("calls of several callers interleave, but each caller's in its order", "[actor]") {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    mb::manual_runtime rt({.seed = seed});
    auto const d = mb::make_actor<diary>();
    std::vector<mb::future<void>> callers;
    for (int caller = 0; caller < 3; ++caller)
      callers.push_back(mb::remote([](mb::actor<diary> a, int base) -> mb::task<> {
        std::vector<mb::future<void>> calls;
        for (int i = 0; i < 10; ++i) calls.push_back(a.call<&diary::write>(base + i));
        co_await mb::when_all(calls);
      })(d, caller * 10));
    mb::get(callers);
    auto const log = mb::get(d.call<&diary::read>());
    REQUIRE(log.size() == 30);
    std::array<int, 3> next = {0, 10, 20};
    for (int x : log) REQUIRE(x == next[static_cast<std::size_t>(x / 10)]++);
  }
}

TEST_CASE("a failed call throws to its reader, and the actor goes on", "[actor]") {
  mb::manual_runtime rt;
  auto const c = mb::make_actor<counter>(0);
  auto const failed = c.call<&counter::fail>();
  CHECK(mb::get(c.call<&counter::increment>(1)) == 1);
  CHECK_THROWS_AS(mb::get(failed), std::domain_error);
}

TEST_CASE("a call whose dependency failed fails with its error, and the actor goes on", "[actor]") {
  mb::manual_runtime rt;
  auto const c = mb::make_actor<counter>(0);
  auto const failed = mb::remote([]() -> int { throw std::range_error("no number"); })();
  CHECK_THROWS_AS(mb::get(c.call<&counter::increment>(failed)), std::range_error);
  CHECK(mb::get(c.call<&counter::increment>(1)) == 1);
}

TEST_CASE("what the constructor throws comes out of every call", "[actor]") {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    mb::manual_runtime rt({.seed = seed});
    struct fails {
      fails() { throw std::invalid_argument("won't be made"); }
      int call() { return 1; }
      mb::task<int> coroutine() { co_return 2; }
    };
    auto const a = mb::make_actor<fails>();
    REQUIRE_THROWS_AS(mb::get(a.call<&fails::call>()), std::invalid_argument);
    REQUIRE_THROWS_AS(mb::get(a.call<&fails::coroutine>()), std::invalid_argument);
    rt.run_until_idle();
    REQUIRE_THROWS_WITH(mb::get(a.call<&fails::call>()), "won't be made");
  }
}

TEST_CASE("an actor may be made from futures, and a failed one reaches every call", "[actor]") {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    mb::manual_runtime rt({.seed = seed});
    auto const c = mb::make_actor<counter>(mb::remote(after)(3s, 5));
    auto const first = c.call<&counter::increment>(1);
    rt.advance(3s - 1ns);
    REQUIRE_FALSE(first.ready());
    REQUIRE(mb::get(first) == 6);
    auto const failed = mb::remote([]() -> int { throw std::range_error("no number"); })();
    auto const never = mb::make_actor<counter>(failed);
    REQUIRE_THROWS_AS(mb::get(never.call<&counter::increment>(1)), std::range_error);
    REQUIRE_THROWS_AS(mb::get(never.call<&counter::value>()), std::range_error);
  }
}

TEST_CASE("calls through a copy of the handle wait for the constructor too", "[actor]") {
  mb::manual_runtime rt;
  auto const c = mb::make_actor<counter>(mb::remote(after)(3s, 5));
  auto const copy = c;
  CHECK(mb::get(copy.call<&counter::value>()) == 5);
}

TEST_CASE("arguments that can only be moved go into the constructor and the calls", "[actor]") {
  mb::manual_runtime rt;
  struct holder {
    explicit holder(std::unique_ptr<int> p) : value(std::move(p)) {}
    std::unique_ptr<int> exchange(std::unique_ptr<int> p) { return std::exchange(value, std::move(p)); }
    std::unique_ptr<int> value;
  };
  auto const h = mb::make_actor<holder>(std::make_unique<int>(1));
  CHECK(*mb::get(h.call<&holder::exchange>(std::make_unique<int>(2))) == 1);
  CHECK(*mb::get(h.call<&holder::exchange>(mb::put(std::make_unique<int>(3)))) == 2);
}

TEST_CASE("an actor's class may be neither copied nor moved", "[actor]") {
  mb::manual_runtime rt;
  struct fixed {
    fixed() = default;
    fixed(fixed const&) = delete;
    fixed* self() { return this; }
  };
  auto const a = mb::make_actor<fixed>();
  CHECK(mb::get(a.call<&fixed::self>()) == mb::get(a.call<&fixed::self>()));
}

TEST_CASE("data members and free functions that take the object can be called", "[actor]") {
  mb::manual_runtime rt;
  auto const a = mb::make_actor<number>();
  CHECK(mb::get(a.call<&add_to>(4)) == 5);
  CHECK(mb::get(a.call<&number::value>()) == 5);
}

TEST_CASE("methods of base classes can be called, virtual ones as the object has them", "[actor]") {
  struct base {
    virtual ~base() = default;
    virtual int who() const { return 1; }
    int twice(int n) { return 2 * n; }
  };
  struct derived : base {
    int who() const override { return 2; }
  };
  mb::manual_runtime rt;
  auto const a = mb::make_actor<derived>();
  CHECK(mb::get(a.call<&base::who>()) == 2);
  CHECK(mb::get(a.call<&derived::twice>(4)) == 8);
}

TEST_CASE("handles are values: arguments, results, members, put, of actors that tasks and actors make", "[actor]") {
  struct owner {
    explicit owner(int start) : counter_(mb::make_actor<counter>(start)) {
      mb::get(counter_.call<&counter::increment>(1));
    }
    mb::actor<counter> lend() const { return counter_; }
    mb::actor<counter> counter_;
  };
  mb::manual_runtime rt;
  auto const increment = [](mb::actor<counter> c) { return mb::get(c.call<&counter::increment>(1)); };
  auto const made = mb::get(mb::remote([] { return mb::make_actor<owner>(1); })());
  auto const lent = mb::get(made.call<&owner::lend>());
  CHECK(mb::get(mb::remote(increment)(lent)) == 3);
  CHECK(mb::get(mb::remote(increment)(mb::put(lent))) == 4);
  CHECK(mb::get(mb::remote(increment)(made.call<&owner::lend>())) == 5);
}

TEST_CASE("handles can be compared to nothing, moved and assigned; a handle to nothing says so", "[actor]") {
  mb::manual_runtime rt;
  mb::actor<counter> nothing;
  CHECK_FALSE(nothing.valid());
  CHECK_THROWS_AS(nothing.call<&counter::value>(), mb::error);
  CHECK_THROWS_WITH(nothing.call<&counter::value>(), Catch::Contains("handle to nothing"));
  auto a = mb::make_actor<counter>(1);
  auto const waits = a.call<&counter::increment>(mb::remote(after)(1s, 1));
  nothing = std::move(a);
  CHECK_FALSE(a.valid());
  CHECK(nothing.valid());
  CHECK(mb::get(nothing.call<&counter::value>()) == 2);  // behind the call that waits: the order moves along
  a = nothing;
  auto& same = a;
  a = same;
  CHECK(mb::get(a.call<&counter::value>()) == 2);
}

TEST_CASE("a coroutine method may call another actor that calls a third", "[actor]") {
  struct forwarder {
    explicit forwarder(mb::actor<counter> c) : next(std::move(c)) {}
    mb::task<int> forward(int by) { co_return co_await next.call<&counter::increment>(by); }
    mb::actor<counter> next;
  };
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    mb::manual_runtime rt({.seed = seed});
    auto const f = mb::make_actor<forwarder>(mb::make_actor<counter>(1));
    REQUIRE(mb::get(f.call<&forwarder::forward>(2)) == 3);
    REQUIRE(mb::get(f.call<&forwarder::forward>(2)) == 5);
  }
}

TEST_CASE("a thousand calls and more are handled in order", "[actor]") {
  for (std::uint64_t seed = 0; seed < 5; ++seed) {
    mb::manual_runtime rt({.seed = seed});
    auto const c = mb::make_actor<counter>(0);
    std::vector<mb::future<int>> futures;
    for (int i = 0; i < 3000; ++i) futures.push_back(c.call<&counter::increment_once>());
    auto const values = mb::get(futures);
    for (int i = 0; i < 3000; ++i) REQUIRE(values[static_cast<std::size_t>(i)] == i + 1);
  }
}

TEST_CASE("many threads call one actor through one handle, and no call is lost or done at once with another",
          "[actor]") {
  mb::runtime rt({.num_cpus = 4});
  auto const c = mb::make_actor<counter>(0);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] {
      int last = 0;
      for (int i = 0; i < 1000; ++i) {
        auto const f = i % 50 == 7 ? c.call<&counter::increment>(mb::remote([] { return 1; })())
                                   : c.call<&counter::increment_once>();
        if (i % 10 == 0) {
          int const now = mb::get(f);
          if (now <= last) std::terminate();
          last = now;
        }
      }
    });
  for (auto& t : threads) t.join();
  CHECK(mb::get(c.call<&counter::value>()) == 4000);
}

TEST_CASE("coroutine methods on threads hold the actor", "[actor]") {
  mb::runtime rt({.num_cpus = 4});
  struct exclusive {
    mb::task<int> call() {
      int const mine = ++value;
      co_await mb::sleep_for(1us);
      static_cast<void>(co_await mb::remote([] { return 1; })());
      co_return mine == value ? mine : -1;
    }
    int value = 0;
  };
  auto const a = mb::make_actor<exclusive>();
  std::vector<mb::future<int>> futures;
  for (int i = 0; i < 500; ++i) futures.push_back(a.call<&exclusive::call>());
  int next = 0;
  bool right = true;
  for (int x : mb::get(futures)) right &= x == ++next;
  CHECK(right);
}
