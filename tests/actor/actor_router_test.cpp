#include "mobula/actor/actor_router.hpp"

#include <chrono>
#include <map>
#include <string>
#include <vector>

#include "mobula/mobula.hpp"
#include "support/catch.hpp"

namespace mb = mobula;
using namespace std::chrono_literals;

namespace {

class shard {
 public:
  explicit shard(int number) : number_(number) {}
  int number() const { return number_; }
  mb::task<int> slow(int seconds) {
    co_await mb::sleep_for(seconds * 1s);
    co_return number_;
  }

 private:
  int number_;
};

std::vector<mb::actor<shard>> shards(int n) {
  std::vector<mb::actor<shard>> all;
  for (int i = 0; i < n; ++i) all.push_back(mb::make_actor<shard>(i));
  return all;
}

}  // namespace

TEST_CASE("next gives each member in turn, also when some have come or gone", "[router]") {
  mb::manual_runtime rt;
  auto const all = shards(3);
  mb::actor_router<shard> router(all);
  std::vector<int> order;
  for (int i = 0; i < 6; ++i) order.push_back(mb::get(router.next().call<&shard::number>()));
  CHECK(order == std::vector{0, 1, 2, 0, 1, 2});
  CHECK(router.remove(all[1]));
  CHECK_FALSE(router.remove(all[1]));
  order.clear();
  for (int i = 0; i < 4; ++i) order.push_back(mb::get(router.next().call<&shard::number>()));
  CHECK(order == std::vector{0, 2, 0, 2});
  CHECK(router.size() == 2);
}

TEST_CASE("least_loaded knows how many calls are not over", "[router]") {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    mb::manual_runtime rt({.seed = seed});
    mb::actor_router<shard> router(shards(3));
    std::map<int, int> calls;
    std::vector<mb::future<int>> first;
    for (int i = 0; i < 3; ++i) first.push_back(router.least_loaded().call<&shard::slow>(i == 1 ? 10 : 1));
    rt.advance(2s);
    REQUIRE(first[0].ready());
    REQUIRE_FALSE(first[1].ready());
    std::vector<mb::future<int>> second;
    for (int i = 0; i < 2; ++i) second.push_back(router.least_loaded().call<&shard::slow>(1));
    for (auto const& f : second) ++calls[mb::get(f)];
    CHECK(calls.size() == 2);
    CHECK(calls.count(mb::get(first[1])) == 0);
  }
}

TEST_CASE("a key stays with its member when others come and go", "[router]") {
  mb::manual_runtime rt;
  auto const all = shards(5);
  mb::actor_router<shard> router(all);
  auto const owner = [&](std::string const& key) { return mb::get(router.by_key(key).call<&shard::number>()); };
  std::map<std::string, int> before;
  std::map<int, int> share;
  for (int i = 0; i < 1000; ++i) {
    auto const key = "user " + std::to_string(i);
    ++share[before[key] = owner(key)];
  }
  for (int i = 0; i < 5; ++i) CHECK((share[i] > 120 && share[i] < 300));

  router.remove(all[2]);
  for (auto const& [key, number] : before) {
    if (number == 2)
      CHECK(owner(key) != 2);
    else
      CHECK(owner(key) == number);
  }
  router.add(mb::make_actor<shard>(9));
  for (auto const& [key, number] : before) {
    int const now = owner(key);
    if (number != 2) CHECK((now == number || now == 9));
  }
}

TEST_CASE("numbers are keys too, and are spread", "[router]") {
  mb::manual_runtime rt;
  mb::actor_router<shard> const router(shards(4));
  std::map<int, int> share;
  for (int i = 0; i < 400; ++i) ++share[mb::get(router.by_key(i).call<&shard::number>())];
  for (int i = 0; i < 4; ++i) CHECK((share[i] > 60 && share[i] < 140));
}

TEST_CASE("a router without members says so", "[router]") {
  mb::manual_runtime rt;
  mb::actor_router<shard> router;
  CHECK_THROWS_WITH(router.next(), Catch::Contains("no members"));
  CHECK_THROWS_WITH(router.least_loaded(), Catch::Contains("no members"));
  CHECK_THROWS_WITH(router.by_key(1), Catch::Contains("no members"));
}
