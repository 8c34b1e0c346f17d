#include "mobula/core/work_stealing_deque.hpp"

#include <atomic>
#include <thread>
#include <vector>

#include "support/catch.hpp"

using deque = mobula::detail::work_stealing_deque<int>;

TEST_CASE("the owner takes what it pushed last", "[core]") {
  deque q;
  int items[3] = {};
  for (int& i : items) q.push(&i);
  CHECK(q.size() == 3);
  CHECK(q.pop() == &items[2]);
  CHECK(q.pop() == &items[1]);
  CHECK(q.pop() == &items[0]);
  CHECK(q.pop() == nullptr);
  CHECK(q.empty());
}

TEST_CASE("a thief takes the oldest", "[core]") {
  deque q;
  int items[3] = {};
  for (int& i : items) q.push(&i);
  CHECK(q.steal() == &items[0]);
  CHECK(q.steal() == &items[1]);
  CHECK(q.pop() == &items[2]);
  CHECK(q.steal() == nullptr);
}

TEST_CASE("pop_if takes the newest only if it is the one", "[core]") {
  deque q;
  int a = 0, b = 0;
  CHECK_FALSE(q.pop_if(&a));
  q.push(&a);
  q.push(&b);
  CHECK_FALSE(q.pop_if(&a));
  CHECK(q.size() == 2);
  CHECK(q.pop_if(&b));
  CHECK(q.pop_if(&a));
  CHECK_FALSE(q.pop_if(&a));
  CHECK(q.empty());
}

TEST_CASE("a full queue grows and keeps its order, also when its positions have wrapped around", "[core]") {
  deque q(4);
  std::vector<int> items(100);
  for (int i = 0; i < 3; ++i) q.push(&items[0]);
  for (int i = 0; i < 3; ++i) REQUIRE(q.steal() == &items[0]);
  for (int& i : items) q.push(&i);
  CHECK(q.size() == 100);
  for (std::size_t i = 0; i < 50; ++i) REQUIRE(q.steal() == &items[i]);
  for (std::size_t i = 100; i-- > 50;) REQUIRE(q.pop() == &items[i]);
  CHECK(q.pop() == nullptr);
}

TEST_CASE("a queue that was emptied can be used again", "[core]") {
  deque q(2);
  int item = 0;
  for (int i = 0; i < 1000; ++i) {
    q.push(&item);
    REQUIRE((i % 2 == 0 ? q.pop() : q.steal()) == &item);
    REQUIRE(q.pop() == nullptr);
    REQUIRE(q.steal() == nullptr);
  }
}

TEST_CASE("each item is taken once, whoever takes it", "[core]") {
  constexpr std::size_t n = 20'000;
  deque q(2);  // so that it grows under the thieves
  std::vector<int> items(n);
  std::vector<std::atomic<int>> taken(n);
  auto const take = [&](int const* item) { taken[static_cast<std::size_t>(item - items.data())].fetch_add(1); };
  std::atomic<bool> over{false};
  std::vector<std::thread> thieves;
  for (int i = 0; i < 2; ++i)
    thieves.emplace_back([&] {
      while (!over) {
        if (int* const item = q.steal())
          take(item);
        else
          std::this_thread::yield();
      }
    });
  for (std::size_t i = 0; i < n; ++i) {
    q.push(&items[i]);
    if (i % 3 == 0)
      if (int* const item = q.pop()) take(item);
    if (i % 5 == 0 && q.pop_if(&items[i])) take(&items[i]);
  }
  while (int* const item = q.pop()) take(item);
  over = true;
  for (auto& t : thieves) t.join();
  std::size_t once = 0;
  for (auto const& t : taken) once += t == 1;
  CHECK(once == n);
}
