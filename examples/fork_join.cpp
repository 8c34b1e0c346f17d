// Structured fork and join: tasks whose children are over before they are, whatever happens.

#include <mobula/mobula.hpp>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <numeric>
#include <ranges>
#include <stdexcept>
#include <vector>

namespace mb = mobula;
using namespace std::chrono_literals;

namespace {

// In a coroutine: two tasks at once, whose results come back in a tuple.
mb::task<int> fibonacci(int n) {
  if (n < 2) co_return n;
  auto [a, b] = co_await mb::when_all(fibonacci(n - 1), fibonacci(n - 2));
  co_return a + b;
}

// In a plain function: the same by a group.
// [group]
long sum(std::vector<long> const& xs, std::size_t from, std::size_t to) {
  if (to - from < 1000) return std::accumulate(&xs[from], &xs[from] + (to - from), 0L);
  std::size_t const middle = from + (to - from) / 2;
  long left = 0;
  mb::task_group g;
  g.run([&] { left = sum(xs, from, middle); });  // on whichever worker is free
  long const right = sum(xs, middle, to);
  mb::get(g.join());  // in a coroutine: co_await g.join(). Else the group's destructor waits
  return left + right;
}
// [/group]

mb::task<int> square(int x) {
  co_await mb::sleep_for(1ms);
  co_return x* x;
}

mb::task<> crawl(mb::task_group& g, std::atomic<int>& pages, int depth) {
  ++pages;
  co_await mb::sleep_for(1ms);
  for (int link = 0; depth > 0 && link < 3; ++link)
    g.run(crawl, std::ref(g), std::ref(pages), depth - 1);  // a child starts further children
}

mb::task<> demonstrate() {
  std::printf("a view of tasks:");
  for (int y : co_await mb::when_all(std::views::iota(1, 6) | std::views::transform(square))) std::printf(" %d", y);

  std::atomic<int> pages = 0;
  auto const body = [&](mb::task_group& g) -> mb::task<> {
    g.run(crawl, std::ref(g), std::ref(pages), 3);
    co_await mb::sleep_for(1ms);
    throw std::runtime_error("the body has failed");
  };
  try {
    co_await mb::with_group(body);
  } catch (std::runtime_error const& e) {  // all children are over
    std::printf("\nwith_group: %d pages, %s\n", pages.load(), e.what());
  }

  auto const cleanup = []() -> mb::task<> {  // may wait, as no destructor can
    co_await mb::sleep_for(1ms);
    std::printf("finally: cleaned up\n");
  };
  int const y = co_await mb::finally(square(7), cleanup);
  std::printf("finally: %d\n", y);
}

}  // namespace

int main() {
  mb::runtime const ray({.num_cpus = 4});
  std::printf("when_all: %d\n", mb::get(fibonacci(20)));
  std::vector<long> xs(100'000);
  std::iota(xs.begin(), xs.end(), 1);
  std::printf("task_group: %ld\n", sum(xs, 0, xs.size()));
  mb::get(demonstrate());
}
