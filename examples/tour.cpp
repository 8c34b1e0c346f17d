// What there is, each in a few lines. README.md shows parts of this file.

#include <mobula/mobula.hpp>

#include <chrono>
#include <cmath>
#include <cstdio>
#include <stdexcept>
#include <string>
#include <vector>

namespace mb = mobula;
using namespace std::chrono_literals;

namespace {

// [functions]
int add(int a, int b) { return a + b; }

mb::task<int> slow_add(int a, int b) {
  co_await mb::sleep_for(50ms);  // no worker is held meanwhile
  co_return a + b;
}
// [/functions]

void tasks() {
  // [tasks]
  mb::future<int> a = mb::remote(add)(1, 2);  // submitted at once
  auto b = mb::remote(slow_add)(a, 3);        // a future goes wherever its value goes: b starts when a is there
  int n = mb::get(b);                         // waits: from main the thread, in a task a fiber, never a worker
  // [/tasks]
  std::printf("tasks: %d\n", n);
}

void lists() {
  // [lists]
  std::vector<mb::future<int>> futures;
  for (int i = 0; i < 10; ++i) futures.push_back(mb::remote(slow_add)(i, i));

  auto [ready, pending] = mb::wait(futures, {.num_returns = 3, .timeout = 1s});
  std::vector<int> all = mb::get(futures);  // also arrays, and tuples of futures of different types
  // [/lists]
  std::printf("lists: %zu ready, %zu pending, last %d\n", ready.size(), pending.size(), all.back());
}

void batches() {
  std::vector<double> const xs = {1, 4, 9, 16};
  // [map]
  std::vector<double> ys = mb::map([](double x) { return std::sqrt(x); }, xs);  // one batch, whatever the size
  // [/map]
  std::printf("map: %g %g %g %g\n", ys[0], ys[1], ys[2], ys[3]);
}

// [fork]
mb::task<int> fibonacci(int n) {
  if (n < 2) co_return n;
  auto [a, b] = co_await mb::when_all(fibonacci(n - 1), fibonacci(n - 2));  // in parallel, no allocation but frames
  co_return a + b;
}
// [/fork]

void errors() {
  auto failing = mb::remote([]() -> int { throw std::out_of_range("no such item"); })();
  auto after = mb::remote(add)(failing, 1);  // never starts: what it depends on has failed
  try {
    mb::get(after);
  } catch (std::out_of_range const& e) {  // the exception that the user threw
    std::printf("errors: %s\n", e.what());
  }
}

// [actor]
class account {
 public:
  explicit account(int balance) : balance_(balance) {}
  int deposit(int amount) { return balance_ += amount; }

 private:
  int balance_;  // no lock: calls are handled one at a time
};
// [/actor]

void waiting() {
  mb::channel<int> orders(8);
  mb::get(orders.send(7));
  // [select]
  auto next = mb::get(mb::select(orders.receive(), mb::remote(slow_add)(1, 2), mb::sleep_for(1s)));
  if (next.index() == 0) std::printf("order %d\n", *std::get<0>(next));  // a std::variant: index 2 is the time limit
  // [/select]
}

void actors() {
  // [actors]
  mb::actor<account> savings = mb::make_actor<account>(100);
  mb::future<int> first = savings.call<&account::deposit>(20);
  mb::future<int> second = savings.call<&account::deposit>(first);  // an argument may be a future here too
  // [/actors]
  std::printf("actors: %d %d\n", mb::get(first), mb::get(second));
}

}  // namespace

int main() {
  mb::runtime const ray({.num_cpus = 4});
  tasks();
  lists();
  batches();
  std::printf("fork and join: %d\n", mb::get(fibonacci(20)));
  errors();
  waiting();
  actors();
}
