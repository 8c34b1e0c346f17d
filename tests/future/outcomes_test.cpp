#include "mobula/future/outcomes.hpp"

#include <array>
#include <map>
#include <memory>
#include <ranges>
#include <stdexcept>
#include <string>
#include <tuple>
#include <vector>

#include "mobula/mobula.hpp"
#include "support/catch.hpp"

namespace mb = mobula;
using namespace std::chrono_literals;

namespace {

mb::task<int> after(mb::detail::duration d, int x) {
  co_await mb::sleep_for(d);
  if (x < 0) throw std::domain_error("negative");
  co_return x;
}

std::vector<mb::future<int>> some_fail() {
  std::vector<mb::future<int>> futures;
  for (int i = 0; i < 6; ++i) futures.push_back(mb::remote(after)((6 - i) * 1s, i % 2 == 0 ? i : -i));
  return futures;
}

bool as_expected(std::vector<mb::outcome<int>> const& outcomes) {
  bool right = outcomes.size() == 6;
  for (int i = 0; i < 6 && right; ++i) {
    auto const& o = outcomes[static_cast<std::size_t>(i)];
    right = i % 2 == 0 ? o.has_value() && o.get() == i : o.failure() && o.failure()->message() == "negative";
  }
  return right;
}

}  // namespace

TEST_CASE("each outcome is given in order, and one failure hides none of the others", "[future]") {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    mb::manual_runtime rt({.seed = seed});
    REQUIRE(as_expected(mb::get_outcomes(some_fail())));
    auto const futures = some_fail();
    REQUIRE(as_expected(mb::get_outcomes(futures)));
    REQUIRE(futures[0].valid());
    auto const in_coroutine = [](std::vector<mb::future<int>> fs) -> mb::task<bool> {
      co_return as_expected(co_await mb::when_all_outcomes(fs));
    };
    REQUIRE(mb::get(mb::remote(in_coroutine)(futures)));
  }
}

TEST_CASE("failures that were given as outcomes count as read", "[future]") {
  int reports = 0;
  {
    mb::manual_runtime rt({.on_unread_failure = [&](mb::failure const&) { ++reports; }});
    static_cast<void>(mb::get_outcomes(some_fail()));
    auto const futures = some_fail();
    static_cast<void>(mb::get_outcomes(futures));
  }
  CHECK(reports == 0);
}

TEST_CASE("outcomes come in the shape of what was asked for", "[future]") {
  mb::manual_runtime rt;
  auto const failed = mb::remote([]() -> int { throw 1; })();
  std::array<mb::outcome<int>, 2> const array = mb::get_outcomes(std::array{failed, mb::put(2)});
  CHECK(array[0].has_failure());
  CHECK(array[1].get() == 2);
  int object = 0;
  auto const reference = mb::remote([&]() -> int& { return object; })();
  auto const [a, b, c] = mb::get_outcomes(failed, mb::remote([] {})(), reference);
  STATIC_REQUIRE(std::is_same_v<decltype(b), mb::outcome<void> const>);
  CHECK(a.has_failure());
  CHECK(b.has_value());
  CHECK(&c.get() == &object);
  std::map<std::string, mb::outcome<int>> const map =
      mb::get_outcomes(std::map<std::string, mb::future<int>>{{"failed", failed}, {"two", mb::put(2)}});
  CHECK(map.at("failed").has_failure());
  CHECK(map.at("two").get() == 2);
  std::vector<mb::future<void>> const nothings{mb::remote([] {})(), mb::remote([] { throw 1; })()};
  std::vector<mb::outcome<void>> const outcomes = mb::get_outcomes(nothings);
  CHECK(outcomes[0].has_value());
  CHECK(outcomes[1].has_failure());
}

TEST_CASE("values that can only be moved are moved into the outcomes, and shared ones say that they can't be",
          "[future]") {
  mb::manual_runtime rt;
  std::vector<mb::future<std::unique_ptr<int>>> futures;
  for (int i = 0; i < 2; ++i) futures.push_back(mb::put(std::make_unique<int>(i)));
  auto const shared = futures[0];
  auto outcomes = mb::get_outcomes(std::move(futures));
  CHECK(outcomes[0].failure()->message().find("last handle") != std::string::npos);
  CHECK(*outcomes[1].take() == 1);
  CHECK(*mb::get(shared) == 0);
}

TEST_CASE("outcomes can be asked for with a time limit, and asked for again", "[future]") {
  mb::manual_runtime rt;
  auto futures = some_fail();
  CHECK_THROWS_AS(mb::get_outcomes(std::move(futures), 1s), mb::timeout_error);
  CHECK(as_expected(mb::get_outcomes(std::move(futures), 10s)));  // NOLINT: nothing was taken
}

TEST_CASE("outcomes can be asked for of what makes its futures on the fly", "[future]") {
  mb::manual_runtime rt;
  auto const risky = [](int x) { return x % 2 == 0 ? x : throw x; };
  auto const outcomes = mb::get_outcomes(std::views::iota(0, 4) | std::views::transform(mb::remote(risky)));
  CHECK(outcomes[2].get() == 2);
  CHECK(outcomes[3].has_failure());
}
