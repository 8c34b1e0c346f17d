#include "mobula/task/fork.hpp"

#include <memory>
#include <stdexcept>
#include <utility>
#include <vector>

#include "mobula/mobula.hpp"
#include "support/catch.hpp"

namespace mb = mobula;
using namespace std::chrono_literals;

namespace {

mb::task<int> fib(int n) {
  if (n < 2) co_return n;
  auto [a, b] = co_await mb::when_all(fib(n - 1), fib(n - 2));
  co_return a + b;
}

mb::task<int> restless_fib(int n) {
  if (n < 2) co_return co_await mb::remote([n] { return n; })();
  if (n == 2) co_await mb::sleep_for(1us);
  auto [a, b] = co_await mb::when_all(restless_fib(n - 1), restless_fib(n - 2));
  co_return mb::get(mb::remote([a = a, b = b] { return a + b; })());
}

mb::task<long> skynet(long from, long size) {
  if (size == 1) co_return from;
  std::vector<mb::task<long>> children;
  for (long i = 0; i < 10; ++i) children.push_back(skynet(from + i * size / 10, size / 10));
  long sum = 0;
  for (long x : co_await mb::when_all(std::move(children))) sum += x;
  co_return sum;
}

mb::task<int> failing_tree(int n) {
  if (n == 0) throw std::domain_error("a leaf");
  auto [a, b] = co_await mb::when_all(failing_tree(n - 1), fib(n));
  co_return a + b;
}

}  // namespace

TEST_CASE("forked children are stolen, and each result arrives, on any number of workers", "[task]") {
  for (unsigned workers : {1U, 2U, 4U}) {
    mb::runtime rt({.num_cpus = workers});
    CHECK(mb::get(mb::remote(fib)(20)) == 6765);
    CHECK(mb::get(mb::remote(skynet)(0, 10'000)) == 49'995'000);
  }
}

TEST_CASE("forked children may wait, block and sleep, on any number of workers", "[task]") {
  for (unsigned workers : {1U, 2U, 4U}) {
    mb::runtime rt({.num_cpus = workers});
    std::vector<mb::future<int>> trees;
    for (int i = 0; i < 4; ++i) trees.push_back(mb::remote(restless_fib)(12));
    for (int x : mb::get(trees)) CHECK(x == 144);
  }
}

TEST_CASE("errors of forked children come through the whole tree", "[task]") {
  for (unsigned workers : {1U, 2U, 4U}) {
    mb::runtime rt({.num_cpus = workers});
    for (int i = 0; i < 20; ++i) CHECK_THROWS_AS(mb::get(mb::remote(failing_tree)(10)), std::domain_error);
  }
}
