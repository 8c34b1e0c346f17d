// Why does it hang? A runtime that tracks its tasks tells which task waits for what, at which line, and for whom.
#include <mobula/mobula.hpp>

#include <chrono>
#include <iostream>
#include <semaphore>

namespace mb = mobula;
using namespace std::chrono_literals;

// [waits]
// Nobody sends the second page: whoever reads it waits, and so does whoever wants the count.
mb::task<int> read_pages(mb::channel<int> pages) {
  auto const first = co_await pages.receive();
  auto const second = co_await pages.receive();
  co_return *first + *second;
}
int count_pages(mb::channel<int> pages) {
  auto const sum = mb::remote(read_pages).options({.name = "read"})(pages);
  return mb::get(sum);
}
// [/waits]

// [circle]
// Two tasks, each of which waits for the other's result.
void wait_for_each_other() {
  mb::promise<mb::future<int>> other;
  auto const left = mb::remote([&] { return mb::get(mb::get(other.get_future())) + 1; }).options({.name = "left"})();
  auto const right = mb::remote([&] { return mb::get(left) + 1; }).options({.name = "right"})();
  other.set_value(right);
  try {
    std::cout << mb::get(left) << '\n';
  } catch (mb::deadlock_error const& e) { std::cout << e.what() << '\n'; }
}
// [/circle]

int main() {
  // [options]
  std::binary_semaphore stalled(0);
  mb::runtime ray({.num_cpus = 2, .track_tasks = true, .stall_after = 200ms, .on_warning = [&](char const* text) {
                     std::cout << text;
                     stalled.release();
                   }});
  // [/options]
  wait_for_each_other();

  mb::channel<int> pages(1);
  auto const count = mb::remote(count_pages).options({.name = "count"})(pages);
  mb::get(pages.send(1));
  stalled.acquire();  // a report has been printed

  // [dump]
  std::cout << mb::dump_tasks();  // the same at any time; so does `kill -USR1`, to stderr
  // [/dump]
  mb::get(pages.send(2));
  std::cout << mb::get(count) << " pages\n";
}
