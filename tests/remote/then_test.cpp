#include "mobula/remote/then.hpp"

#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "mobula/mobula.hpp"
#include "support/catch.hpp"

namespace mb = mobula;
using namespace std::chrono_literals;

namespace {

int square(int x) { return x * x; }

mb::task<int> after(mb::detail::duration d, int x) {
  co_await mb::sleep_for(d);
  co_return x;
}

int fail() { throw std::domain_error("first"); }

}  // namespace

TEST_CASE("what follows a future gets its value, as a task", "[remote]") {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    mb::manual_runtime rt({.seed = seed});
    auto const f = mb::remote(after)(1s, 3);
    mb::future<int> const g = f.then(square).then([](int x) { return x + 1; });
    REQUIRE_FALSE(g.ready());
    REQUIRE(mb::get(g) == 10);
    REQUIRE(f.valid());
  }
}

TEST_CASE("what follows may be a coroutine, a member, generic, or return a future", "[remote]") {
  mb::manual_runtime rt;
  auto const f = mb::put(std::string("text"));
  CHECK(mb::get(f.then(&std::string::size)) == 4);
  CHECK(mb::get(f.then([](auto const& s) { return s + "!"; })) == "text!");
  CHECK(mb::get(f.then([](std::string s) -> mb::task<std::size_t> {
          co_await mb::sleep_for(1s);
          co_return s.size();
        })) == 4);
  mb::future<int> const flat = f.then([](std::string const& s) { return mb::remote(after)(1s, int(s.size())); });
  CHECK(mb::get(flat) == 4);
}

TEST_CASE("what follows a future of nothing gets nothing", "[remote]") {
  mb::manual_runtime rt;
  bool first = false;
  auto const f = mb::remote([&] { first = true; })();
  CHECK(mb::get(f.then([&] { return first; })));
}

TEST_CASE("the last handle is moved into what follows", "[remote]") {
  mb::manual_runtime rt;
  auto const take = [](std::unique_ptr<int> p) { return *p; };
  CHECK(mb::get(mb::remote([] { return std::make_unique<int>(5); })().then(take)) == 5);
  auto f = mb::put(std::make_unique<int>(6));
  CHECK(mb::get(f.then([](std::unique_ptr<int> const& p) { return *p; })) == 6);
  CHECK(mb::get(std::move(f).then(take)) == 6);
  CHECK_FALSE(f.valid());  // NOLINT: moved from
}

TEST_CASE("a reference is passed on as one", "[remote]") {
  mb::manual_runtime rt;
  int object = 1;
  auto const f = mb::remote([&]() -> int& { return object; })();
  mb::get(f.then([](int& x) { x = 5; }));
  CHECK(object == 5);
}

TEST_CASE("a failure passes what follows by, and is its cause", "[remote]") {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    mb::manual_runtime rt({.seed = seed});
    bool called = false;
    auto const f = mb::remote(fail)();
    auto const g = f.then([&](int) { called = true; });
    REQUIRE_THROWS_AS(mb::get(g), std::domain_error);
    REQUIRE_FALSE(called);
    REQUIRE(g.failure()->cause().has_value());
    REQUIRE(g.failure()->submitted().file_name() == std::string(__FILE__));
  }
}

TEST_CASE("what takes an outcome is called with values and failures, which count as read", "[remote]") {
  int reports = 0;
  {
    mb::manual_runtime rt({.on_unread_failure = [&](mb::failure const&) { ++reports; }});
    auto const by_reference = [](mb::outcome<int> const& o) { return o.has_value() ? o.get() : -1; };
    auto const by_value = [](mb::outcome<int> o) { return o.has_value() ? o.take() : -2; };
    CHECK(mb::get(mb::remote(fail)().then(by_reference)) == -1);
    CHECK(mb::get(mb::remote(fail)().then(by_value)) == -2);
    CHECK(mb::get(mb::put(3).then(by_reference)) == 3);
    CHECK(mb::get(mb::put(3).then(by_value)) == 3);
    auto const nothing = mb::remote([] { throw 1; })();
    CHECK(mb::get(nothing.then([](mb::outcome<void> const& o) { return o.has_failure(); })));
    auto const pointer = [](mb::outcome<std::unique_ptr<int>> o) { return *o.take(); };
    CHECK(mb::get(mb::put(std::make_unique<int>(4)).then(pointer)) == 4);
  }
  CHECK(reports == 0);
}

TEST_CASE("a handle to nothing is followed by nothing, and says so", "[remote]") {
  mb::manual_runtime rt;
  CHECK_THROWS_AS(mb::future<int>().then(square), mb::error);
}

TEST_CASE("a long chain of what follows takes no stack", "[remote]") {
  mb::manual_runtime rt;
  mb::promise<int> p;
  mb::future<int> f = p.get_future();
  for (int i = 0; i < 20'000; ++i) f = std::move(f).then([](int x) { return x + 1; });
  p.set_value(0);
  CHECK(mb::get(f) == 20'000);
}

TEST_CASE("futures can be sent, and read where they are received", "[channel]") {
  mb::manual_runtime rt;
  mb::channel<mb::future<int>> c(2);
  auto const sum = mb::remote([](mb::channel<mb::future<int>> in) -> mb::task<int> {
    int n = 0;
    while (auto f = co_await in.receive()) n += co_await std::move(*f);
    co_return n;
  })(c);
  for (int i = 1; i <= 4; ++i) mb::get(c.send(mb::remote([i] { return i; })()));
  c.close();
  CHECK(mb::get(sum) == 10);
}
