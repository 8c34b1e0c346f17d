// Tasks that wait for tasks. A blocking `get` inside a task gives its worker away, so even one worker is never stuck.

#include <mobula/mobula.hpp>

#include <cstdio>
#include <vector>

namespace mb = mobula;

namespace {

int a(int x) { return x + 1; }

// Tasks are made of plain functions, which may still be called as such.
int b_calls_a(int x) { return 10 * a(x); }

int b_gets_a(int x) {
  mb::future<int> y = mb::remote(a)(x);  // on the runtime that this task runs on
  return 10 * mb::get(y);                // parks this task; its worker goes on with others, such as `a`
}

mb::task<int> b_awaits_a(int x) { co_return 10 * co_await mb::remote(a)(x); }

// Each level waits for the one below, so `levels` tasks wait at once.
int depth(int levels) { return levels == 0 ? 0 : 1 + mb::get(mb::remote(depth)(levels - 1)); }

}  // namespace

int main() {
  mb::runtime const ray({.num_cpus = 1});
  std::printf("b calls a:                        %d\n", mb::get(mb::remote(b_calls_a)(1)));
  std::printf("b gets remote(a):                 %d\n", mb::get(mb::remote(b_gets_a)(1)));
  std::printf("b awaits remote(a):               %d\n", mb::get(mb::remote(b_awaits_a)(1)));

  std::vector<mb::future<int>> five;
  for (int x = 0; x < 5; ++x) five.push_back(mb::remote(b_gets_a)(x));
  std::printf("five such b on one worker:       ");
  for (int y : mb::get(five)) std::printf(" %d", y);

  std::printf("\nget in get, 1000 deep, one worker: %d\n", mb::get(mb::remote(depth)(1000)));
}
