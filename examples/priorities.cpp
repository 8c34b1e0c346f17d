// Which tasks run first when there are more than workers, and where they run.
#include <mobula/mobula.hpp>

#include <iostream>
#include <string>
#include <vector>

namespace mb = mobula;

// [inherited]
// What a task starts has its priority: the parts of an index that is made in the background don't get in anybody's way.
mb::task<int> index_part(int n) { co_return n; }

mb::task<int> make_index() {
  std::vector<mb::future<int>> parts;
  for (int i = 0; i < 100; ++i) parts.push_back(mb::remote(index_part)(i));
  int sum = 0;
  for (int n : co_await mb::when_all(parts)) sum += n;
  co_return sum;
}
// [/inherited]

int main() {
  // The manual runtime shows the order; one with threads keeps to it as far as its workers can.
  {
    mb::manual_runtime one_by_one;
    auto const say = [](std::string const& what) { std::cout << what << '\n'; };
    // [levels]
    auto index = mb::remote(make_index).options({.priority = mb::priority::background})();
    auto report = mb::remote(say).options({.priority = mb::priority::low})("the report of yesterday");
    auto page = mb::remote(say)("a page");
    auto click = mb::remote(say).options({.priority = mb::priority::high})("an answer to a click");
    // [/levels]
    say("an index of " + std::to_string(mb::get(index)));
  }

  // [worker]
  mb::runtime ray({.num_cpus = 2});
  auto const on_first = mb::remote([] { return mb::this_task::worker().value(); }).options({.worker = 0});
  std::cout << "on worker " << mb::get(on_first()) << '\n';
  // [/worker]
  std::cout << "nodes of memory: " << ray.numa_nodes() << '\n';
}
