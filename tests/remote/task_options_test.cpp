#include "support/catch.hpp"

#include <mobula/mobula.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace mb = mobula;
using namespace std::chrono_literals;

namespace {

mb::task<int> takes(std::chrono::milliseconds d) {
  co_await mb::sleep_for(d);
  co_return 1;
}

// Fails so many times, then gives the number of the attempt.
auto fails(int times, std::shared_ptr<int> n = std::make_shared<int>(0)) {
  return [=] {
    if (++*n <= times) throw std::runtime_error("attempt " + std::to_string(*n));
    return *n;
  };
}

}  // namespace

TEST_CASE("options that are not allowed are refused, and say what is") {
  auto const f = mb::remote(takes);
  CHECK_THROWS_AS(f.options({.max_retries = -2}), mb::error);
  CHECK_THROWS_AS(f.options({.timeout = 0s}), mb::error);
  CHECK_THROWS_AS(f.options({.attempt_timeout = -1s}), mb::error);
  CHECK_THROWS_AS(f.options({.hedge_after = 0s}), mb::error);
  CHECK_THROWS_AS(f.options({.max_retries = 1, .backoff = {.factor = 0.5}}), mb::error);
  CHECK_THROWS_AS(f.options({.max_retries = 1, .backoff = {.jitter = 2}}), mb::error);
  CHECK_THROWS_AS(f.options({.max_retries = 1, .backoff = {.first = -1s}}), mb::error);
  try {
    static_cast<void>(f.options({.timeout = 0s}));
  } catch (mb::error const& e) { CHECK(std::string(e.what()).find("task_options::timeout") != std::string::npos); }
}

TEST_CASE("options can be given anew, and chosen runtimes stay") {
  mb::manual_runtime rt;
  mb::manual_runtime later;
  auto const f = rt.remote(takes).options({.timeout = 1s}).options({.name = "slow", .timeout = 2s});
  auto g = f(1500ms);
  CHECK(rt.pending().unfinished == 1);
  CHECK(later.pending().unfinished == 0);
}

TEST_CASE("a task with a timeout that is over in time gives its value") {
  mb::manual_runtime rt;
  CHECK(mb::get(mb::remote(takes).options({.timeout = 2s})(1s)) == 1);
  CHECK(mb::get(mb::remote([] { return std::string("x"); }).options({.timeout = 2s})()) == "x");
  CHECK(*mb::get(mb::remote([] { return std::make_unique<int>(3); }).options({.timeout = 2s})()) == 3);
  int n = 4;
  int& r = mb::get(mb::remote([&]() -> int& { return n; }).options({.timeout = 2s})());
  CHECK(&r == &n);
  mb::get(mb::remote([] {}).options({.timeout = 2s})());
  CHECK(rt.pending().timers == 0);
}

TEST_CASE("a task that takes too long fails in time, and is interrupted") {
  mb::manual_runtime rt;
  auto const begin = rt.now();
  int interrupted = 0;
  auto const sleeper = [&]() -> mb::task<int> {
    try {
      co_await mb::sleep_for(1h);
    } catch (mb::cancelled const&) {
      ++interrupted;
      throw;
    }
    co_return 1;
  };
  auto f = mb::remote(sleeper).options({.name = "slow", .timeout = 1s})();
  CHECK_THROWS_AS(mb::get(f), mb::deadline_error);
  CHECK(rt.now() - begin == 1s);
  CHECK(f.failure()->task() == "slow");
  CHECK(f.failure()->message().find("1 s") != std::string::npos);
  rt.run_until_idle();
  CHECK(interrupted == 1);
  auto g = mb::remote(sleeper).options({.deadline = rt.now() + 2s})();
  CHECK_THROWS_AS(mb::get(g), mb::timeout_error);
  CHECK(rt.now() - begin == 3s);
}

TEST_CASE("a late value is never delivered, and its task does not hold up the future") {
  mb::manual_runtime rt;
  auto const begin = rt.now();
  auto f = mb::remote([]() -> mb::task<int> {
             try {
               co_await mb::sleep_for(1h);
             } catch (mb::cancelled const&) {}
             mb::promise<int> never;
             co_return 1;
           }).options({.timeout = 1s})();
  auto g = mb::remote([] {
             auto const stop = mb::this_task::stop_token();
             int n = 0;
             while (!stop.stop_requested()) mb::get(mb::yield()), ++n;
             for (int i = 0; i < 100; ++i) mb::get(mb::yield());
             return n;
           }).options({.timeout = 1ms});
  CHECK_THROWS_AS(mb::get(f), mb::deadline_error);
  CHECK(rt.now() - begin == 1s);
}

TEST_CASE("a timeout counts from the submission, also while arguments are waited for") {
  mb::manual_runtime rt;
  mb::promise<int> never;
  auto f = mb::remote([](int x) { return x; }).options({.timeout = 1s})(never.get_future());
  CHECK_THROWS_AS(mb::get(f), mb::deadline_error);
  auto const slow = mb::remote(takes)(500ms);
  CHECK(mb::get(mb::remote([](int x) { return x + 1; }).options({.timeout = 1s})(slow)) == 2);
  CHECK(mb::get(mb::remote([](std::vector<int> xs) {
                  return xs.size();
                }).options({.timeout = 1s})(std::vector{slow, slow})) == 2);
}

TEST_CASE("a deadline is inherited by tasks, calls of actors, sleeps and waits") {
  struct asked {
    mb::task<bool> wait() {
      if (mb::this_task::time_left() > 1s) co_return false;
      co_await mb::sleep_for(1h);
      co_return true;
    }
  };
  mb::manual_runtime rt;
  auto a = mb::make_actor<asked>();
  mb::future<bool> call;
  mb::future<int> child;
  auto f = mb::remote([&]() -> mb::task<int> {
             call = a.call<&asked::wait>();
             child = mb::remote(takes).options({.timeout = 1h})(1h);
             co_await mb::sleep_for(100ms);
             CHECK(mb::this_task::time_left() == 900ms);
             co_return co_await mb::future<int>(child);
           }).options({.timeout = 1s})();
  CHECK_THROWS_AS(mb::get(f), mb::deadline_error);
  rt.run_until_idle();
  REQUIRE(call.ready());
  REQUIRE(child.ready());
  CHECK_THROWS_AS(mb::get(call), mb::cancelled);
  CHECK_THROWS_AS(mb::get(child), mb::error);  // cancelled, or its own view of the same deadline
}

TEST_CASE("a task that fails is tried again") {
  mb::manual_runtime rt;
  CHECK(mb::get(mb::remote(fails(2)).options({.max_retries = 3})()) == 3);
  CHECK(mb::get(mb::remote(fails(9)).options({.max_retries = -1})()) == 10);
  CHECK_THROWS_AS(mb::get(mb::remote(fails(3)).options({.max_retries = 2})()), std::runtime_error);
}

TEST_CASE("each attempt has the arguments, also those that it moves from") {
  mb::manual_runtime rt;
  int n = 0;
  auto f = mb::remote([&](std::string text, std::vector<int> const& xs) {
             std::string const mine = std::move(text);
             if (++n < 3) throw std::runtime_error("again");
             return mine + std::to_string(xs.size());
           }).options({.max_retries = 5})(std::string("x"), mb::put(std::vector{1, 2}));
  CHECK(mb::get(f) == "x2");
}

TEST_CASE("arguments are not copied without retries, and what can't be copied is refused with them") {
  mb::manual_runtime rt;
  auto const f = mb::remote([](std::unique_ptr<int> p) { return *p; });
  CHECK(mb::get(f.options({.timeout = 1s})(std::make_unique<int>(1))) == 1);
  CHECK_THROWS_AS(f.options({.max_retries = 1})(std::make_unique<int>(1)), mb::error);
  CHECK_THROWS_AS(f.options({.hedge_after = 1s})(std::make_unique<int>(1)), mb::error);
}

TEST_CASE("the failure lists the attempts, with the one task that they belong to") {
  mb::manual_runtime rt;
  auto f = mb::remote(fails(3)).options({.name = "flaky", .max_retries = 2})();
  rt.run_until_idle();
  auto const why = f.failure();
  REQUIRE(why);
  CHECK(why->task() == "flaky");
  CHECK(why->message() == "attempt 3");
  CHECK(why->submitted().line() != 0);
  CHECK_FALSE(why->cause());
  auto const attempts = why->attempts();
  REQUIRE(attempts.size() == 3);
  CHECK(attempts[0].message() == "attempt 1");
  CHECK(attempts[2].message() == "attempt 3");
  CHECK(why->report().find("attempt 2: attempt 2, on worker 0") != std::string::npos);
  CHECK(mb::remote(fails(1))().failure() == std::nullopt);
}

TEST_CASE("one retries only after what retry_if says") {
  mb::manual_runtime rt;
  auto const n = std::make_shared<int>(0);
  auto const f = mb::remote(fails(1, n));
  CHECK_THROWS_AS(mb::get(f.options({.max_retries = 3, .retry_if = mb::retry_on<std::logic_error>()})()),
                  std::runtime_error);
  *n = 0;
  CHECK(mb::get(f.options({.max_retries = 3, .retry_if = mb::retry_on<std::logic_error, std::runtime_error>()})()) ==
        2);
  *n = 0;
  auto const never = [](std::exception_ptr const&) { return false; };
  CHECK_THROWS_AS(mb::get(f.options({.max_retries = 3, .retry_if = never})()), std::runtime_error);
}

TEST_CASE("what depends on a failed task is not tried again") {
  mb::manual_runtime rt;
  auto const bad = mb::remote([]() -> int { throw std::logic_error("bad"); })();
  int calls = 0;
  auto f = mb::remote([&](int) { ++calls; }).options({.max_retries = 5})(bad);
  rt.run_until_idle();
  CHECK(f.failure()->attempts().size() == 1);
  CHECK_THROWS_AS(mb::get(f), std::logic_error);
  CHECK(calls == 0);
  int outcomes = 0;
  auto g = mb::remote([&](mb::outcome<int> const& o) {
             if (++outcomes < 2) throw std::runtime_error("again");
             return o.has_failure();
           }).options({.max_retries = 5})(bad);
  CHECK(mb::get(g));
}

TEST_CASE("one waits longer and longer before the next attempt, with some jitter") {
  mb::manual_runtime rt;
  std::vector<std::chrono::milliseconds> at;
  auto const begin = rt.now();
  auto const flaky = [&] {
    at.push_back(std::chrono::duration_cast<std::chrono::milliseconds>(rt.now() - begin));
    if (at.size() < 5) throw std::runtime_error("again");
  };
  mb::get(mb::remote(flaky).options({.max_retries = 9, .backoff = {.first = 100ms, .most = 300ms, .jitter = 0}})());
  CHECK(at == std::vector<std::chrono::milliseconds>{0ms, 100ms, 300ms, 600ms, 900ms});
}

TEST_CASE("the jitter is within bounds, and the same for the same seed") {
  auto const waits = [](std::uint64_t seed) {
    mb::manual_runtime rt({.seed = seed});
    auto const begin = rt.now();
    mb::get(mb::remote(fails(1)).options({.max_retries = 1, .backoff = {.first = 1s, .jitter = 0.5}})());
    return rt.now() - begin;
  };
  CHECK(waits(1) == waits(1));
  CHECK(waits(1) != waits(2));
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    CHECK(waits(seed) >= 500ms);
    CHECK(waits(seed) <= 1s);
  }
}

TEST_CASE("an attempt that takes too long counts as failed") {
  mb::manual_runtime rt;
  auto const begin = rt.now();
  auto const n = std::make_shared<int>(0);
  auto f = mb::remote([n]() -> mb::task<int> {
             if (++*n < 3) co_await mb::sleep_for(1h);
             co_return *n;
           }).options({.max_retries = 5, .attempt_timeout = 1s})();
  CHECK(mb::get(f) == 3);
  CHECK(rt.now() - begin == 2s);
  *n = -9;
  auto g = mb::remote([n]() -> mb::task<int> {
             ++*n;
             co_await mb::sleep_for(1h);
             co_return 1;
           }).options({.max_retries = 1, .attempt_timeout = 1s})();
  CHECK_THROWS_AS(mb::get(g), mb::deadline_error);
  CHECK(g.failure()->attempts().size() == 2);
}

TEST_CASE("the timeout bounds all attempts and the waits between them") {
  mb::manual_runtime rt;
  auto const begin = rt.now();
  auto f = mb::remote(takes).options({.max_retries = -1, .timeout = 2500ms, .attempt_timeout = 1s})(1h);
  CHECK_THROWS_AS(mb::get(f), mb::deadline_error);
  CHECK(rt.now() - begin == 2500ms);
  CHECK(f.failure()->attempts().size() == 2);
  auto const b = rt.now();
  auto g = mb::remote(fails(9)).options({.max_retries = -1, .backoff = {.first = 1h, .most = 1h}, .timeout = 1s})();
  CHECK_THROWS_AS(mb::get(g), std::runtime_error);  // at once, as no time is left for another attempt
  CHECK(rt.now() == b);
}

TEST_CASE("a second copy of a straggler gives the answer, and the first is cancelled") {
  mb::manual_runtime rt;
  auto const begin = rt.now();
  auto const n = std::make_shared<int>(0);
  auto f = mb::remote([n]() -> mb::task<int> {
             int const me = ++*n;
             co_await mb::sleep_for(me == 1 ? 1h : 100ms);
             co_return me;
           }).options({.hedge_after = 1s})();
  CHECK(mb::get(f) == 2);
  CHECK(rt.now() - begin == 1100ms);
  rt.run_until_idle();
  CHECK(rt.pending().timers == 0);
  CHECK(rt.pending().unfinished == 0);
}

TEST_CASE("who answers in time has no second copy, and one that fails leaves it to the other") {
  mb::manual_runtime rt;
  auto const n = std::make_shared<int>(0);
  auto const quick = [n]() -> mb::task<int> {
    co_await mb::sleep_for(100ms);
    co_return ++*n;
  };
  CHECK(mb::get(mb::remote(quick).options({.hedge_after = 1s})()) == 1);
  *n = 0;
  auto const second_fails = [n]() -> mb::task<int> {
    if (++*n == 2) throw std::runtime_error("second");
    co_await mb::sleep_for(3s);
    co_return 1;
  };
  CHECK(mb::get(mb::remote(second_fails).options({.hedge_after = 1s})()) == 1);
}

TEST_CASE("a task with retries that is cancelled ends at once, whatever its attempt does") {
  mb::manual_runtime rt;
  auto const begin = rt.now();
  int runs = 0;
  auto f = mb::remote([&]() -> mb::task<int> {
             ++runs;
             try {
               co_await mb::sleep_for(1h);
             } catch (mb::cancelled const&) {}
             throw std::runtime_error("interrupted");
           }).options({.max_retries = 9})();
  rt.run_until_idle();
  mb::cancel(f);
  rt.run_until_idle();
  REQUIRE(f.ready());
  CHECK_THROWS_AS(mb::get(f), mb::cancelled);
  CHECK(runs == 1);
  CHECK(rt.now() == begin);
}

TEST_CASE("between two attempts a task can be cancelled") {
  mb::manual_runtime rt;
  auto f = mb::remote(fails(9)).options({.max_retries = 9, .backoff = {.first = 1h, .most = 1h}})();
  rt.run_until_idle();
  mb::cancel(f);
  rt.run_until_idle();
  REQUIRE(f.ready());
  CHECK_THROWS_AS(mb::get(f), mb::cancelled);
}

TEST_CASE("results are flat with options too") {
  mb::manual_runtime rt;
  auto f = mb::remote([] { return mb::remote(takes)(1ms); }).options({.max_retries = 1})();
  static_assert(std::is_same_v<decltype(f), mb::future<int>>);
  CHECK(mb::get(f) == 1);
}

TEST_CASE("attempts, copies and limits agree in any order") {
  mb::explore(
      [](mb::manual_options const& seeded) {
        mb::manual_runtime rt(seeded);
        std::vector<mb::future<int>> all;
        for (int i = 0; i < 4; ++i) {
          auto const n = std::make_shared<int>(0);
          auto const work = [n, i]() -> mb::task<int> {
            int const me = ++*n;
            co_await mb::sleep_for(std::chrono::milliseconds((me * 7 + i * 3) % 11));
            if (me % 3 == 0) throw std::runtime_error("third");
            co_return me;
          };
          all.push_back(mb::remote(work).options({.max_retries = i,
                                                  .backoff = {.first = 1ms},
                                                  .timeout = 15ms,
                                                  .attempt_timeout = 7ms,
                                                  .hedge_after = 3ms})());
        }
        rt.advance(1s);
        for (auto const& f : all) {
          if (!f.ready()) throw std::runtime_error("one is not over");
          static_cast<void>(f.failure());
        }
        if (rt.pending().unfinished != 0) throw std::runtime_error("an attempt goes on");
      },
      {.seeds = 200});
}
