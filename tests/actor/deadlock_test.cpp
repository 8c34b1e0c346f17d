#include <algorithm>
#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "mobula/mobula.hpp"
#include "support/catch.hpp"

namespace mb = mobula;
using namespace std::chrono_literals;

namespace {

class node {
 public:
  int value() { return 1; }
  int twice() { return 2 * mb::get(mb::current_actor<node>().call<&node::value>()); }
  mb::task<int> twice_slowly() { co_return 2 * co_await mb::current_actor<node>().call<&node::value>(); }
  int run(std::function<int()> f) { return f(); }
  mb::task<int> run_slowly(std::function<mb::task<int>()> f) { co_return co_await f(); }
  int run_beside(std::function<int()> f) { return f(); }
  mb::task<int> run_beside_slowly(std::function<mb::task<int>()> f) { co_return co_await f(); }
};
using actor = mb::actor<node>;

template <class Test>
void under_seeds(Test test) {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    mb::manual_runtime rt({.seed = seed, .on_unread_failure = [](mb::failure const&) {}});
    test(seed);
  }
}

std::string deadlock_of(mb::future<int> const& f) {
  try {
    static_cast<void>(mb::get(f));
  } catch (mb::deadlock_error const& e) { return e.what(); }
  return {};
}

actor beside(mb::concurrency c) {
  return mb::make_actor<node>.options(
      {.methods = {{mb::method<&node::run_beside>, c}, {mb::method<&node::run_beside_slowly>, c}}})();
}

std::vector<actor> actors(std::size_t n) {
  std::vector<actor> result;
  for (std::size_t i = 0; i < n; ++i) result.push_back(mb::make_actor<node>());
  return result;
}

// Waits until all have begun, and then for a call of another. Half of them block, the others are coroutines.
mb::future<int> wait_for(actor const& who, actor const& whom, mb::latch& begun, bool slowly) {
  if (!slowly)
    return who.call<&node::run>([&begun, whom] {
      mb::get(begun.arrive_and_wait());
      mb::get(mb::yield());
      return 1 + mb::get(whom.call<&node::value>());
    });
  return who.call<&node::run_slowly>([&begun, whom]() -> mb::task<int> {
    return mb::co_invoke(
        [](mb::latch& l, actor a) -> mb::task<int> {
          co_await l.arrive_and_wait();
          co_await mb::yield();
          co_return 1 + co_await a.call<&node::value>();
        },
        std::ref(begun), whom);
  });
}

void check_ring(std::size_t size) {
  under_seeds([&](std::uint64_t seed) {
    std::vector<actor> const ring = actors(size);
    mb::latch begun(static_cast<std::ptrdiff_t>(size));
    std::vector<mb::future<int>> waits;
    for (std::size_t i = 0; i < size; ++i)
      waits.push_back(wait_for(ring[i], ring[seed % 2 == 0 ? (i + 1) % size : (i + size - 1) % size], begun,
                               (seed / 2 + i) % 2 == 0));
    std::size_t refused = 0;
    for (auto const& f : waits) {
      std::string const why = deadlock_of(f);
      if (why.empty()) {
        REQUIRE(mb::get(f) == 2);
        continue;
      }
      ++refused;
      std::size_t members = 0;
      for (auto at = why.find("has to wait for"); at != std::string::npos; at = why.find("has to wait for", at + 1))
        ++members;
      REQUIRE(members == size);
    }
    REQUIRE(refused == 1);
  });
}

}  // namespace

TEST_CASE("a serial method that waits for a call of its own actor gets deadlock_error, which names both",
          "[deadlock]") {
  under_seeds([](std::uint64_t) {
    actor const a = mb::make_actor<node>();
    std::string const blocking = deadlock_of(a.call<&node::twice>());
    CHECK(blocking.find("node::twice waits for ") != std::string::npos);
    CHECK(blocking.find("node::value, which has to wait for ") != std::string::npos);
    CHECK(deadlock_of(a.call<&node::twice_slowly>()).find("node::twice_slowly waits for ") != std::string::npos);
    CHECK(mb::get(a.call<&node::value>()) == 1);
  });
}

TEST_CASE("the call that was waited for is handled when the method has ended", "[deadlock]") {
  under_seeds([](std::uint64_t) {
    actor const a = mb::make_actor<node>();
    bool handled = false, early = true;
    auto const f = a.call<&node::run>([&] {
      auto const inner = mb::current_actor<node>().call<&node::run>([&] {
        handled = true;
        return 7;
      });
      try {
        return mb::get(inner);
      } catch (mb::deadlock_error const&) {
        early = handled;
        return -1;
      }
    });
    CHECK(mb::get(f) == -1);
    CHECK_FALSE(early);
    CHECK(mb::get(a.call<&node::value>()) == 1);
    CHECK(handled);
  });
}

TEST_CASE("of two actors that wait for each other, in whichever order, the second to wait is refused", "[deadlock]") {
  check_ring(2);
}
TEST_CASE("a ring of three actors that wait for each other is broken once", "[deadlock]") { check_ring(3); }
TEST_CASE("a ring of ten actors that wait for each other is broken once", "[deadlock]") { check_ring(10); }

TEST_CASE("a call that leads back to its caller's actor is refused at the end of the chain", "[deadlock]") {
  under_seeds([](std::uint64_t) {
    auto const a = actors(3);
    auto const f = a[0].call<&node::run>([a] {
      return mb::get(a[1].call<&node::run>(
          [a] { return mb::get(a[2].call<&node::run>([a] { return mb::get(a[0].call<&node::value>()); })); }));
    });
    std::string const why = deadlock_of(f);
    CHECK(why.find("node::run waits for ") != std::string::npos);
    CHECK(why.find("node::value, which has to wait for ") != std::string::npos);
  });
}

TEST_CASE("chains that end somewhere are no deadlock", "[deadlock]") {
  under_seeds([](std::uint64_t) {
    auto const a = actors(10);
    std::function<int(std::size_t)> const go_on = [&](std::size_t i) {
      mb::get(mb::yield());
      if (i == a.size()) return 0;
      return 1 + mb::get(a[i].call<&node::run>([&go_on, i] { return go_on(i + 1); }));
    };
    std::vector<mb::future<int>> all;
    for (std::size_t i = 0; i < a.size(); ++i)
      all.push_back(a[i].call<&node::run>([&go_on, i] { return go_on(i + 1); }));
    for (std::size_t i = 0; i < a.size(); ++i) REQUIRE(mb::get(all[i]) == static_cast<int>(a.size() - i - 1));
  });
}

TEST_CASE("a list with one call that would never be handled is refused, also when it is awaited", "[deadlock]") {
  under_seeds([](std::uint64_t seed) {
    auto const a = actors(3);
    auto const self = seed % 3;
    auto const f = a[self].call<&node::run>([a] {
      std::vector<mb::future<int>> list;
      for (auto const& x : a) list.push_back(x.call<&node::value>());
      auto const values = mb::get(list);
      return values[0];
    });
    CHECK_FALSE(deadlock_of(f).empty());
    auto const g = a[self].call<&node::run_slowly>([a] {
      return mb::co_invoke(
          [](std::vector<actor> all) -> mb::task<int> {
            std::vector<mb::future<int>> list;
            for (auto const& x : all) list.push_back(x.call<&node::value>());
            auto const values = co_await mb::when_all(list);
            co_return values[0];
          },
          a);
    });
    CHECK_FALSE(deadlock_of(g).empty());
    CHECK(mb::get(a[self].call<&node::value>()) == 1);
  });
}

TEST_CASE("children of when_all and tasks that a method awaits wait for it", "[deadlock]") {
  under_seeds([](std::uint64_t) {
    auto const a = actors(2);
    auto const f = a[0].call<&node::run_slowly>([a] {
      return mb::co_invoke(
          [](std::vector<actor> all) -> mb::task<int> {
            auto const value = [](actor x) -> mb::task<int> {
              co_await mb::yield();
              co_return co_await x.call<&node::value>();
            };
            auto const [other, self] = co_await mb::when_all(value(all[1]), value(all[0]));
            co_return other + self;
          },
          a);
    });
    CHECK_FALSE(deadlock_of(f).empty());
  });
}

TEST_CASE("while one child waits for its turn, another may wait for what leads back", "[deadlock]") {
  under_seeds([](std::uint64_t) {
    auto const a = actors(2);
    mb::event go;
    auto const f = a[0].call<&node::run_slowly>([a, &go] {
      return mb::co_invoke(
          [](std::vector<actor> all, mb::event& e) -> mb::task<int> {
            auto const waits_for_event = [](mb::event& ev) -> mb::task<int> {
              co_await ev.wait();
              co_return 1;
            };
            auto const waits_for_other = [](actor x, actor back, mb::event& ev) -> mb::task<int> {
              auto const calls_back = [back, &ev] {  // g++ 12 loses what it captures within a co_await
                int result = 0;
                try {
                  result = mb::get(back.call<&node::value>());
                } catch (mb::deadlock_error const&) { result = -1; }
                ev.set();
                return result;
              };
              co_return co_await x.call<&node::run>(calls_back);
            };
            auto const [one, other] = co_await mb::when_all(waits_for_event(e), waits_for_other(all[1], all[0], e));
            co_return one + other;
          },
          a, std::ref(go));
    });
    CHECK(mb::get(f) == 0);
  });
}

TEST_CASE("reentrant methods may wait for their own actor", "[deadlock]") {
  under_seeds([](std::uint64_t) {
    actor const a = beside(mb::reentrant);
    CHECK(mb::get(a.call<&node::run_beside>([a] { return mb::get(a.call<&node::value>()); })) == 1);
    CHECK(mb::get(a.call<&node::run_beside_slowly>([a] {
            return mb::co_invoke([](actor x) -> mb::task<int> { co_return co_await x.call<&node::value>(); }, a);
          })) == 1);
  });
}

TEST_CASE("a reentrant or parallel method in between doesn't hide that a circle closes at a serial one", "[deadlock]") {
  for (mb::concurrency const c : {mb::reentrant, mb::parallel(3)})
    under_seeds([c](std::uint64_t) {
      actor const a = mb::make_actor<node>();
      actor const b = beside(c);
      auto const f = a.call<&node::run>(
          [a, b] { return mb::get(b.call<&node::run_beside>([a] { return mb::get(a.call<&node::value>()); })); });
      CHECK_FALSE(deadlock_of(f).empty());
      CHECK(mb::get(b.call<&node::value>()) == 1);
    });
}

TEST_CASE("a reentrant call can't go on while a serial one holds its actor", "[deadlock]") {
  under_seeds([](std::uint64_t) {
    actor const a = beside(mb::reentrant);
    mb::event go;
    auto const suspended = a.call<&node::run_beside>([&go] {
      mb::get(go.wait());
      return 1;
    });
    auto const f = a.call<&node::run>([&] {
      go.set();
      return mb::get(suspended);
    });
    bool const refused = !deadlock_of(f).empty();
    CHECK((refused || mb::get(f) == 1));  // if the other had its way to the end before
    CHECK(mb::get(suspended) == 1);
  });
}

TEST_CASE("a parallel lane is in the way when all its slots are taken by calls that wait for it", "[deadlock]") {
  for (unsigned const limit : {1U, 2U, 3U})
    under_seeds([limit](std::uint64_t) {
      actor const a = beside(mb::parallel(limit));
      mb::latch begun(static_cast<std::ptrdiff_t>(limit));
      std::vector<mb::future<int>> calls;
      for (unsigned i = 0; i < limit; ++i)
        calls.push_back(a.call<&node::run_beside>([&begun, a] {
          mb::get(begun.arrive_and_wait());
          auto const inner = a.call<&node::run_beside>([] { return 1; });
          return mb::get(inner);
        }));
      int refused = 0;
      for (auto const& f : calls) refused += deadlock_of(f).empty() ? 0 : 1;
      // Every method has a lane of its own, so those are the only calls here.
      REQUIRE(refused == 1);
    });
}

TEST_CASE("several waits of one call take one slot", "[deadlock]") {
  under_seeds([](std::uint64_t) {
    actor const a = beside(mb::parallel(2));
    auto const f = a.call<&node::run_beside_slowly>([a] {
      return mb::co_invoke(
          [](actor x) -> mb::task<int> {
            auto const child = [](actor y) -> mb::task<int> {
              co_return co_await y.call<&node::run_beside_slowly>(
                  [] { return mb::co_invoke([]() -> mb::task<int> { co_return 1; }); });
            };
            auto const [p, q, r] = co_await mb::when_all(child(x), child(x), child(x));
            co_return p + q + r;
          },
          a);
    });
    CHECK(mb::get(f) == 3);
  });
}

TEST_CASE("a wait with a limit, or for one of several, is not for ever", "[deadlock]") {
  under_seeds([](std::uint64_t) {
    actor const a = mb::make_actor<node>();
    auto const f = a.call<&node::run>([a] {
      auto const self = a.call<&node::value>();
      try {
        return mb::get(self, 1s);
      } catch (mb::timeout_error const&) {}
      auto const first = mb::get(mb::select(self, mb::sleep_for(1s)));
      return static_cast<int>(first.index()) + 10;
    });
    CHECK(mb::get(f) == 11);
    auto const g = a.call<&node::run_slowly>([a] {
      return mb::co_invoke(
          [](actor x) -> mb::task<int> {
            auto const self = x.call<&node::value>();
            auto const done = mb::remote([] { return 5; })();
            std::vector const both{self, done};
            co_return static_cast<int>(co_await mb::when_any(both));
          },
          a);
    });
    CHECK(mb::get(g) == 1);
  });
}

TEST_CASE("a future that is ready is no wait", "[deadlock]") {
  under_seeds([](std::uint64_t) {
    actor const a = mb::make_actor<node>();
    auto const before = a.call<&node::value>();
    CHECK(mb::get(a.call<&node::run>([before] { return mb::get(before); })) == 1);
  });
}

TEST_CASE("a constructor that waits for its own actor by way of another is refused", "[deadlock]") {
  struct impatient {
    impatient(actor const& other, std::function<mb::future<int>()> const& call) {
      result = mb::get(other.call<&node::run>([call] { return mb::get(call()); }));
    }
    int get() const { return result; }
    int result = 0;
  };
  under_seeds([](std::uint64_t) {
    actor const other = mb::make_actor<node>();
    mb::actor<impatient> a;
    a = mb::make_actor<impatient>(other, std::function<mb::future<int>()>([&a] { return a.call<&impatient::get>(); }));
    std::string const why = deadlock_of(a.call<&impatient::get>());
    CHECK(why.find("impatient (constructor)") != std::string::npos);
  });
}
