#include "mobula/task/generator.hpp"

#include <memory>
#include <optional>
#include <ranges>
#include <stdexcept>
#include <string>
#include <vector>

#include "mobula/mobula.hpp"
#include "support/catch.hpp"

namespace mb = mobula;
using namespace std::chrono_literals;

namespace {

static_assert(std::ranges::input_range<mb::generator<int>>);
static_assert(std::ranges::input_range<mb::generator<std::unique_ptr<int>>>);
static_assert(std::ranges::input_range<mb::generator<int&>>);

mb::generator<int> up_to(int n) {
  for (int i = 0; i < n; ++i) co_yield i;
}

mb::generator<int> slowly_up_to(int n) {
  for (int i = 0; i < n; ++i) {
    co_await mb::sleep_for(1s);
    co_yield i;
  }
}

mb::task<int> sum_of(mb::generator<int> g) {
  int sum = 0;
  while (auto const x = co_await g.next()) sum += *x;
  co_return sum;
}

int plain_sum_of(mb::generator<int> g) {
  int sum = 0;
  for (int const x : g) sum += x;
  return sum;
}

mb::generator<int> fails_after(int n) {
  for (int i = 0; i < n; ++i) co_yield i;
  co_await mb::sleep_for(1s);
  throw std::domain_error("no more");
}

// Tells when the frame that holds it ends.
struct tells {
  explicit tells(bool& b) : ended(b) {}
  ~tells() { ended = true; }
  bool& ended;
};

mb::generator<int> watched(bool& ended, std::chrono::seconds step) {
  tells const t(ended);
  for (int i = 0;; ++i) {
    co_await mb::sleep_for(step);
    co_yield i;
  }
}

}  // namespace

TEST_CASE("a generator gives its elements in order, to coroutines, plain tasks and main", "[generator]") {
  mb::explore(
      [](mb::manual_options const& seeded) {
        mb::manual_runtime rt(seeded);
        auto a = mb::remote([] { return sum_of(up_to(10)); })();
        auto b = mb::remote([] { return sum_of(slowly_up_to(10)); })();
        auto c = mb::remote([] { return plain_sum_of(up_to(10)); })();
        auto d = mb::remote([] { return plain_sum_of(slowly_up_to(10)); })();
        REQUIRE(plain_sum_of(up_to(10)) == 45);
        REQUIRE(plain_sum_of(slowly_up_to(10)) == 45);
        REQUIRE(mb::get(a) + mb::get(b) + mb::get(c) + mb::get(d) == 4 * 45);
      },
      {.seeds = 50});
}

TEST_CASE("a generator runs only when it is asked, and never ahead", "[generator]") {
  mb::manual_runtime rt;
  int made = 0;
  auto const counts = [](int& n) -> mb::generator<int> {
    for (;;) {
      ++n;
      co_yield n;
    }
  };
  auto g = counts(made);
  rt.run_until_idle();
  CHECK(made == 0);
  for (int i = 1; i < 5; ++i) {
    CHECK(mb::get(g.next()) == i);
    rt.run_until_idle();
    CHECK(made == i);
  }
}

TEST_CASE("a generator that is over stays over", "[generator]") {
  mb::manual_runtime rt;
  auto g = up_to(1);
  CHECK(mb::get(g.next()) == 0);
  for (int i = 0; i < 3; ++i) CHECK(mb::get(g.next()) == std::nullopt);
  mb::get(mb::remote([&]() -> mb::task<> {
    auto const x = co_await g.next();
    CHECK_FALSE(x);
  })());
  CHECK(rt.pending().unfinished == 0);
}

TEST_CASE("what a generator throws comes out of one step, after the elements before it; then it is over",
          "[generator]") {
  mb::manual_runtime rt;
  auto g = fails_after(2);
  CHECK(mb::get(g.next()) == 0);
  CHECK(mb::get(g.next()) == 1);
  CHECK_THROWS_WITH(mb::get(g.next()), "no more");
  CHECK(mb::get(g.next()) == std::nullopt);
  auto in_coroutine = mb::remote([]() -> mb::task<int> {
    auto h = fails_after(3);
    int n = 0;
    try {
      while (auto const x = co_await h.next()) ++n;
    } catch (std::domain_error const&) { n += 100; }
    while (auto const x = co_await h.next()) n += 1000;
    co_return n;
  })();
  CHECK(mb::get(in_coroutine) == 103);
  CHECK_THROWS_AS(mb::get(mb::remote([] { return sum_of(fails_after(2)); })()), std::domain_error);
}

TEST_CASE("a generator that is dropped is destroyed at its co_yield, or never began", "[generator]") {
  mb::manual_runtime rt;
  bool ended = false;
  {
    auto g = watched(ended, 0s);
    CHECK(mb::get(g.next()) == 0);
    auto h = std::move(g);
    CHECK(mb::get(h.next()) == 1);
    CHECK_FALSE(ended);
    h = up_to(3);
    CHECK(ended);
    CHECK(mb::get(h.next()) == 0);
  }
  ended = false;
  { auto const g = watched(ended, 0s); }
  CHECK_FALSE(ended);  // as it never began
}

TEST_CASE("a step of a generator that is given up goes on, and its element comes with the next call", "[generator]") {
  mb::explore(
      [](mb::manual_options const& seeded) {
        mb::manual_runtime rt(seeded);
        auto g = slowly_up_to(6);
        REQUIRE_THROWS_AS(mb::get(g.next(), 100ms), mb::timeout_error);
        REQUIRE_THROWS_AS(mb::get(g.next(), 0ms), mb::timeout_error);
        REQUIRE(mb::get(g.next()) == 0);
        REQUIRE_THROWS_AS(mb::get(g.next(), 999ms), mb::timeout_error);
        rt.advance(2s);  // it is made meanwhile, but no other
        REQUIRE(mb::get(g.next(), 0ms) == 1);
        auto rest = mb::remote([&g]() -> mb::task<int> {
          int timeouts = 0;
          for (;;) {
            try {
              auto const x = co_await mb::timeout(g.next(), 300ms);
              if (!x) co_return timeouts;
            } catch (mb::timeout_error const&) { ++timeouts; }
            if (timeouts == 4) {  // now for good, by hand-over; the step that was given up comes first
              for (int i = 3; i < 6; ++i) {
                auto const x = co_await g.next();
                if (x != i) co_return -1;
              }
            }
          }
        })();
        REQUIRE(mb::get(rest) == 4);
        REQUIRE(rt.pending().unfinished == 0);
      },
      {.seeds = 50});
}

TEST_CASE("a generator dropped in the middle of a step ends when the step does, and its runtime waits for that",
          "[generator]") {
  bool ended = false;
  {
    mb::manual_runtime rt;
    {
      auto g = watched(ended, 1h);
      CHECK_THROWS_AS(mb::get(g.next(), 1s), mb::timeout_error);
    }
    CHECK_FALSE(ended);
    CHECK(rt.pending().unfinished == 1);
    rt.advance(1h);
    CHECK(ended);
    CHECK(rt.pending().unfinished == 0);
  }
  ended = false;
  {
    mb::manual_runtime rt;
    auto g = watched(ended, 1h);
    CHECK_THROWS_AS(mb::get(g.next(), 1s), mb::timeout_error);
    rt.shutdown();
    CHECK(mb::get(g.next()) == 0);  // the runtime has waited until it was there
    CHECK_THROWS_AS(mb::get(g.next()), mb::no_runtime);
  }
  CHECK(ended);
}

TEST_CASE("a select over generators takes one element, and the others come later", "[generator]") {
  mb::explore(
      [](mb::manual_options const& seeded) {
        mb::manual_runtime rt(seeded);
        auto const both = mb::remote([]() -> mb::task<int> {
          auto a = slowly_up_to(5), b = slowly_up_to(5);
          int sum = 0;
          for (int i = 0; i < 10; ++i) {
            auto const one = co_await mb::select(a.next(), b.next());
            auto const x = one.index() == 0 ? std::get<0>(one) : std::get<1>(one);
            if (x) {
              sum += *x;
              continue;
            }
            for (auto* g : {&a, &b})
              while (auto const rest = co_await g->next()) sum += *rest;
            break;
          }
          co_return sum;
        })();
        REQUIRE(mb::get(both) == 20);
      },
      {.seeds = 50});
}

TEST_CASE("a generator can yield what is only movable, and references", "[generator]") {
  mb::manual_runtime rt;
  auto const pointers = []() -> mb::generator<std::unique_ptr<int>> {
    for (int i = 0; i < 3; ++i) co_yield std::make_unique<int>(i);
  };
  int sum = 0;
  for (auto p : pointers()) sum += *p;
  CHECK(sum == 3);
  std::vector<int> v{1, 2, 3};
  auto const each_of = [](std::vector<int>& all) -> mb::generator<int&> {
    for (int& x : all) co_yield x;
  };
  for (int& x : each_of(v)) x *= 2;
  auto g = each_of(v);
  mb::get(mb::remote([&g]() -> mb::task<> {
    while (int* const x = co_await g.next()) *x += 1;
  })());
  CHECK(v == std::vector{3, 5, 7});
}

TEST_CASE("what is yielded from a variable is copied, and constructed from what it takes", "[generator]") {
  mb::manual_runtime rt;
  auto const words = []() -> mb::generator<std::string> {
    std::string s = "kept";
    co_yield s;
    co_yield s;
    co_yield "literal";
    co_yield s + "!";
  };
  std::vector<std::string> got;
  for (auto&& w : words()) got.push_back(std::move(w));
  CHECK(got == std::vector<std::string>{"kept", "kept", "literal", "kept!"});
}

TEST_CASE("a generator that waits for ever fails to give, and is let go", "[generator]") {
  mb::channel<int> never(1);
  auto const waits = [](mb::channel<int> ch) -> mb::generator<int> {
    auto const x = co_await ch.receive();
    co_yield x.value_or(-1);
  };
  mb::manual_runtime rt;
  auto g = waits(never);
  CHECK_THROWS_AS(mb::get(g.next()), mb::deadlock_error);
  never.close();
  CHECK(mb::get(g.next()) == -1);
  auto h = waits(mb::channel<int>(1));
  CHECK(mb::get(mb::remote([&] { return plain_sum_of(up_to(4)); })()) == 6);
}

TEST_CASE("a generator without a runtime gives a clear error", "[generator]") {
  auto g = up_to(3);
  CHECK_THROWS_AS(mb::get(g.next()), mb::no_runtime);
  mb::manual_runtime rt;
  CHECK(mb::get(g.next()) == 0);
}

TEST_CASE("a million elements take no stack", "[generator]") {
  mb::runtime rt({.num_cpus = 1});
  auto f = mb::remote([]() -> mb::task<long> {
    auto g = up_to(1'000'000);
    long sum = 0;
    while (auto const x = co_await g.next()) sum += *x;
    co_return sum;
  })();
  CHECK(mb::get(f) == 499'999'500'000);
  CHECK(mb::get(mb::remote([] { return plain_sum_of(up_to(10'000)); })()) == 49'995'000);
}
