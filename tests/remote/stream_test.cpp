#include "mobula/remote/stream.hpp"

#include <memory>
#include <optional>
#include <ranges>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "mobula/mobula.hpp"
#include "support/catch.hpp"

namespace mb = mobula;
using namespace std::chrono_literals;

namespace {

static_assert(std::ranges::input_range<mb::stream<int>>);

mb::generator<int> numbers(int n) {
  for (int i = 0; i < n; ++i) co_yield i;
}

mb::generator<int> slow_numbers(int n, std::chrono::seconds step) {
  for (int i = 0; i < n; ++i) {
    co_await mb::sleep_for(step);
    co_yield i;
  }
}

mb::generator<int> fails_after(int n) {
  for (int i = 0; i < n; ++i) co_yield i;
  throw std::domain_error("no more");
}

mb::task<int> sum_of(mb::stream<int> s) {
  int sum = 0;
  while (auto const x = co_await s.next()) sum += *x;
  co_return sum;
}

int plain_sum_of(mb::stream<int> s) {
  int sum = 0;
  for (int const x : s) sum += x;
  return sum;
}

struct tells {
  explicit tells(bool& b) : ended(b) {}
  ~tells() { ended = true; }
  bool& ended;
};

// Counts what it makes, for ever.
mb::generator<int> counted(int& made, bool& ended) {
  tells const t(ended);
  for (;;) {
    ++made;
    co_yield made;
  }
}

}  // namespace

TEST_CASE("a stream gives a remote generator's elements in order, to coroutines, plain tasks and main", "[stream]") {
  mb::explore(
      [](mb::manual_options const& seeded) {
        mb::manual_runtime rt(seeded);
        auto a = mb::remote(sum_of)(mb::remote(numbers)(40));
        auto b = mb::remote(plain_sum_of)(mb::remote(numbers)(40));
        auto c = mb::remote(sum_of)(mb::remote(slow_numbers)(40, 1s));
        std::vector<int> got;
        for (int const x : mb::remote(slow_numbers)(40, 1s)) got.push_back(x);
        REQUIRE(got.size() == 40);
        for (int i = 0; i < 40; ++i) REQUIRE(got[static_cast<std::size_t>(i)] == i);
        REQUIRE(mb::get(a) + mb::get(b) + mb::get(c) == 3 * 39 * 20);
        REQUIRE(rt.pending().unfinished == 0);
      },
      {.seeds = 50});
}

TEST_CASE("a stream's task works ahead, by its capacity and the element in its hands", "[stream]") {
  for (std::size_t const capacity : {1u, 3u, 16u}) {
    int made = 0;
    bool ended = false;
    mb::manual_runtime rt;
    auto s = mb::remote(counted).options({.stream_capacity = capacity})(std::ref(made), std::ref(ended));
    for (int taken = 0; taken < 20; ++taken) {
      rt.run_until_idle();
      REQUIRE(made == taken + static_cast<int>(capacity) + 1);
      REQUIRE(mb::get(s.next()) == taken + 1);
    }
  }
  mb::manual_runtime rt;
  CHECK_THROWS_AS(mb::remote(numbers).options({.stream_capacity = 0})(1), std::invalid_argument);
  CHECK(rt.pending().unfinished == 0);
}

TEST_CASE("elements are read while the task still runs", "[stream]") {
  mb::manual_runtime rt;
  auto s = mb::remote(slow_numbers)(3, 1h);
  auto const start = rt.now();
  for (int i = 0; i < 3; ++i) {
    CHECK(mb::get(s.next()) == i);
    CHECK(rt.now() - start == (i + 1) * 1h);
  }
  CHECK(mb::get(s.next()) == std::nullopt);
  CHECK(mb::get(s.next()) == std::nullopt);
}

TEST_CASE("an error comes after the elements before it, once", "[stream]") {
  mb::explore(
      [](mb::manual_options const& seeded) {
        mb::manual_runtime rt(seeded);
        auto s = mb::remote(fails_after).options({.name = "source", .stream_capacity = 2})(5);
        for (int i = 0; i < 5; ++i) REQUIRE(mb::get(s.next()) == i);
        REQUIRE_THROWS_AS(mb::get(s.next()), std::domain_error);
        REQUIRE(mb::get(s.next()) == std::nullopt);
        auto const reader = mb::remote(sum_of)(mb::remote(fails_after).options({.name = "source"})(3));
        REQUIRE_THROWS_AS(mb::get(reader), std::domain_error);
        REQUIRE(reader.failure()->cause()->task() == "source");
      },
      {.seeds = 50});
}

TEST_CASE("a stream with a limit of time gives its error like others, and ends at the limit", "[stream]") {
  mb::explore(
      [](mb::manual_options const& seeded) {
        mb::manual_runtime rt(seeded);
        auto fails = mb::remote(fails_after).options({.timeout = 10s})(3);
        for (int i = 0; i < 3; ++i) REQUIRE(mb::get(fails.next()) == i);
        REQUIRE_THROWS_AS(mb::get(fails.next()), std::domain_error);
        REQUIRE(mb::get(fails.next()) == std::nullopt);
        auto ends = mb::remote(slow_numbers).options({.timeout = 10s})(2, 1s);
        REQUIRE(plain_sum_of(std::move(ends)) == 1);
        auto late = mb::remote(slow_numbers).options({.timeout = 2500ms})(10, 1s);
        for (int i = 0; i < 2; ++i) REQUIRE(mb::get(late.next()) == i);
        REQUIRE_THROWS_AS(mb::get(late.next()), mb::deadline_error);
        REQUIRE(mb::get(late.next()) == std::nullopt);
        auto waits = mb::remote(slow_numbers).options({.timeout = 1s})(mb::promise<int>().get_future(), 1s);
        REQUIRE_THROWS_AS(mb::get(waits.next()), mb::broken_promise);
      },
      {.seeds = 50});
}

TEST_CASE("an error that nobody has read is reported", "[stream]") {
  std::vector<std::string> unread;
  {
    mb::manual_runtime rt({.on_unread_failure = [&](mb::failure const& f) { unread.push_back(f.message()); }});
    auto s = mb::remote(fails_after)(2);
    rt.run_until_idle();
  }
  REQUIRE(unread.size() == 1);
  CHECK(unread[0].find("no more") != std::string::npos);
}

TEST_CASE("futures among the arguments of a stream are dependencies", "[stream]") {
  mb::manual_runtime rt;
  auto const n = mb::remote([]() -> mb::task<int> {
    co_await mb::sleep_for(1s);
    co_return 4;
  })();
  CHECK(plain_sum_of(mb::remote(numbers)(n)) == 6);
  auto const failed = mb::remote([]() -> int { throw std::domain_error("no number"); })();
  auto s = mb::remote(numbers)(failed);
  CHECK_THROWS_WITH(mb::get(s.next()), "no number");
  CHECK(mb::get(s.next()) == std::nullopt);
}

TEST_CASE("a stream that is dropped ends its task at the next co_yield, wherever that is", "[stream]") {
  mb::explore(
      [](mb::manual_options const& seeded) {
        int made = 0;
        bool ended = false, other_ended = false;
        auto const captured = std::make_shared<int>(0);
        mb::manual_runtime rt(seeded);
        auto const source = [captured](int& n, bool& e) -> mb::generator<int> {
          tells const t(e);
          for (;; ++n) {
            co_await mb::sleep_for(1s);
            co_yield n;
          }
        };
        {
          auto waits_for_room = mb::remote(counted)(std::ref(made), std::ref(ended));
          for (auto steps = seeded.seed % 10; steps != 0; --steps) rt.run_one();
          auto sleeps = mb::remote(source)(std::ref(made), std::ref(other_ended));
          rt.advance(500ms * (seeded.seed % 5));
          auto moved = std::move(sleeps);
        }
        rt.advance(1s);
        REQUIRE(ended);
        REQUIRE(other_ended);
        REQUIRE(rt.pending().unfinished == 0);
        REQUIRE(captured.use_count() == 2);  // here, and in `source`
      },
      {.seeds = 50});
}

TEST_CASE("a runtime that drops lets a stream end: what came, then cancelled", "[stream]") {
  mb::manual_runtime rt;
  auto sleeping = mb::remote(slow_numbers)(3, 1s);
  auto not_begun = mb::remote(numbers)(3);
  rt.shutdown(mb::on_shutdown::drop);
  CHECK_THROWS_AS(mb::get(not_begun.next()), mb::cancelled);
  CHECK_THROWS_AS(mb::get(sleeping.next()), mb::cancelled);
}

TEST_CASE("steps of a stream take time limits and stand in selects, and nothing is lost", "[stream]") {
  mb::explore(
      [](mb::manual_options const& seeded) {
        mb::manual_runtime rt(seeded);
        auto reader = mb::remote([]() -> mb::task<int> {
          auto a = mb::remote(slow_numbers)(10, 3s);
          auto b = mb::remote(slow_numbers)(10, 2s);
          int sum = 0, timeouts = 0;
          for (bool more = true; more;) {
            try {
              auto const one = co_await mb::timeout(mb::select(a.next(), b.next()), 1s);
              auto const x = one.index() == 0 ? std::get<0>(one) : std::get<1>(one);
              if (x)
                sum += *x;
              else
                more = false;
            } catch (mb::timeout_error const&) { ++timeouts; }
          }
          while (auto const x = co_await a.next()) sum += *x;
          while (auto const x = co_await b.next()) sum += *x;
          co_return timeouts == 0 ? -1 : sum;
        })();
        REQUIRE(mb::get(reader) == 90);
        auto s = mb::remote(slow_numbers)(2, 5s);
        REQUIRE_THROWS_AS(mb::get(s.next(), 1s), mb::timeout_error);
        REQUIRE(mb::get(s.next(), 5s) == 0);
        REQUIRE(mb::get(s.next()) == 1);
      },
      {.seeds = 50});
}

TEST_CASE("a stream carries what is only movable, and its function may be a member or have a name", "[stream]") {
  struct table {
    int rows;
    mb::generator<std::unique_ptr<int>> read() {
      for (int i = 0; i < rows; ++i) co_yield std::make_unique<int>(i);
    }
  };
  mb::manual_runtime rt;
  table t{4};
  int sum = 0;
  for (auto row : mb::remote (&table::read)(&t)) sum += *row;
  for (auto row : rt.remote(&table::read).options({.name = "rows"})(&t)) sum += *row;
  CHECK(sum == 12);
}

TEST_CASE("a stream that is assigned another gives what that gives, to its end", "[stream]") {
  mb::manual_runtime rt;
  auto s = mb::remote(fails_after)(0);
  CHECK_THROWS_AS(mb::get(s.next()), std::domain_error);
  s = mb::remote(fails_after)(1);
  CHECK(mb::get(s.next()) == 0);
  CHECK_THROWS_AS(mb::get(s.next()), std::domain_error);
  CHECK(mb::get(s.next()) == std::nullopt);
}

TEST_CASE("a generator that yields nothing is a stream of nothing", "[stream]") {
  mb::manual_runtime rt;
  auto none = mb::remote(numbers)(0);
  CHECK_FALSE(mb::get(none.next()));
  CHECK_FALSE(mb::get(none.next()));
  CHECK(mb::get(mb::remote(sum_of)(mb::remote(numbers)(0))) == 0);
}

TEST_CASE("a generator may read a stream", "[stream]") {
  mb::manual_runtime rt;
  auto const doubled = [](mb::stream<int> s) -> mb::generator<int> {
    while (auto const x = co_await s.next()) co_yield *x * 2;
  };
  CHECK(mb::get(mb::remote(sum_of)(mb::remote(doubled)(mb::remote(slow_numbers)(5, 1s)))) == 20);
}
