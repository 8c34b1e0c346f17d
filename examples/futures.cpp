// Futures: lists and maps at once, the first that is done, one by one as they are done, failures as values, what follows,
// and other libraries' callbacks and futures.

#include <mobula/mobula.hpp>

#include <chrono>
#include <cstdio>
#include <future>
#include <map>
#include <ranges>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace mb = mobula;
using namespace std::chrono_literals;

namespace {

int square(int x) { return x * x; }

mb::task<int> square_after(int x, mb::detail::duration nap) {
  co_await mb::sleep_for(nap);
  if (x < 0) throw std::domain_error("negative");
  co_return x* x;
}

// Five tasks, the last of which is done first.
std::vector<mb::future<int>> five() {
  std::vector<mb::future<int>> futures;
  for (int i = 0; i < 5; ++i) futures.push_back(mb::remote(square_after)(i, (5 - i) * 100ms));
  return futures;
}

void containers() {
  // [containers]
  auto squares = mb::get(std::views::iota(0, 5) | std::views::transform(mb::remote(square)));
  std::map<std::string, mb::future<int>> by_name;
  by_name["three"] = mb::remote(square)(3);
  by_name["four"] = mb::remote(square)(4);
  std::map<std::string, int> values = mb::get(by_name);
  // [/containers]
  std::printf("in order:");
  for (int s : squares) std::printf(" %d", s);
  std::printf("\nby name: three %d, four %d\n", values["three"], values["four"]);
}

void one_by_one() {
  auto const futures = five();
  // [as_completed]
  std::printf("as they are done:");
  for (mb::future<int>& f : mb::as_completed(futures)) std::printf(" %d", mb::get(f));
  std::printf("\n");
  // [/as_completed]
}

// [awaited]
mb::task<int> first_and_rest(std::vector<mb::future<int>> futures) {
  std::size_t const first = co_await mb::when_any(futures);
  int sum = 100 * co_await futures[first];
  auto done = mb::as_completed(futures);
  while (auto f = co_await done.next()) sum += co_await *f;
  co_return sum;
}
// [/awaited]

void limits() {
  auto futures = five();
  // [limits]
  try {
    mb::get(futures, 10ms);
  } catch (mb::timeout_error const&) { std::printf("not yet\n"); }
  auto [ready, pending] = mb::wait(futures, {.num_returns = 2, .timeout = 1s});
  std::printf("%zu are ready\n", ready.size());
  mb::get(futures);  // nothing was lost
  // [/limits]
}

void failures() {
  // [outcomes]
  std::vector<mb::future<int>> futures;
  for (int x : {1, -2, 3}) futures.push_back(mb::remote(square_after)(x, 1ms));
  for (mb::outcome<int> const& o : mb::get_outcomes(futures)) {
    if (o.has_value())
      std::printf("value: %d\n", o.get());
    else
      std::printf("failure: %s\n", o.failure()->message().c_str());
  }
  // [/outcomes]
}

void what_follows() {
  // [then]
  mb::future<std::string> text = mb::remote(square)(5).then([](int n) { return std::to_string(n); });
  mb::future<int> repaired = mb::remote(square_after)(-1, 1ms).then([](mb::outcome<int> const& o) {
    return o.has_value() ? o.get() : 0;  // called with values and failures
  });
  // [/then]
  std::printf("then: '%s', repaired: %d\n", mb::get(text).c_str(), mb::get(repaired));
}

// A library that calls back, on a thread of its own.
template <class Callback>
std::jthread ask(int question, Callback callback) {
  return std::jthread([question, answer = std::move(callback)]() mutable { answer(question + 1); });
}

void other_libraries() {
  // [promise]
  mb::promise<int> p;
  mb::future<int> answer = p.get_future();
  auto const thread = ask(41, [q = std::move(p)](int a) mutable { q.set_value(a); });
  // [/promise]
  // [std]
  mb::future<int> imported = mb::from_std(std::async(std::launch::async, square, 6));
  std::future<int> exported = mb::to_std(imported.then(square));
  // [/std]
  std::printf("promise: %d, imported: %d, exported: %d\n", mb::get(answer), mb::get(imported), exported.get());
}

mb::future<int> submit_more(int x) { return mb::remote(square_after)(x, 1ms); }

}  // namespace

int main() {
  mb::runtime const ray({.num_cpus = 2});
  containers();
  one_by_one();
  std::printf("first and rest: %d\n", mb::get(first_and_rest(five())));
  limits();
  failures();
  what_follows();
  other_libraries();
  mb::future<int> flat = mb::remote(submit_more)(7);  // not a future of a future
  std::printf("flat: %d\n", mb::get(flat));
}
