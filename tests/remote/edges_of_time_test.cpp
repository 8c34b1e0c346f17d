// Limits at the edges of their types mean what they say.
#include <chrono>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <vector>

#include "mobula/mobula.hpp"
#include "support/catch.hpp"

namespace mb = mobula;
using mobula::detail::wait_of;
using namespace std::chrono_literals;
using std::chrono::hours;
using std::chrono::nanoseconds;
using std::chrono::steady_clock;

namespace {

using seconds = std::chrono::duration<double>;
constexpr seconds for_ever{std::numeric_limits<double>::infinity()};
constexpr seconds no_number{std::numeric_limits<double>::quiet_NaN()};

mb::task<int> an_hour() {
  co_await mb::sleep_for(1h);
  co_return 1;
}

template <class Limit>
void waits_as_long_as_it_takes(Limit limit) {
  mb::manual_runtime const rt;
  CHECK(mb::get(mb::remote(an_hour)(), limit) == 1);
  CHECK(mb::get(std::vector{mb::remote(an_hour)()}, limit) == std::vector{1});
  CHECK(mb::wait(std::vector{mb::remote(an_hour)()}, {.timeout = limit}).ready.size() == 1);
  mb::task_options const limited{.max_retries = 1,
                                 .backoff = {.first = limit, .most = limit},
                                 .timeout = limit,
                                 .attempt_timeout = limit,
                                 .hedge_after = limit};
  CHECK(mb::get(mb::remote(an_hour).options(limited)()) == 1);
  auto const awaits = [limit]() -> mb::task<int> {
    int sum = co_await mb::timeout(mb::remote(an_hour)(), limit);
    sum += co_await mb::with_deadline(an_hour(), limit);
    auto const first = co_await mb::select(mb::sleep_for(limit), mb::remote(an_hour)());
    sum += static_cast<int>(first.index());
    mb::mutex m;
    mb::condition_variable changed;
    bool set = false;
    auto const sets = mb::remote([&]() -> mb::task<> {
      co_await mb::sleep_for(1h);
      auto const guard = co_await m.lock();
      set = true;
      changed.notify_all();
    })();
    auto guard = co_await m.lock();
    sum += co_await changed.wait_for(guard, limit, [&] { return set; }) ? 1 : 0;
    co_return sum;
  };
  CHECK(mb::get(mb::remote(awaits)()) == 4);
  CHECK(mb::supervise({.window = limit}).valid());
}

template <class Limit>
void is_over_at_once(Limit limit) {
  mb::manual_runtime const rt;
  auto const begin = rt.now();
  auto const f = mb::remote(an_hour)();
  CHECK_THROWS_AS(mb::get(f, limit), mb::timeout_error);
  CHECK_THROWS_AS(mb::get(std::vector{f}, limit), mb::timeout_error);
  CHECK(mb::wait(std::vector{f}, {.timeout = limit}).ready.empty());
  CHECK(mb::get(mb::put(1), limit) == 1);
  mb::get(mb::sleep_for(limit));
  auto const awaits = [limit, f]() -> mb::task<int> {
    int late = 0;
    try {
      co_await mb::timeout(f, limit);
    } catch (mb::timeout_error const&) { ++late; }
    try {
      co_await mb::with_deadline(an_hour(), limit);
    } catch (mb::deadline_error const&) { ++late; }
    mb::mutex m;
    mb::condition_variable changed;
    auto guard = co_await m.lock();
    late += co_await changed.wait_for(guard, limit, [] { return false; }) ? 0 : 1;
    co_return late;
  };
  CHECK(mb::get(mb::remote(awaits)()) == 3);
  CHECK_THROWS_AS(mb::remote(an_hour).options({.timeout = limit}), mb::error);
  CHECK_THROWS_AS(mb::supervise({.window = limit}), mb::error);
  CHECK(rt.now() - begin == 0s);
}

}  // namespace

TEST_CASE("a limit that is longer than the clock can count means for ever, in every place", "[remote]") {
  waits_as_long_as_it_takes(hours::max());
  waits_as_long_as_it_takes(nanoseconds::max());
  waits_as_long_as_it_takes(for_ever);
}

TEST_CASE("a limit that is negative, however much, is over at once or refused, in every place", "[remote]") {
  is_over_at_once(-1ns);
  is_over_at_once(hours::min());
  is_over_at_once(nanoseconds::min());
  is_over_at_once(-for_ever);
}

TEST_CASE("a limit that is not a number is refused", "[remote]") {
  mb::manual_runtime const rt;
  CHECK_THROWS_AS(mb::get(mb::put(1), no_number), mb::error);
  CHECK_THROWS_AS(mb::sleep_for(no_number), mb::error);
  CHECK_THROWS_AS(mb::task_options{.timeout = no_number}, mb::error);
  CHECK_THROWS_AS(mb::remote(an_hour).options({.backoff = {.factor = no_number.count()}}), mb::error);
  CHECK_THROWS_AS(mb::remote(an_hour).options({.backoff = {.jitter = no_number.count()}}), mb::error);
}

TEST_CASE("a deadline at the first point in time is over, with whatever timeout; at the last there is none",
          "[remote]") {
  mb::manual_runtime const rt;
  auto const first = steady_clock::time_point::min(), last = steady_clock::time_point::max();
  auto const late = mb::remote(an_hour).options({.timeout = 1s, .deadline = first})();
  CHECK_THROWS_AS(mb::get(late), mb::deadline_error);
  auto const never_late = mb::remote(an_hour).options({.timeout = hours::max(), .deadline = last});
  CHECK(mb::get(never_late()) == 1);
  auto const left = [] { return mb::this_task::time_left(); };
  CHECK(mb::get(mb::remote(left).options({.deadline = last})()) == nanoseconds::max());
  auto const within = [](steady_clock::time_point limit) -> mb::task<nanoseconds> {
    auto const body = []() -> mb::task<nanoseconds> { co_return mb::this_task::time_left(); };
    co_return co_await mb::with_deadline(body(), limit);
  };
  CHECK(mb::get(mb::remote(within)(last)) == nanoseconds::max());
  CHECK_THROWS_AS(mb::get(mb::remote(within)(first)), mb::deadline_error);
}

TEST_CASE("waits of a backoff grow to the most there may be, and no further", "[remote]") {
  std::uint64_t const least_jitter = 0, most_jitter = ~std::uint64_t{0};
  for (double const factor : {1.0, 2.0, 1e30, for_ever.count()}) {
    for (unsigned const failures : {2U, 100U, ~0U}) {
      mb::backoff const huge{.first = 1s, .factor = factor, .most = nanoseconds::max(), .jitter = 0};
      CHECK(wait_of(huge, failures, most_jitter) >= 1s);
      mb::backoff const jittery{.first = hours::max(), .factor = factor, .most = hours::max(), .jitter = 1};
      CHECK(wait_of(jittery, failures, least_jitter) == nanoseconds::max());
      CHECK(wait_of(jittery, failures, most_jitter) >= 0s);
      CHECK(wait_of({.factor = factor}, failures, least_jitter) == 0s);
    }
  }
  CHECK(wait_of({.first = 1s, .factor = 1e30, .jitter = 0}, 2, least_jitter) == 30s);
}

TEST_CASE("with a backoff that soon is longer than any time, a task is tried once more and then waits", "[remote]") {
  mb::manual_runtime rt;
  int attempts = 0;
  auto const fails = [&]() -> int {
    ++attempts;
    throw std::runtime_error("again");
  };
  auto const f = mb::remote(fails).options(
      {.max_retries = -1, .backoff = {.first = 1s, .factor = 1e30, .most = nanoseconds::max(), .jitter = 0}})();
  rt.advance(1000h);
  CHECK(attempts == 2);
  mb::cancel(f);
  CHECK_THROWS_AS(mb::get(f), mb::cancelled);
}

TEST_CASE("a manual runtime may be advanced to the end of time", "[remote]") {
  mb::manual_runtime rt;
  auto const f = mb::remote(an_hour)();
  auto const never = mb::remote([] { mb::get(mb::sleep_for(for_ever)); })();
  rt.advance(hours::max().count() * 1ns);
  CHECK(f.ready());
  CHECK_FALSE(never.ready());
  rt.advance(nanoseconds::max());
  CHECK_FALSE(never.ready());
  rt.shutdown(mb::on_shutdown::drop);
  CHECK_THROWS_AS(mb::get(never), mb::cancelled);
}

TEST_CASE("options of a runtime take the longest there is, or say what is allowed", "[remote]") {
  mb::runtime rt({.num_cpus = 1, .track_tasks = true, .stall_after = hours::max()});
  CHECK_THROWS_AS(mb::runtime({.spin = hours::max()}), std::invalid_argument);
  CHECK_THROWS_AS(mb::runtime({.ageing = for_ever}), std::invalid_argument);
  CHECK_THROWS_AS(mb::runtime({.blocking_idle = hours::min()}), std::invalid_argument);
  // Centuries, but not for ever: they reach the timers of the system.
  auto const waits = [] {
    int const value = mb::get(mb::remote([]() -> mb::task<int> {
                                co_await mb::sleep_for(1ms);
                                co_return 1;
                              })(),
                              hours(24 * 365 * 200));
    mb::get(mb::sleep_for(-for_ever));
    return value;
  };
  CHECK(mb::get(mb::remote(waits)()) == 1);
  auto const sleeps = mb::remote([] { mb::get(mb::sleep_for(for_ever)); })();
  rt.shutdown(mb::on_shutdown::drop);
  CHECK_THROWS_AS(mb::get(sleeps), mb::cancelled);
}
