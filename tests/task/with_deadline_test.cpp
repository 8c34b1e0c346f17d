#include "support/catch.hpp"

#include <mobula/mobula.hpp>

#include <chrono>
#include <stdexcept>

namespace mb = mobula;
using namespace std::chrono_literals;

namespace {

mb::task<int> takes(std::chrono::milliseconds d) {
  co_await mb::sleep_for(d);
  co_return 1;
}

}  // namespace

TEST_CASE("a part that is over in time gives its value, and leaves no timer") {
  mb::manual_runtime rt;
  CHECK(mb::get(mb::with_deadline(takes(1s), 2s)) == 1);
  CHECK(rt.pending().timers == 0);
  CHECK(mb::get(mb::remote([] { return mb::with_deadline([] { return mb::get(takes(1s)); }, 2s); })()) == 1);
  CHECK(rt.pending().timers == 0);
}

TEST_CASE("a part that takes too long is interrupted, and the rest of the task goes on") {
  mb::manual_runtime rt;
  auto const begin = rt.now();
  auto f = mb::remote([]() -> mb::task<int> {
    bool late = false;
    try {
      static_cast<void>(co_await mb::with_deadline(takes(1h), 1s));
    } catch (mb::deadline_error const&) { late = true; }
    co_await mb::sleep_for(1s);
    co_return late ? 2 : 0;
  })();
  CHECK(mb::get(f) == 2);
  CHECK(rt.now() - begin == 2s);
  auto g = mb::remote([] { mb::with_deadline([] { mb::get(mb::sleep_for(1h)); }, 1s); })();
  CHECK_THROWS_AS(mb::get(g), mb::deadline_error);
}

TEST_CASE("a part that ends late is not in time, though it has a value") {
  mb::manual_runtime rt;
  auto const stubborn = []() -> mb::task<int> {
    try {
      co_await mb::sleep_for(1h);
    } catch (mb::cancelled const&) {}
    co_return 1;
  };
  CHECK_THROWS_AS(mb::get(mb::with_deadline(stubborn(), 1s)), mb::deadline_error);
}

TEST_CASE("what a part throws in time is its own") {
  mb::manual_runtime rt;
  auto const fails = []() -> mb::task<> {
    co_await mb::sleep_for(1ms);
    throw std::logic_error("bad");
  };
  CHECK_THROWS_AS(mb::get(mb::with_deadline(fails(), 1s)), std::logic_error);
}

TEST_CASE("the tasks that a part has started are cancelled with it, those started outside are not") {
  mb::manual_runtime rt;
  mb::future<int> inside, outside;
  auto f = mb::remote([&]() -> mb::task<> {
    outside = mb::remote(takes)(2s);
    auto const part = [&]() -> mb::task<> {
      inside = mb::remote(takes)(2s);
      static_cast<void>(co_await mb::future<int>(inside));
    };
    co_await mb::with_deadline(part(), 1s);
  })();
  CHECK_THROWS_AS(mb::get(f), mb::deadline_error);
  CHECK_THROWS_AS(mb::get(inside), mb::cancelled);
  CHECK(mb::get(outside) == 1);
}

TEST_CASE("of several deadlines the earliest holds, and time_left tells") {
  mb::manual_runtime rt;
  auto const left = []() -> mb::task<mb::detail::duration> { co_return mb::this_task::time_left(); };
  auto const inner = [&]() -> mb::task<mb::detail::duration> { co_return co_await mb::with_deadline(left(), 1h); };
  CHECK(mb::get(mb::with_deadline(inner(), 1s)) == 1s);
  auto const child = [&]() -> mb::task<mb::detail::duration> {
    co_await mb::sleep_for(400ms);
    co_return co_await mb::remote(left)();
  };
  CHECK(mb::get(mb::with_deadline(child(), 1s)) == 600ms);
}

TEST_CASE("a deadline that is over interrupts the first wait") {
  mb::manual_runtime rt;
  CHECK_THROWS_AS(mb::get(mb::with_deadline(takes(1ms), 0s)), mb::deadline_error);
  CHECK_THROWS_AS(mb::get(mb::with_deadline(takes(1ms), rt.now() - 1s)), mb::deadline_error);
}

TEST_CASE("a task that is cancelled within a part ends with cancelled") {
  mb::manual_runtime rt;
  auto f = mb::remote([]() -> mb::task<int> {
             co_return co_await mb::with_deadline(takes(1h), 30min);
           }).options({.cancellable = true})();
  rt.run_until_idle();
  mb::cancel(f);
  rt.run_until_idle();
  REQUIRE(f.ready());
  CHECK_THROWS_AS(mb::get(f), mb::cancelled);
  CHECK(rt.pending().timers == 0);
}

TEST_CASE("with_deadline outside of tasks says what to do instead") {
  CHECK_THROWS_AS(mb::with_deadline([] { return 1; }, 1s), mb::error);
}

TEST_CASE("a deadline in an actor's method keeps others out, as the method did") {
  struct keeper {
    mb::task<int> wait() { co_return co_await mb::with_deadline(takes(1h), 1s); }
    int quick() { return 1; }
  };
  mb::manual_runtime rt;
  auto const begin = rt.now();
  auto a = mb::make_actor<keeper>();
  auto f = a.call<&keeper::wait>();
  CHECK(mb::get(a.call<&keeper::quick>()) == 1);
  CHECK(rt.now() - begin == 1s);
  CHECK_THROWS_AS(mb::get(f), mb::deadline_error);
}
