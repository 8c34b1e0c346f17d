#include "mobula/future/as_completed.hpp"

#include <algorithm>
#include <array>
#include <list>
#include <memory>
#include <ranges>
#include <stdexcept>
#include <string>
#include <vector>

#include "mobula/mobula.hpp"
#include "support/catch.hpp"

namespace mb = mobula;
using namespace std::chrono_literals;

namespace {

mb::task<int> after(mb::detail::duration d, int x) {
  co_await mb::sleep_for(d);
  co_return x;
}

int fail_with(int x) { throw x; }

// Five tasks that end after 5, 4, 3, 2 and 1 seconds.
std::vector<mb::future<int>> five() {
  std::vector<mb::future<int>> futures;
  for (int i = 0; i < 5; ++i) futures.push_back(mb::remote(after)((5 - i) * 1s, i));
  return futures;
}

}  // namespace

TEST_CASE("futures come in the order in which they become ready, each when it is", "[future]") {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    mb::manual_runtime rt({.seed = seed});
    auto const futures = five();
    std::vector<int> order;
    for (mb::future<int>& f : mb::as_completed(futures)) {
      REQUIRE(f.ready());
      order.push_back(mb::get(f));
      REQUIRE(rt.now().time_since_epoch() == static_cast<int>(order.size()) * 1s);
    }
    REQUIRE(order == std::vector{4, 3, 2, 1, 0});
  }
}

TEST_CASE("in a coroutine the next one is awaited, until there is none", "[future]") {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    mb::manual_runtime rt({.seed = seed});
    auto const digits = mb::remote([]() -> mb::task<int> {
      int number = 0;
      auto done = mb::as_completed(five());
      while (auto f = co_await done.next()) number = 10 * number + co_await *f;
      if (done.left() != 0 || (co_await done.next()).has_value()) throw std::logic_error("more than there were");
      co_return number;
    })();
    REQUIRE(mb::get(digits) == 43210);
  }
}

TEST_CASE("those that are ready already come first, in their order", "[future]") {
  mb::manual_runtime rt;
  std::vector<mb::future<int>> const futures{mb::remote(after)(1s, 1), mb::put(2), mb::remote(after)(0s, 3),
                                             mb::put(4)};
  std::vector<int> order;
  for (auto& f : mb::as_completed(futures)) order.push_back(mb::get(f));
  CHECK(order == std::vector{2, 4, 3, 1});
}

TEST_CASE("of tasks that end in any order each comes once", "[future]") {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    mb::manual_runtime rt({.seed = seed});
    std::vector<mb::future<int>> futures;
    for (int i = 0; i < 30; ++i) futures.push_back(mb::remote([i] { return i; })());
    std::vector<int> seen;
    for (auto& f : mb::as_completed(futures)) seen.push_back(mb::get(f));
    std::ranges::sort(seen);
    REQUIRE(std::ranges::equal(seen, std::views::iota(0, 30)));
  }
}

TEST_CASE("a failed future comes like any other, and does not throw before it is read", "[future]") {
  mb::manual_runtime rt;
  std::vector<mb::future<int>> const futures{mb::remote(fail_with)(1), mb::remote(after)(1s, 2)};
  int failed = 0, sum = 0;
  for (auto& f : mb::as_completed(futures)) {
    if (f.failure())
      ++failed;
    else
      sum += mb::get(f);
  }
  CHECK(failed == 1);
  CHECK(sum == 2);
}

TEST_CASE("the same future twice comes twice, and none of nothing at all", "[future]") {
  mb::manual_runtime rt;
  auto const f = mb::remote(after)(1s, 1);
  int n = 0;
  for (auto& g : mb::as_completed(std::array{f, f})) n += mb::get(g);
  CHECK(n == 2);
  for (auto& g : mb::as_completed(std::vector<mb::future<int>>())) FAIL(mb::get(g));
}

TEST_CASE("lists, views and what makes futures on the fly can be gone through, and futures of nothing", "[future]") {
  mb::manual_runtime rt;
  std::list<mb::future<int>> const list{mb::put(1), mb::put(2), mb::put(3)};
  int sum = 0;
  for (auto& f : mb::as_completed(list)) sum += mb::get(f);
  for (auto& f : mb::as_completed(list | std::views::drop(1))) sum += mb::get(f);
  for (auto& f : mb::as_completed(std::views::iota(0, 4) | std::views::transform(mb::remote([](int x) { return x; }))))
    sum += mb::get(f);
  CHECK(sum == 17);
  std::array<mb::future<void>, 2> const nothing{mb::remote([] {})(), mb::remote([] {})()};
  for (auto& f : mb::as_completed(nothing)) mb::get(f);
}

TEST_CASE("index tells which of the futures it was", "[future]") {
  mb::manual_runtime rt;
  auto done = mb::as_completed(five());
  std::vector<std::size_t> order;
  while (mb::get(done.next())) order.push_back(done.index());
  CHECK(order == std::vector<std::size_t>{4, 3, 2, 1, 0});
}

TEST_CASE("values that can only be moved are moved out of what is given", "[future]") {
  mb::manual_runtime rt;
  std::vector<mb::future<std::unique_ptr<int>>> futures;
  for (int i = 0; i < 3; ++i) futures.push_back(mb::remote([i] { return std::make_unique<int>(i); })());
  int sum = 0;
  for (auto& f : mb::as_completed(std::move(futures))) sum += *mb::get(std::move(f));
  CHECK(sum == 3);
}

TEST_CASE("one may break off, and begin again with the same futures", "[future]") {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    mb::manual_runtime rt({.seed = seed});
    auto const futures = five();
    for (int i = 0; i < 3; ++i)
      for (auto& f : mb::as_completed(futures)) {
        REQUIRE(mb::get(f) == 4);
        break;
      }
    static_cast<void>(mb::as_completed(futures));
    int sum = 0;
    for (auto& f : mb::as_completed(futures)) sum += mb::get(f);
    REQUIRE(sum == 10);
  }
}

TEST_CASE("one may wait for the next only so long, and again, and nothing is lost", "[future]") {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    mb::manual_runtime rt({.seed = seed});
    auto const number = mb::remote([]() -> mb::task<int> {
      auto done = mb::as_completed(five());
      int digits = 0, late = 0;
      while (done.left() != 0) {
        bool timed_out = false;
        try {
          if (auto const f = co_await mb::timeout(done.next(), 400ms)) digits = 10 * digits + co_await *f;
        } catch (mb::timeout_error const&) { timed_out = true; }
        if (timed_out) ++late;
      }
      co_return late * 100'000 + digits;
    })();
    REQUIRE(mb::get(number) == 10 * 100'000 + 43210);
  }
}

TEST_CASE("the next one can be a branch of a select, and what loses is not lost", "[future]") {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    mb::manual_runtime rt({.seed = seed});
    auto const number = mb::remote([]() -> mb::task<int> {
      auto first = mb::as_completed(five());
      auto second = mb::as_completed(five());
      int got = 0;
      while (first.left() != 0 && second.left() != 0) {
        auto next = co_await mb::select(first.next(), second.next());
        got += next.index() == 0 ? std::get<0>(next).has_value() : std::get<1>(next).has_value();
      }
      while (co_await first.next()) ++got;
      while (co_await second.next()) ++got;
      co_return got;
    })();
    REQUIRE(mb::get(number) == 10);
  }
}

TEST_CASE("going through a list in a plain task holds up nobody else", "[future]") {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    mb::manual_runtime rt({.seed = seed});
    auto const sums = [] {
      int sum = 0;
      for (auto& f : mb::as_completed(five())) sum += mb::get(f);
      return sum;
    };
    std::vector<mb::future<int>> tasks;
    for (int i = 0; i < 5; ++i) tasks.push_back(mb::remote(sums)());
    for (int s : mb::get(tasks)) REQUIRE(s == 10);
    REQUIRE(rt.now().time_since_epoch() == 5s);
  }
}

TEST_CASE("a handle to nothing among the futures is told at once", "[future]") {
  std::vector<mb::future<int>> const futures{mb::put(1), mb::future<int>()};
  CHECK_THROWS_AS(mb::as_completed(futures), mb::error);
}
