// Memory refused to batches and streams.
#include <functional>

#include <atomic>
#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "process/refused_memory.hpp"

namespace mb = mobula;
using mobula::test::inc;
using mobula::test::nap;
using mobula::test::survive;
using namespace std::chrono_literals;

namespace {

mb::generator<int> numbers(int n) {
  for (int i = 0; i < n; ++i) {
    co_await mb::sleep_for(10us);
    co_yield i;
  }
}

}  // namespace

TEST_CASE("a batch or a stream that is refused memory throws bad_alloc or succeeds", "[process]") {
  survive({
      {"map",
       [] {
         std::vector<int> xs(100, 1);
         return mb::map(
                    [](int x) {
                      for (int volatile i = 0; i < 2000;) i = i + 1;
                      return x;
                    },
                    xs) == xs;
       }},
      {"map in_flight progress",
       [] {
         std::vector<int> xs(100, 1);
         return mb::map(inc, xs, {.chunk = 10, .in_flight = 2, .progress = [](auto, auto) {}}).size() == 100;
       }},
      {"map coroutine",
       [] {
         std::vector<int> xs(20, 1);
         return mb::map(nap, xs, {.in_flight = 5}) == xs;
       }},
      {"async_map",
       [] {
         return mb::get(mb::remote([]() -> mb::task<int> {
                  std::vector<int> xs(20, 1);
                  auto r = co_await mb::async_map(nap, xs);
                  co_return int(r.size());
                })()) == 20;
       }},
      {"map_unordered",
       [] {
         std::vector<int> xs(20, 1);
         int n = 0;
         for (auto [i, v] : mb::map_unordered(nap, xs, {.in_flight = 4})) n += v;
         return n == 20;
       }},
      {"map_window",
       [] {
         std::vector<int> xs(20, 1);
         int n = 0;
         for (auto v : mb::map_window(inc, xs, {.in_flight = 4})) n += v;
         return n == 40;
       }},
      {"map_outcomes",
       [] {
         std::vector<int> xs(20, 1);
         return mb::map_outcomes(inc, xs).size() == 20;
       }},
      {"for_each",
       [] {
         std::vector<int> xs(200, 1);
         mb::for_each([](int& x) { x = 2; }, xs);
         return xs[199] == 2;
       }},
      {"reduce",
       [] {
         std::vector<int> xs(20000, 1);
         return mb::reduce(xs, 0) == 20000;
       }},
      {"transform_reduce",
       [] {
         std::vector<int> xs(20000, 1);
         return mb::transform_reduce(inc, xs, 0, std::plus<>()) == 40000;
       }},
      {"map fails",
       [] {
         std::vector<int> xs(20, 1);
         try {
           mb::map([](int) -> int { throw std::runtime_error("x"); }, xs);
         } catch (std::bad_alloc const&) { throw; } catch (std::runtime_error const&) {
           return true;
         }
         return false;
       }},
      {"stream",
       [] {
         int n = 0;
         for (int x : mb::remote(numbers)(20)) n += x;
         return n == 190;
       }},
      {"generator",
       [] {
         int n = 0;
         for (int x : numbers(20)) n += x;
         return n == 190;
       }},
      {"stream in task",
       [] {
         return mb::get(mb::remote([]() -> mb::task<int> {
                  auto s = mb::remote(numbers)(20);
                  int n = 0;
                  while (auto x = co_await s.next()) n += *x;
                  co_return n;
                })()) == 190;
       }},
      {"async_for_each, async_reduce, async_map_outcomes",
       [] {
         return mb::get(mb::remote([]() -> mb::task<int> {
                  std::vector<int> xs(20, 1);
                  co_await mb::async_for_each([](int& x) { ++x; }, xs);
                  int const sum = co_await mb::async_reduce(xs, 0);
                  auto const all = co_await mb::async_map_outcomes(nap, xs);
                  co_return sum + static_cast<int>(all.size());
                })()) == 60;
       }},
      {"stream left early",
       [] {
         for (int x : mb::remote(numbers)(20))
           if (x == 3) return true;
         return false;
       }},
      {"generator in a task",
       [] {
         return mb::get(mb::remote([] {
                  int n = 0;
                  for (int x : numbers(5)) n += x;
                  return n;
                })()) == 10;
       }},
  });
}
