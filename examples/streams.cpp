// Work that flows: a pipeline with back-pressure, a select that ends it, and a remote generator read while it runs.

#include <mobula/mobula.hpp>

#include <chrono>
#include <cstdio>
#include <string>
#include <variant>
#include <vector>

namespace mb = mobula;
using namespace std::chrono_literals;

namespace {

// [stages]
// Source: waits whenever the workers are behind.
mb::task<> read_orders(mb::channel<int> orders, int n) {
  for (int i = 0; i < n; ++i)
    if (!co_await orders.send(i)) co_return;
  orders.close();
}

// Workers: as many as one likes read the same channel, each order goes to one of them.
mb::task<> price(mb::channel<int> orders, mb::channel<double> prices) {
  while (auto const order = co_await orders.receive()) {
    co_await mb::sleep_for(1ms);  // ask somebody
    if (!co_await prices.send(*order * 1.5)) co_return;
  }
}

// Sink: a plain function, which blocks no worker either.
double total(mb::channel<double> const& prices) {
  double sum = 0;
  for (double const p : mb::each(prices)) sum += p;
  return sum;
}
// [/stages]

void pipeline() {
  // [pipeline]
  mb::channel<int> orders(8);
  mb::channel<double> prices(8);
  auto source = mb::remote(read_orders)(orders, 100);
  std::vector<mb::future<void>> workers;
  for (int i = 0; i < 4; ++i) workers.push_back(mb::remote(price)(orders, prices));
  auto sink = mb::remote(total)(prices);
  mb::get(workers);  // over when the orders are
  prices.close();
  std::printf("100 orders: %.1f\n", mb::get(sink));
  // [/pipeline]
  mb::get(source);
}

// [select]
mb::task<std::string> listen(mb::channel<std::string> messages, mb::channel<int> quit) {
  std::string heard;
  for (;;) {
    auto const next = co_await mb::select(messages.receive(), quit.receive(), mb::sleep_for(10s));
    switch (next.index()) {
      case 0: heard += *std::get<0>(next) + " "; break;
      case 1: co_return heard + "(told to quit)";
      default: co_return heard + "(nobody spoke for 10 s)";
    }
  }
}
// [/select]

void selecting() {
  mb::channel<std::string> messages(1);
  mb::channel<int> quit(1);
  auto listener = mb::remote(listen)(messages, quit);
  for (char const* word : {"to", "be"})
    if (!mb::get(messages.send(word))) return;
  quit.close();
  std::printf("heard: %s\n", mb::get(listener).c_str());
}

// [generator]
mb::generator<int> primes() {
  for (int n = 2;; ++n) {
    bool prime = true;
    for (int d = 2; d * d <= n; ++d) prime = prime && n % d != 0;
    if (prime) co_yield n;
  }
}
// [/generator]

void generating() {
  // [stream]
  int sum = 0;
  for (int const p : primes()) {  // made here, each when it is asked for
    if (p > 30) break;
    sum += p;
  }
  std::printf("primes to 30: %d\n", sum);

  mb::stream<int> stream = mb::remote(primes).options({.name = "primes", .stream_capacity = 64})();
  for (int const p : stream) {  // made by a task, which works ahead
    if (p < 1000) continue;
    std::printf("the first beyond 1000: %d\n", p);
    break;
  }
  // Dropped here: the task ends at its next co_yield.
  // [/stream]
}

void limited() {
  // [limit]
  auto const slow = [](int n) -> mb::generator<int> {
    for (int i = 0; i < n; ++i) {
      co_yield i;
      co_await mb::sleep_for(200ms);
    }
  };
  auto ticks = mb::remote(slow)(3);
  int timeouts = 0;
  for (int seen = 0; seen < 3;) {
    try {
      if (mb::get(ticks.next(), 20ms)) ++seen;
    } catch (mb::timeout_error const&) { ++timeouts; }  // time for something else; no element is lost
  }
  std::printf("3 ticks, and others had their turn in between: %s\n", timeouts >= 2 ? "yes" : "no");
  // [/limit]
}

}  // namespace

int main() {
  mb::runtime const ray({.num_cpus = 2});
  pipeline();
  selecting();
  generating();
  limited();
}
