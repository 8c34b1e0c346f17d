// Which failures count as read: those that the program was told of, or whose futures it was told are over.
#include "mobula/mobula.hpp"
#include "support/catch.hpp"

#include <array>
#include <chrono>
#include <functional>
#include <map>
#include <stdexcept>
#include <string>
#include <thread>
#include <tuple>
#include <utility>
#include <vector>

namespace mb = mobula;
using namespace std::chrono_literals;

namespace {

int fails(int n) { throw std::runtime_error(std::to_string(n)); }
mb::task<int> fails_later(int n) {
  co_await mb::sleep_for(n * 1s);
  throw std::runtime_error(std::to_string(n));
}
mb::generator<int> two_and_a_failure() {
  co_yield 1;
  co_yield 2;
  throw std::runtime_error("3");
}

// What is reported as unread of what `run` does on a runtime of its own.
std::vector<std::string> unread(std::function<void(mb::manual_runtime&)> const& run) {
  std::vector<std::string> reported;
  {
    mb::manual_runtime rt({.on_unread_failure = [&](mb::failure const& f) { reported.push_back(f.message()); }});
    run(rt);
  }
  return reported;
}

std::vector<mb::future<int>> two() { return {mb::remote(fails)(1), mb::remote(fails)(2)}; }

using nothing = std::vector<std::string>;
using messages = std::vector<std::string>;

}  // namespace

TEST_CASE("of futures that are read together all failures count as read") {
  CHECK(unread([](auto&) { CHECK_THROWS_AS(mb::get(two()), std::runtime_error); }) == nothing());
  CHECK(unread([](auto&) {
          auto const kept = two();
          CHECK_THROWS_AS(mb::get(kept), std::runtime_error);
        }) == nothing());
  CHECK(unread([](auto&) { CHECK_THROWS_AS(mb::get(two(), 1s), std::runtime_error); }) == nothing());
  CHECK(unread([](auto&) {
          CHECK_THROWS_AS(mb::get(mb::remote(fails)(1), mb::remote(fails)(2), mb::put(3)), std::runtime_error);
        }) == nothing());
  CHECK(unread([](auto&) {
          auto const nested = std::pair(two(), std::map<int, mb::future<int>>{{1, mb::remote(fails)(3)}});
          CHECK_THROWS_AS(mb::get(nested), std::runtime_error);
        }) == nothing());
  CHECK(unread([](auto&) {
          auto const f = mb::remote([]() -> mb::task<> { static_cast<void>(co_await mb::when_all(two())); })();
          CHECK_THROWS_AS(mb::get(f), std::runtime_error);
        }) == nothing());
  CHECK(unread([](auto&) {
          auto const f =
              mb::remote([]() -> mb::task<> { static_cast<void>(co_await mb::timeout(mb::when_all(two()), 1s)); })();
          CHECK_THROWS_AS(mb::get(f), std::runtime_error);
        }) == nothing());
  CHECK(unread([](auto&) { static_cast<void>(mb::get_outcomes(two())); }) == nothing());
}

TEST_CASE("of the arguments of a task that have failed all count as read, as the task's failure is that of the first") {
  CHECK(unread([](auto&) {
          auto const f = mb::remote([](int a, int b) { return a + b; })(mb::remote(fails)(1), mb::remote(fails)(2));
          CHECK_THROWS_AS(mb::get(f), std::runtime_error);
        }) == nothing());
  CHECK(unread([](auto&) {
          auto const f = mb::remote([](std::vector<int> const& v) { return v.size(); })(two());
          CHECK_THROWS_AS(mb::get(f), std::runtime_error);
        }) == nothing());
  CHECK(unread([](auto& rt) {
          static_cast<void>(mb::remote([](std::vector<int> const& v, int n) { return v.size() + std::size_t(n); })(
              two(), mb::remote(fails)(3)));
          rt.run_until_idle();
        }) == messages{"1"});  // the task's own
}

TEST_CASE(
    "a failed future that wait, when_some, as_completed or when_any has given counts as read, the others do not") {
  CHECK(unread([](auto&) { CHECK(mb::wait(two(), {.num_returns = 2}).ready.size() == 2); }) == nothing());
  CHECK(unread([](auto&) {
          auto const fs = two();
          CHECK(mb::wait(fs, {.num_returns = 1}).ready.size() == 1);
        }).size() == 1);
  CHECK(unread([](auto&) {
          mb::get(mb::remote([]() -> mb::task<> {
            auto const some = co_await mb::when_some(two(), {.num_returns = 2});
            CHECK(some.ready.size() == 2);
          })());
        }) == nothing());
  CHECK(unread([](auto&) {
          int n = 0;
          for (auto const& f : mb::as_completed(two())) n += f.ready() ? 1 : 0;
          CHECK(n == 2);
        }) == nothing());
  CHECK(unread([](auto& rt) {
          auto done = mb::as_completed(std::vector{mb::remote(fails_later)(1), mb::remote(fails_later)(2)});
          CHECK(mb::get(done.next())->ready());
          rt.advance(10s);
        }) == messages{"2"});
  CHECK(unread([](auto& rt) {
          auto const fs = std::vector{mb::remote(fails_later)(2), mb::remote(fails_later)(1)};
          CHECK(mb::get(mb::when_any(fs)) == 1);
          rt.advance(10s);
        }) == messages{"2"});
}

TEST_CASE("that a future is ready, or that a wait for it is over, does not tell of its failure") {
  CHECK(unread([](auto& rt) {
          auto const f = mb::remote(fails)(1);
          rt.run_until_idle();
          CHECK(f.ready());
        }) == messages{"1"});
  CHECK(unread([](auto&) {
          auto const f = mb::remote(fails_later)(2);
          CHECK_THROWS_AS(mb::get(f, 1s), mb::timeout_error);
        }) == messages{"2"});
}

TEST_CASE("what an outcome, a failure or a cause of one has shown counts as read") {
  CHECK(unread([](auto&) {
          CHECK(mb::get(mb::remote(fails)(1).then([](mb::outcome<int> const& o) { return o.has_failure(); })));
        }) == nothing());
  CHECK(unread([](auto& rt) {
          auto const f = mb::remote(fails)(1);
          rt.run_until_idle();
          CHECK(f.failure());
        }) == nothing());
}

TEST_CASE("a broken promise that no future waits for is no failure") {
  CHECK(unread([](auto&) {
          mb::promise<int> p;
          { auto const gone = p.get_future(); }
        }) == nothing());
  CHECK(unread([](auto&) { mb::promise<int> const p; }) == nothing());
  std::string text;
  {
    mb::manual_runtime rt;
    mb::future<int> f;
    {
      mb::promise<int> p;
      f = p.get_future();
    }
    CHECK_THROWS_AS(mb::get(f), mb::broken_promise);
  }
}

TEST_CASE("a failure that comes from a thread outside is told to the current runtime's on_unread_failure") {
  CHECK(unread([](auto&) {
          mb::promise<int> p;
          auto const f = p.get_future();
          p = mb::promise<int>();
        }).size() == 1);
  CHECK(unread([](auto&) {
          mb::promise<int> p;
          auto const f = p.get_future();
          p.set_exception(std::make_exception_ptr(std::runtime_error("4")));
        }) == messages{"4"});
  std::vector<std::string> reported;
  mb::runtime rt({.num_cpus = 1, .on_unread_failure = [&](mb::failure const& f) { reported.push_back(f.message()); }});
  std::thread([] {
    mb::promise<int> p;
    auto const f = p.get_future();
    p.set_exception(std::make_exception_ptr(std::runtime_error("5")));
  }).join();
  CHECK(reported == messages{"5"});
  { auto const blocks = mb::remote(fails).options({.blocking = true})(6); }
  rt.shutdown();
  CHECK(reported == messages{"5", "6"});
}

TEST_CASE("of items of a map that fail besides the first nobody is told") {
  std::vector<int> const xs{1, 2, 3};
  CHECK(unread([&](auto&) { CHECK_THROWS_AS(mb::map(fails, xs), std::runtime_error); }) == nothing());
  CHECK(unread([&](auto&) { CHECK_THROWS_AS(mb::map(fails_later, xs), std::runtime_error); }) == nothing());
}

TEST_CASE(
    "failures among the outcomes of a map count as read, and have their item's index, also if nobody awaits the end") {
  std::vector<int> const xs{1, 2, 3};
  auto const right = [](std::vector<mb::outcome<int>> const& ys) {
    bool ok = ys.size() == 3;
    for (std::size_t i = 0; ok && i < 3; ++i) ok = ys[i].failure()->item() == i && ys[i].failure()->worker() == 0U;
    return ok;
  };
  CHECK(unread([&](auto&) {
          static_cast<void>(mb::map_outcomes(fails, xs));
          static_cast<void>(mb::map_outcomes(fails_later, xs));
        }) == nothing());
  CHECK(unread([&](auto&) {
          CHECK(mb::get(mb::remote([&] { return right(mb::map_outcomes(fails, xs)); })()));
          CHECK(right(mb::get(mb::remote([&] { return mb::map_outcomes(fails_later, xs); })())));
        }) == nothing());
  CHECK(unread([&](auto&) {
          auto const given_up = mb::remote([&xs]() -> mb::task<std::size_t> {
                                  auto const all = co_await mb::async_map_outcomes(fails_later, xs);
                                  co_return all.size();
                                }).options({.timeout = 2500ms})();
          CHECK_THROWS_AS(mb::get(given_up), mb::deadline_error);
        }) == nothing());
}

TEST_CASE("of tasks that are awaited together the first failure is thrown, and the others are told as unread") {
  auto const together = [](auto&) {
    auto const f = mb::remote([]() -> mb::task<> {
      static_cast<void>(co_await mb::when_all(fails_later(1), fails_later(2), fails_later(3)));
    })();
    CHECK_THROWS_AS(mb::get(f), std::runtime_error);
  };
  CHECK(unread(together).size() == 2);
}

TEST_CASE("a stream that is dropped before its end does not hide that its task has failed") {
  CHECK(unread([](auto& rt) {
          {
            auto numbers = mb::remote(two_and_a_failure)();
            rt.run_until_idle();
            CHECK(mb::get(numbers.next()) == 1);
          }
          rt.run_until_idle();
        }) == messages{"3"});
  CHECK(unread([](auto& rt) {
          auto numbers = mb::remote(two_and_a_failure)();
          while (true) {
            try {
              if (!mb::get(numbers.next())) break;
            } catch (std::runtime_error const&) {}
          }
          rt.run_until_idle();
        }) == nothing());
}
