// Limits of time: of a task, of a part of one, of all that they start; and what is done when the time is over.
#include <mobula/mobula.hpp>

#include <chrono>
#include <iostream>
#include <string>

namespace mb = mobula;
using namespace std::chrono_literals;

// [inherited]
// Nobody tells this function how long it may take: the task that it runs for does.
mb::task<std::string> look_up(std::string key) {
  if (mb::this_task::time_left() < 100ms) co_return key + " from the cache";
  co_await mb::sleep_for(1h);  // a slow disk
  co_return key + " from the disk";
}

struct index_server {
  mb::task<std::string> find(std::string key) { co_return co_await mb::remote(look_up)(key); }
};
// [/inherited]

// [part]
// The best answer that can be had in time: a part of the task has less time than the task.
mb::task<std::string> answer(std::string question) {
  try {
    co_return co_await mb::with_deadline(look_up(question), 200ms);
  } catch (mb::deadline_error const&) { co_return "a guess at " + question; }
}
// [/part]

int main() {
  mb::runtime ray({.num_cpus = 2});

  // [timeout]
  auto slow = mb::remote(look_up).options({.name = "look up", .timeout = 150ms})("weather");
  try {
    std::cout << mb::get(slow) << '\n';
  } catch (mb::deadline_error const& e) { std::cout << e.what() << '\n'; }
  // [/timeout]

  std::cout << mb::get(mb::remote(answer)("time")) << '\n';

  // [deadline]
  auto index = mb::make_actor<index_server>();
  auto const by_then = mb::remote([index](std::string key) -> mb::task<std::string> {
                         co_return co_await index.call<&index_server::find>(key);
                       }).options({.deadline = ray.now() + 50ms});
  std::cout << mb::get(by_then("place")) << '\n';  // the actor's method, and its task, know of the deadline
  // [/deadline]
}
