// Tasks that are tried again: after which errors, with which waits between, and a second copy of one that takes long.
#include <mobula/mobula.hpp>

#include <atomic>
#include <chrono>
#include <iostream>
#include <stdexcept>
#include <string>
#include <vector>

namespace mb = mobula;
using namespace std::chrono_literals;

struct connection_lost : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// A service that answers now and then.
std::atomic<int> calls{0};
std::string fetch(std::string const& page) {
  int const n = ++calls;
  if (n % 3 != 0) throw connection_lost("connection " + std::to_string(n) + " was lost");
  return page + ", by connection " + std::to_string(n);
}

mb::task<int> straggler() {
  static std::atomic<int> copies{0};
  int const me = ++copies;
  if (me == 1) co_await mb::sleep_for(1h);  // a bad day
  co_return me;
}

int main() {
  mb::runtime ray({.num_cpus = 2});

  // [retries]
  auto const patient = mb::remote(fetch).options({
      .max_retries = 4,
      .retry_if = mb::retry_on<connection_lost>(),
      .backoff = {.first = 1ms},  // about 1 ms, 2 ms, 4 ms, ...
      .timeout = 10s,             // for all attempts together
  });
  std::cout << mb::get(patient("news")) << '\n';
  // [/retries]

  // [attempts]
  mb::future<std::string> f = mb::remote(fetch).options({.name = "fetch", .max_retries = 1})("weather");
  static_cast<void>(mb::wait(std::vector{f}));
  for (mb::failure const& attempt : f.failure()->attempts()) std::cout << attempt.message() << '\n';
  // [/attempts]

  // [hedge]
  auto const hedged = mb::remote(straggler).options({.hedge_after = 20ms});
  std::cout << "copy " << mb::get(hedged()) << " was first\n";  // the other is cancelled
  // [/hedge]
}
