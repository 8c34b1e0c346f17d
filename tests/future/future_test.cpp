#include "mobula/future/future.hpp"

#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "mobula/mobula.hpp"
#include "support/catch.hpp"

namespace mb = mobula;
using namespace std::chrono_literals;

namespace {

struct custom_error : std::runtime_error {
  custom_error() : std::runtime_error("custom"), code(42) {}
  int code;
};

int fail() { throw custom_error(); }

}  // namespace

TEST_CASE("a default-constructed future is a handle to nothing, and reading it says so", "[future]") {
  mb::manual_runtime rt;
  mb::future<int> f;
  CHECK_FALSE(f.valid());
  CHECK_THROWS_AS(f.ready(), mb::error);
  CHECK_THROWS_AS(mb::get(f), mb::error);
  CHECK_THROWS_WITH(mb::get(f), Catch::Contains("default-constructed or moved from"));
  CHECK_THROWS_AS(mb::wait(std::vector{f}), mb::error);
  auto const awaits = [](mb::future<int> g) -> mb::task<int> { co_return co_await g; };
  CHECK_THROWS_AS(mb::get(mb::remote(awaits)(f)), mb::error);
}

TEST_CASE("a moved-from future is a handle to nothing and can be assigned to", "[future]") {
  auto f = mb::put(1);
  auto g = std::move(f);
  CHECK_FALSE(f.valid());
  CHECK(g.valid());
  f = g;
  CHECK(f.valid());
  CHECK(mb::get(f) == 1);
  f = mb::future<int>();
  CHECK_FALSE(f.valid());
  CHECK(mb::get(g) == 1);
}

TEST_CASE("copies name the same value, which lives as long as any of them", "[future]") {
  auto const value = std::make_shared<int>(5);
  auto f = mb::put(value);
  CHECK(value.use_count() == 2);
  auto g = f;
  CHECK(&mb::get(f) == &mb::get(g));
  f = {};
  CHECK(value.use_count() == 2);
  g = {};
  CHECK(value.use_count() == 1);
}

TEST_CASE("self-assignment keeps the value", "[future]") {
  auto f = mb::put(3);
  auto& same = f;
  f = same;
  CHECK(mb::get(f) == 3);
}

TEST_CASE("a future is ready once its task is over, and stays so", "[future]") {
  mb::manual_runtime rt;
  auto const f = mb::remote([] { return 1; })();
  CHECK(f.valid());
  CHECK_FALSE(f.ready());
  rt.run_until_idle();
  CHECK(f.ready());
  CHECK(mb::get(f) == 1);
  CHECK(f.ready());
}

TEST_CASE("an error counts as ready", "[future]") {
  mb::manual_runtime rt;
  auto const f = mb::remote(fail)();
  rt.run_until_idle();
  CHECK(f.ready());
}

TEST_CASE("an error comes out with its own type and contents, each time it is read", "[future]") {
  mb::manual_runtime rt;
  auto const f = mb::remote(fail)();
  for (int i = 0; i < 3; ++i) {
    try {
      static_cast<void>(mb::get(f));
      FAIL("nothing was thrown");
    } catch (custom_error const& e) { CHECK(e.code == 42); }
  }
}

TEST_CASE("what is thrown need not be an exception class", "[future]") {
  mb::manual_runtime rt;
  CHECK_THROWS_AS(mb::get(mb::remote([]() -> int { throw 7; })()), int);
}

TEST_CASE("reading a handle that is the last by rvalue moves the value out; reading another copies", "[future]") {
  mb::manual_runtime rt;
  auto f = mb::put(std::string(100, 'x'));
  char const* const place = mb::get(f).data();
  auto g = f;
  std::string const copy = mb::get(std::move(g));
  CHECK(copy.data() != place);
  std::string const moved = mb::get(std::move(f));
  CHECK(moved.data() == place);
}

TEST_CASE("move-only results are read by reference, and moved out by the last handle", "[future]") {
  mb::manual_runtime rt;
  auto f = mb::remote([] { return std::make_unique<int>(5); })();
  CHECK(*mb::get(f) == 5);
  {
    auto g = f;
    CHECK_THROWS_AS(mb::get(std::move(g)), mb::error);
  }
  std::unique_ptr<int> const p = mb::get(std::move(f));
  CHECK(*p == 5);
}

TEST_CASE("reading a move-only value by rvalue while another handle lives says why that can't be", "[future]") {
  auto const f = mb::put(std::make_unique<int>(5));
  auto g = f;
  CHECK_THROWS_WITH(mb::get(std::move(g)), Catch::Contains("can't be copied") && Catch::Contains("last handle"));
  CHECK(*mb::get(f) == 5);
}

TEST_CASE("an error of a move-only result comes out also while another handle lives", "[future]") {
  mb::manual_runtime rt;
  auto const f = mb::remote([]() -> std::unique_ptr<int> { throw custom_error(); })();
  auto g = f;
  CHECK_THROWS_AS(mb::get(std::move(g)), custom_error);
}

TEST_CASE("a result may be a reference, and names the very object", "[future]") {
  mb::manual_runtime rt;
  int object = 1;
  mb::future<int&> const f = mb::remote([&]() -> int& { return object; })();
  CHECK(&mb::get(f) == &object);
  mb::get(f) = 2;
  CHECK(object == 2);
  auto const in_coroutine = [](mb::future<int&> g) -> mb::task<int*> { co_return &co_await g; };
  CHECK(mb::get(mb::remote(in_coroutine)(f)) == &object);
}

TEST_CASE("a result may be const, and need not be default-constructible or assignable", "[future]") {
  mb::manual_runtime rt;
  struct fixed {
    explicit fixed(int v) : value(v) {}
    int const value;
  };
  CHECK(mb::get(mb::remote([] { return fixed(3); })()).value == 3);
  CHECK(mb::get(mb::remote([]() -> fixed const { return fixed(4); })()).value == 4);
}

TEST_CASE("a future of nothing is waited for", "[future]") {
  mb::manual_runtime rt;
  bool ran = false;
  mb::future<void> const f = mb::remote([&] { ran = true; })();
  mb::get(f);
  CHECK(ran);
  auto const failed = mb::remote([] { throw custom_error(); })();
  CHECK_THROWS_AS(mb::get(failed), custom_error);
}

TEST_CASE("a result that nobody reads is destroyed when its task is over", "[future]") {
  mb::manual_runtime rt;
  auto const alive = std::make_shared<int>();
  static_cast<void>(mb::remote([alive] { return alive; })());
  CHECK(alive.use_count() == 2);
  rt.run_until_idle();
  CHECK(alive.use_count() == 1);
}

TEST_CASE("a value whose move throws leaves the error in the future", "[future]") {
  mb::manual_runtime rt;
  struct throws_when_moved {
    throws_when_moved() = default;
    throws_when_moved(throws_when_moved&&) { throw custom_error(); }
  };
  auto const make = [] {
    throws_when_moved value;
    throws_when_moved* const p = &value;
    return std::move(*p);
  };
  CHECK_THROWS_AS(mb::get(mb::remote(make)()), custom_error);
}

TEST_CASE("many coroutines and plain tasks may wait for one future", "[future]") {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    mb::manual_runtime rt({.seed = seed});
    auto const value = mb::remote([]() -> mb::task<int> {
      co_await mb::sleep_for(1s);
      co_return 1;
    })();
    std::vector<mb::future<int>> readers;
    for (int i = 0; i < 10; ++i) {
      readers.push_back(mb::remote([value] { return mb::get(value); })());
      readers.push_back(mb::remote([](mb::future<int> f) -> mb::task<int> { co_return co_await f; })(value));
    }
    int sum = 0;
    for (int x : mb::get(readers)) sum += x;
    REQUIRE(sum == 20);
  }
}

TEST_CASE("awaiting an rvalue future that is the last handle moves the value out", "[future]") {
  mb::manual_runtime rt;
  auto const make = [] { return std::make_unique<int>(3); };
  CHECK(mb::get(mb::remote([&]() -> mb::task<int> {
          std::unique_ptr<int> const p = co_await mb::remote(make)();
          co_return *p;
        })()) == 3);
}

TEST_CASE("awaiting an lvalue future gives a reference to the value", "[future]") {
  mb::manual_runtime rt;
  auto const f = mb::put(std::string("text"));
  CHECK(mb::get(mb::remote([&]() -> mb::task<bool> {
    std::string const& s = co_await f;
    co_return &s == &mb::get(f);
  })()));
}

TEST_CASE("an awaited error is thrown in the coroutine, which may catch it", "[future]") {
  mb::manual_runtime rt;
  CHECK(mb::get(mb::remote([]() -> mb::task<int> {
          try {
            co_return co_await mb::remote(fail)();
          } catch (custom_error const& e) { co_return e.code; }
        })()) == 42);
}

TEST_CASE("any_future tells futures from other types", "[future]") {
  STATIC_REQUIRE(mb::any_future<mb::future<int>>);
  STATIC_REQUIRE(mb::any_future<mb::future<void> const&>);
  STATIC_REQUIRE_FALSE(mb::any_future<int>);
  STATIC_REQUIRE_FALSE(mb::any_future<std::vector<mb::future<int>>>);
}
