// What the compiler says of waits for what can't be waited for.

#include <mobula/core/select.hpp>
#include <mobula/future/as_completed.hpp>
#include <mobula/future/cancel.hpp>
#include <mobula/future/split.hpp>
#include <mobula/future/when_any.hpp>
#include <mobula/remote/remote.hpp>
#include <mobula/task/channel.hpp>
#include <mobula/task/timeout.hpp>
#include <mobula/task/when_all.hpp>
#include <mobula/task/when_some.hpp>

#include <array>
#include <chrono>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace mb = mobula;
using namespace std::chrono_literals;

mb::task<int> slow(int x);
mb::generator<int> numbers(int n);
int add(int a, int b);

// says: there is nothing to wait for. Give futures
int get_of_int() { return mb::get(5); }

// says: there is nothing to wait for. Give futures
std::vector<int> get_of_ints(std::vector<int> xs) { return mb::get(xs); }

// says: mobula::get: a task is run once, so give it up: mb::get(std::move(t))
int get_of_task(mb::task<int> t) { return mb::get(t); }

// says: mobula::get: a task is run once
std::string get_of_task_with_limit(mb::task<std::string> t) { return mb::get(std::move(t), 1s); }

// says: a task that has not been submitted can't be waited for here. Submit it
std::vector<int> get_of_tasks(std::vector<mb::task<int>> ts) { return mb::get(ts); }

// says: a task that has not been submitted
auto get_of_tasks_given_up(std::array<mb::task<int>, 2> ts) { return mb::get(std::move(ts)); }

// says: this function has not been called: mb::remote(f)(args...) gives a future
int get_of_function() { return mb::get(slow); }

// says: this function has not been called
int get_of_remote_function() { return mb::get(mb::remote(add)); }

// says: this gives one element after the other
int get_of_generator(mb::generator<int> g) { return mb::get(g); }

// says: mobula::get: only futures are given one beside the other
int get_with_number_as_limit(mb::future<int> f) { return mb::get(f, 5); }

// says: mobula::get: only futures are given one beside the other. Submit tasks with mb::remote
int get_of_future_and_task(mb::future<int> f, mb::task<int> t) {
  auto [x, y] = mb::get(f, std::move(t));
  return x;
}

// says: mobula::get: only futures are given one beside the other
void get_of_container_and_future(std::vector<mb::future<int>> fs, mb::future<int> f) { mb::get(fs, f); }

// says: this takes a container of futures: std::vector{f}
void wait_for_one(mb::future<int> f) { auto [ready, pending] = mb::wait(f); }

// says: options are given by their names, {.num_returns = 1, .timeout = 1s}
void wait_with_number(std::vector<mb::future<int>> fs) { auto [ready, pending] = mb::wait(fs, 1); }

// says: options are given by their names
void wait_for_two(mb::future<long> f) { auto [ready, pending] = mb::wait(f, f); }

// says: a task that has not been submitted
void wait_for_tasks(std::vector<mb::task<short>> ts) { auto [ready, pending] = mb::wait(ts); }

// says: this takes a container of futures
mb::task<> when_some_of_one(mb::future<char> f) { auto [ready, pending] = co_await mb::when_some(f); }

// says: mobula::when_all: takes either futures or tasks, all given up
mb::task<int> when_all_of_future_and_task(mb::future<int> f, mb::task<int> t) {
  auto [x, y] = co_await mb::when_all(f, std::move(t));
  co_return x;
}

// says: mobula::when_all: a task is run once, so give it up: std::move(t)
mb::task<> when_all_of_lvalues(mb::task<int> t) { auto [x, y] = co_await mb::when_all(t, t); }

// says: mobula::when_all: tasks are run once, so give them up: std::move(tasks)
mb::task<std::vector<int>> when_all_of_tasks(std::vector<mb::task<int>> ts) { co_return co_await mb::when_all(ts); }

// says: mobula::when_all: takes one container of futures
mb::task<> when_all_of_containers(std::vector<mb::future<int>> fs) { auto [x, y] = co_await mb::when_all(fs, fs); }

// says: there is nothing to wait for
mb::task<> when_all_of_strings(std::vector<std::string> xs) { auto all = co_await mb::when_all(xs); }

// says: a task that has not been submitted
mb::task<> when_any_of_task(mb::task<char> t) { auto i = co_await mb::when_any(std::move(t)); }

// says: a task that has not been submitted
void as_completed_of_tasks(std::vector<mb::task<long>> ts) {
  for (auto& f : mb::as_completed(ts)) static_cast<void>(f);
}

// says: a task that has not been submitted
void cancel_of_task(mb::task<double> t) { mb::cancel(t); }

// says: mobula::split: takes the future of a std::tuple or a std::pair
void split_of_int(mb::future<int> f) { auto [x, y] = mb::split(f); }

// says: there is nothing to wait for
mb::task<> select_of_strings() { co_await mb::select(std::string(), mb::sleep_for(1s)); }

// says: a task that has not been submitted
mb::task<> select_of_task() { co_await mb::select(slow(1), mb::sleep_for(1s)); }

// says: a container of futures is waited for by mb::when_all(futures)
mb::task<> select_of_container(std::vector<mb::future<int>> fs) { co_await mb::select(fs, mb::sleep_for(1s)); }

// says: a task that has not been submitted
mb::task<> timeout_of_task(mb::task<std::set<int>> t) { co_await mb::timeout(std::move(t), 1s); }

// says: a time has a unit: 1s, 20ms, std::chrono::seconds(n)
mb::task<int> timeout_of_number(mb::future<int> f) { co_return co_await mb::timeout(f, 5); }

// says: mobula::channel: say how many items may wait
void channel_without_capacity() { mb::channel<int> c; }

// says: this function has not been called: co_await f(args...), not co_await f
mb::task<int> await_function() { co_return co_await slow; }

// says: this function has not been called: co_await f(args...), not co_await f
mb::task<int> await_remote_function() { co_return co_await mb::remote(slow); }

// says: a task is awaited once, and given up for that: co_await std::move(t)
mb::task<int> await_lvalue(mb::task<int> t) { co_return co_await t; }

// says: tasks are awaited together by co_await mb::when_all(std::move(tasks))
mb::task<std::vector<int>> await_tasks(std::vector<mb::task<int>> ts) { co_return co_await ts; }

// says: this gives one element after the other: while (auto x = co_await g.next())
mb::task<int> await_generator(mb::generator<int> g) { co_return co_await g; }
