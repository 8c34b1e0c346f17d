#include "mobula/future/promise.hpp"

#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "mobula/mobula.hpp"
#include "support/catch.hpp"

namespace mb = mobula;
using namespace std::chrono_literals;

TEST_CASE("a promise without a runtime gives a future, which is ready once it is set", "[future]") {
  mb::promise<int> p;
  auto const f = p.get_future();
  CHECK_FALSE(f.ready());
  p.set_value(5);
  CHECK(f.ready());
  CHECK(mb::get(f) == 5);
}

TEST_CASE("all futures of a promise name the same value", "[future]") {
  mb::promise<std::string> p;
  auto const f = p.get_future(), g = p.get_future();
  p.set_value("text");
  CHECK(&mb::get(f) == &mb::get(g));
}

TEST_CASE("a future may be taken after the promise is set", "[future]") {
  mb::promise<std::unique_ptr<int>> p;
  p.set_value(std::make_unique<int>(3));
  auto f = p.get_future();
  CHECK(*mb::get(std::move(f)) == 3);
  CHECK_THROWS_WITH(p.get_future(), Catch::Contains("copy that one"));
}

TEST_CASE("the last future moves the value out though the promise lives", "[future]") {
  mb::promise<std::unique_ptr<int>> p;
  auto f = p.get_future();
  p.set_value(std::make_unique<int>(3));
  CHECK(*mb::get(std::move(f)) == 3);
}

TEST_CASE("the value of a promise lives as long as a future of it, not as long as the promise", "[future]") {
  auto const alive = std::make_shared<int>();
  mb::promise<std::shared_ptr<int>> p;
  auto f = p.get_future();
  p.set_value(alive);
  CHECK(alive.use_count() == 2);
  f = {};
  CHECK(alive.use_count() == 1);
}

TEST_CASE("a promise of nothing, of a reference, and of what can only be moved", "[future]") {
  mb::promise<void> nothing;
  auto const done = nothing.get_future();
  nothing.set_value();
  mb::get(done);

  int object = 1;
  mb::promise<int&> reference;
  auto const f = reference.get_future();
  reference.set_value(object);
  CHECK(&mb::get(f) == &object);

  mb::promise<std::vector<int>> list;
  auto const values = list.get_future();
  list.set_value({1, 2, 3});
  CHECK(mb::get(values).size() == 3);
}

TEST_CASE("a promise can be set once", "[future]") {
  mb::promise<int> p;
  auto const f = p.get_future();
  p.set_value(1);
  CHECK_THROWS_AS(p.set_value(2), mb::error);
  CHECK_THROWS_AS(p.set_exception(std::make_exception_ptr(3)), mb::error);
  CHECK_THROWS_AS(p.set_from([]() -> int { throw 4; }), mb::error);
  CHECK(mb::get(f) == 1);
}

TEST_CASE("set_exception ends the future with that error, whose failure says where the promise was made", "[future]") {
  mb::promise<int> p;
  unsigned const line = __LINE__ - 1;
  auto const f = p.get_future();
  p.set_exception(std::make_exception_ptr(std::domain_error("no")));
  CHECK_THROWS_AS(mb::get(f), std::domain_error);
  auto const why = f.failure().value();
  CHECK(why.submitted().line() == line);
  CHECK_THAT(why.report(), Catch::Contains("mobula::promise<int>") && Catch::Contains("promise_test.cpp"));
}

TEST_CASE("set_from sets what the function returns or throws", "[future]") {
  mb::promise<int> value, failure;
  auto const v = value.get_future(), e = failure.get_future();
  value.set_from([] { return 5; });
  failure.set_from([]() -> int { throw std::domain_error("no"); });
  CHECK(mb::get(v) == 5);
  CHECK_THROWS_AS(mb::get(e), std::domain_error);
}

TEST_CASE("a value whose constructor throws leaves the promise as it was", "[future]") {
  struct picky {
    picky(int x) : value(x) {
      if (x < 0) throw std::domain_error("negative");
    }
    int value;
  };
  mb::promise<picky> p;
  auto const f = p.get_future();
  CHECK_THROWS_AS(p.set_value(-1), std::domain_error);
  CHECK_FALSE(f.ready());
  p.set_value(2);
  CHECK(mb::get(f).value == 2);
}

TEST_CASE("a promise that goes without having been set breaks", "[future]") {
  mb::future<int> f;
  {
    mb::promise<int> p;
    f = p.get_future();
  }
  CHECK(f.ready());
  CHECK_THROWS_AS(mb::get(f), mb::broken_promise);
}

TEST_CASE("a promise that nobody asked for a future breaks in silence", "[future]") {
  int reports = 0;
  {
    mb::manual_runtime rt({.on_unread_failure = [&](mb::failure const&) { ++reports; }});
    mb::get(mb::remote([] { mb::promise<int> const p; })());
  }
  CHECK(reports == 0);
}

TEST_CASE("a promise can be moved, also while somebody waits; what is assigned over breaks", "[future]") {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    mb::manual_runtime rt({.seed = seed});
    mb::promise<int> p;
    auto const f = p.get_future();
    auto const waits = [](mb::future<int> g) -> mb::task<int> { co_return co_await g; };
    auto const reader = mb::remote(waits)(f);
    rt.run_until_idle();
    mb::promise<int> q(std::move(p)), r;
    auto const broken = r.get_future();
    r = std::move(q);
    REQUIRE_THROWS_AS(mb::get(broken), mb::broken_promise);
    REQUIRE_THROWS_AS(p.set_value(1), mb::error);  // NOLINT: moved from
    REQUIRE_THROWS_AS(q.get_future(), mb::error);  // NOLINT: moved from
    r.set_value(7);
    REQUIRE(mb::get(reader) == 7);
  }
}

TEST_CASE("a promise connects tasks: those that wait, and those that depend", "[future]") {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    mb::manual_runtime rt({.seed = seed});
    mb::promise<int> p;
    auto const f = p.get_future();
    auto const plain = mb::remote([f] { return mb::get(f); })();
    auto const awaits = mb::remote([](mb::future<int> g) -> mb::task<int> { co_return co_await g; })(f);
    auto const depends = mb::remote([](int x) { return x; })(f);
    auto const sets = mb::remote([q = std::move(p)]() mutable -> mb::task<> {
      co_await mb::sleep_for(1s);
      q.set_value(2);
    })();
    auto const [a, b, c, d] = mb::get(plain, awaits, depends, sets);
    REQUIRE(a + b + c == 6);
  }
}

TEST_CASE("a thread sets a promise for which a thread waits", "[future]") {
  for (int i = 0; i < 200; ++i) {
    mb::promise<int> p;
    auto f = p.get_future();
    std::thread t([q = std::move(p), i]() mutable { q.set_value(i); });
    REQUIRE(mb::get(std::move(f)) == i);
    t.join();
  }
}

TEST_CASE("a promise can't be set to no exception, which says what to give, and can still be set", "[future]") {
  mb::promise<int> p;
  auto const f = p.get_future();
  try {
    p.set_exception(nullptr);
    FAIL("set to nothing");
  } catch (mb::error const& e) { CHECK(std::string(e.what()).find("std::make_exception_ptr") != std::string::npos); }
  CHECK_FALSE(f.ready());
  p.set_value(1);
  CHECK(mb::get(f) == 1);
}

TEST_CASE("of several threads that set a promise one succeeds", "[future]") {
  for (int i = 0; i < 100; ++i) {
    mb::promise<int> p;
    auto const f = p.get_future();
    std::atomic<int> refused{0};
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t)
      threads.emplace_back([&, t] {
        try {
          p.set_value(t);
        } catch (mb::error const&) { ++refused; }
      });
    for (auto& t : threads) t.join();
    REQUIRE(refused == 3);
    REQUIRE(f.ready());
  }
}
