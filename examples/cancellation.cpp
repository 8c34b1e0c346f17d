// Cancels what nobody wants any more: a task that waits, a queued call of an actor, all but the first of several copies,
// and with a parent its children.
#include <mobula/mobula.hpp>

#include <chrono>
#include <iostream>
#include <vector>

namespace mb = mobula;
using namespace std::chrono_literals;

// [children]
// An hour's work in four parts, each a task. If this is cancelled, so are they.
mb::task<int> search(int part) {
  co_await mb::sleep_for(1h);
  co_return part;
}

mb::task<int> search_all() {
  std::vector<mb::future<int>> parts;
  for (int i = 0; i < 4; ++i) parts.push_back(mb::remote(search)(i));
  int sum = 0;
  for (int n : co_await mb::when_all(parts)) sum += n;
  co_return sum;
}
// [/children]

// [computation]
// What only computes looks at its stop token.
long count_until_stopped() {
  auto const stop = mb::this_task::stop_token();
  long n = 0;
  while (!stop.stop_requested()) ++n;
  return n;
}
// [/computation]

// [cleanup]
// A wait that is interrupted throws, so what has to be done in any case is done on the way out.
mb::task<> record(mb::channel<int> samples) {
  int n = 0;
  try {
    while (co_await samples.receive()) ++n;
  } catch (mb::cancelled const&) {
    std::cout << "recorded " << n << " samples until it was cancelled\n";
    throw;
  }
}
// [/cleanup]

// [rest]
// The fastest of several copies; the others are cancelled when the function is left.
mb::task<int> replica(int number, std::chrono::milliseconds takes) {
  co_await mb::sleep_for(takes);
  co_return number;
}

int fastest() {
  auto const ask = mb::remote(replica).options({.cancellable = true});
  std::vector<mb::future<int>> copies{ask(1, 10s), ask(2, 10ms), ask(3, 20s)};
  mb::cancel_rest const rest(copies);
  return mb::get(copies[mb::get(mb::when_any(copies))]);
}
// [/rest]

struct printer {
  void print(int page) { std::cout << "page " << page << '\n'; }
};

template <class T>
void tell(char const* what, mb::future<T> const& f) {
  try {
    mb::get(f);
    std::cout << what << " is done\n";
  } catch (mb::cancelled const&) { std::cout << what << " was cancelled\n"; }
}

int main() {
  mb::runtime ray({.num_cpus = 2});

  // [cancel]
  mb::future<int> found = mb::remote(search_all).options({.cancellable = true})();
  mb::cancel(found);
  tell("the search", found);
  // [/cancel]

  auto counting = mb::remote(count_until_stopped).options({.cancellable = true})();
  mb::cancel(counting);
  tell("the count", counting);

  mb::channel<int> samples(8);
  auto recording = mb::remote(record).options({.cancellable = true})(samples);
  for (int i = 0; i < 3; ++i) static_cast<void>(mb::get(samples.send(i)));
  while (samples.size() != 0) mb::get(mb::sleep_for(1ms));
  mb::get(mb::sleep_for(1ms));
  mb::cancel(recording);
  tell("the recording", recording);

  std::cout << "replica " << fastest() << " was first\n";

  // [actor]
  auto p = mb::make_actor<printer>();
  mb::promise<int> undecided;
  auto first = p.call<&printer::print>(undecided.get_future());
  auto second = p.call<&printer::print>(2);  // behind the first, which waits for its argument
  auto third = p.call<&printer::print>(3);
  mb::cancel(std::vector{first, second});
  mb::get(third);
  tell("the first page", first);
  // [/actor]
  undecided.set_value(1);
}
