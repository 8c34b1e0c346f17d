#include "mobula/future/holder.hpp"

#include <deque>
#include <filesystem>
#include <forward_list>
#include <functional>
#include <map>
#include <memory>
#include <ranges>
#include <span>
#include <string>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <variant>
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

int square(int x) { return x * x; }

}  // namespace

TEST_CASE("a map of futures gives a map of values with the same keys and order", "[future]") {
  mb::manual_runtime rt;
  std::map<std::string, mb::future<int>, std::greater<>> futures;
  futures["one"] = mb::remote(after)(1s, 1);
  futures["two"] = mb::remote(after)(2s, 2);
  std::map<std::string, int, std::greater<>> const values = mb::get(futures);
  CHECK(values.begin()->first == "two");
  CHECK(values.at("one") == 1);
  CHECK(futures["one"].valid());
  std::unordered_map<int, mb::future<std::unique_ptr<int>>> moved;
  moved[3] = mb::put(std::make_unique<int>(4));
  CHECK(*mb::get(std::move(moved)).at(3) == 4);
}

TEST_CASE("maps of futures of nothing and of references", "[future]") {
  mb::manual_runtime rt;
  int object = 1;
  std::map<int, mb::future<void>> nothing;
  nothing[1] = mb::remote([] {})();
  std::map<int, std::monostate> const waited = mb::get(nothing);
  CHECK(waited.size() == 1);
  std::map<int, mb::future<int&>> references;
  references.emplace(1, mb::remote([&]() -> int& { return object; })());
  CHECK(&mb::get(references).at(1).get() == &object);
}

TEST_CASE("spans, deques, forward lists and views give vectors", "[future]") {
  mb::manual_runtime rt;
  std::vector<mb::future<int>> const futures{mb::remote(square)(1), mb::remote(square)(2), mb::remote(square)(3)};
  CHECK(mb::get(std::span(futures).first(2)) == std::vector{1, 4});
  CHECK(mb::get(std::deque(futures.begin(), futures.end())) == std::vector{1, 4, 9});
  CHECK(mb::get(std::forward_list(futures.begin(), futures.end())) == std::vector{1, 4, 9});
  auto const ready = [](mb::future<int> const& f) { return f.ready(); };
  CHECK(mb::get(futures | std::views::filter(ready)) == std::vector{1, 4, 9});
}

TEST_CASE("a view that calls a remote function is gone through once", "[future]") {
  mb::manual_runtime rt;
  int calls = 0;
  auto const count = mb::remote([&calls](int x) { return ++calls, x; });
  CHECK(mb::get(std::views::iota(0, 5) | std::views::transform(count)) == std::vector{0, 1, 2, 3, 4});
  CHECK(calls == 5);
}

TEST_CASE("containers of futures may lie within each other", "[future]") {
  mb::manual_runtime rt;
  std::vector<std::vector<mb::future<int>>> const rows{{mb::put(1), mb::put(2)}, {}, {mb::remote(square)(3)}};
  CHECK(mb::get(rows) == std::vector<std::vector<int>>{{1, 2}, {}, {9}});
  auto const [number, list] = mb::get(std::pair(mb::put(1), std::vector{mb::put(2)}));
  CHECK(number == 1);
  CHECK(list == std::vector{2});
  std::map<int, std::tuple<mb::future<int>, mb::future<void>>> map;
  map.emplace(1, std::tuple(mb::put(5), mb::remote([] {})()));
  CHECK(std::get<0>(mb::get(map).at(1)) == 5);
  std::vector<std::vector<mb::future<void>>> const nothing(2, {mb::remote([] {})()});
  mb::get(nothing);
}

TEST_CASE("any container can be waited for with a limit, again, and nothing is lost of an rvalue", "[future]") {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    mb::manual_runtime rt({.seed = seed});
    auto tuple = std::tuple(mb::remote(after)(2s, 1), mb::put(std::make_unique<int>(2)));
    std::map<int, mb::future<int>> map;
    map[1] = mb::remote(after)(3s, 3);
    REQUIRE_THROWS_AS(mb::get(std::move(tuple), 1s), mb::timeout_error);
    REQUIRE_THROWS_AS(mb::get(std::move(map), 0s), mb::timeout_error);
    auto const [number, pointer] = mb::get(std::move(tuple), 1s);  // NOLINT: nothing was taken
    REQUIRE(number + *pointer == 3);
    REQUIRE(rt.now().time_since_epoch() == 2s);
    REQUIRE(mb::get(std::move(map), 1s).at(1) == 3);  // NOLINT: nothing was taken
  }
}

TEST_CASE("any container can be awaited", "[future]") {
  mb::manual_runtime rt;
  CHECK(mb::get(mb::remote([]() -> mb::task<int> {
          std::map<int, mb::future<int>> map;
          map[1] = mb::remote(after)(1s, 4);
          auto const pair = std::pair(mb::put(1), mb::put(2));
          auto const values = co_await map;
          auto const [a, b] = co_await pair;
          co_return values.at(1) * 100 + a * 10 + b;
        })()) == 412);
}

TEST_CASE("what holds no futures is no container of futures", "[future]") {
  STATIC_REQUIRE(mb::future_container<std::vector<mb::future<int>>>);
  STATIC_REQUIRE(mb::future_container<std::map<int, mb::future<void>> const&>);
  STATIC_REQUIRE_FALSE(mb::future_container<mb::future<int>>);
  STATIC_REQUIRE_FALSE(mb::future_container<std::string>);
  STATIC_REQUIRE_FALSE(mb::future_container<std::tuple<>>);
  STATIC_REQUIRE_FALSE(mb::future_container<std::filesystem::path>);
  STATIC_REQUIRE_FALSE(mb::future_container<std::tuple<mb::future<int>, int>>);
}
