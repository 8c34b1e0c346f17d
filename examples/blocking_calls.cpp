// Calls that block in the kernel, or in somebody else's lock: on threads of their own, so that the workers go on.
#include <mobula/mobula.hpp>

#include <chrono>
#include <iostream>
#include <string>
#include <thread>
#include <vector>

namespace mb = mobula;
using namespace std::chrono_literals;

// [blocking]
// A library that knows nothing of tasks: its call keeps the thread until the answer is there.
std::string query(int row) {
  std::this_thread::sleep_for(50ms);
  return "row " + std::to_string(row);
}

auto const ask = mb::remote(query).options({.name = "query", .blocking = true});
// [/blocking]

// [await]
// A coroutine awaits such calls as any others.
mb::task<std::size_t> length_of(int row) {
  std::string const text = co_await ask(row);
  co_return text.size();
}
// [/await]

int main() {
  // [runtime]
  mb::runtime ray({.num_cpus = 1, .max_blocking_threads = 64});
  std::vector<mb::future<std::string>> rows;
  for (int i = 0; i < 20; ++i) rows.push_back(ask(i));
  auto sum = mb::remote([] { return 2 + 3; })();  // the only worker is free for it
  // [/runtime]

  std::cout << "five: " << mb::get(sum) << ", while "
            << (rows.back().ready() ? "nothing is asked\n" : "20 rows are asked for\n");
  std::cout << mb::get(rows).size() << " rows, the last is " << mb::get(rows.back()) << '\n';
  std::cout << "length: " << mb::get(mb::remote(length_of)(7)) << '\n';

  // [timeout]
  auto const soon = mb::remote(query).options({.timeout = 5ms, .blocking = true});
  try {
    std::cout << mb::get(soon(1)) << '\n';
  } catch (mb::deadline_error const&) { std::cout << "row 1 has not come in time; its call goes on, for nobody\n"; }
  // [/timeout]
}
