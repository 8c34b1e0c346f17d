#include "mobula/core/free_in_turn.hpp"

#include "mobula/mobula.hpp"
#include "support/catch.hpp"

#include <algorithm>
#include <atomic>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace mb = mobula;

namespace {

constexpr int many = 100'000;

// A list whose links are futures.
struct node {
  std::shared_ptr<int> counted;
  mb::future<node> next;
};

mb::future<node> list_of_values(std::shared_ptr<int> const& counted, int size) {
  mb::future<node> list;
  for (int i = 0; i < size; ++i) list = mb::put(node{counted, std::move(list)});
  return list;
}

mb::future<node> list_of_promises(std::shared_ptr<int> const& counted, int size) {
  mb::future<node> list;
  for (int i = 0; i < size; ++i) {
    mb::promise<node> p;
    p.set_value(node{counted, std::move(list)});
    list = p.get_future();
  }
  return list;
}

// Each is the result of a task, which has started the one behind it.
mb::future<node> list_of_tasks(std::shared_ptr<int> const& counted, int size) {
  if (size == 0) return {};
  return mb::remote([=] { return node{counted, list_of_tasks(counted, size - 1)}; })();
}

mb::task<int> leaf() { co_return 0; }
mb::task<int> one_more(mb::task<int> inner) { co_return 1 + co_await std::move(inner); }
mb::generator<int> none() { co_return; }
mb::generator<int> all_of(mb::generator<int> inner) {
  while (auto x = co_await inner.next()) co_yield *x;
}

int pass(int x) { return x; }
int fails() { throw std::runtime_error("the first"); }
int nested(int depth) {
  return depth == 0 ? throw std::runtime_error("the innermost") : mb::get(mb::remote(nested)(depth - 1));
}

std::size_t lines(std::string const& text) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')) + 1;
}

}  // namespace

TEST_CASE("a list whose links are futures is freed in a loop, however long it is", "[core]") {
  mb::runtime rt({.num_cpus = 2});
  auto const counted = std::make_shared<int>();
  for (auto* const make : {&list_of_values, &list_of_promises, &list_of_tasks}) {
    {
      auto const list = make(counted, many);
      if (make == &list_of_tasks)  // the last of them
        for (mb::future<node> at = list; at.valid();) at = mb::get(at).next;
      CHECK(counted.use_count() == many + 1);
    }
    // A worker may be the last to let go of a task that is just over.
    while (counted.use_count() != 1) std::this_thread::yield();
    mb::get(mb::remote([&] { static_cast<void>(make(counted, 1000)); })());  // on a task's stack
    while (counted.use_count() != 1) std::this_thread::yield();
  }
  CHECK(mb::get(mb::remote([&] {
          static_cast<void>(list_of_values(counted, many));
          return counted.use_count();
        })()) == 1);
}

TEST_CASE("coroutines that own each other are freed in a loop, begun or not", "[core]") {
  mb::runtime rt({.num_cpus = 1});
  auto const in_a_task = [] {
    mb::task<int> t = leaf();
    for (int i = 0; i < many; ++i) t = one_more(std::move(t));
    mb::generator<int> g = none();
    for (int i = 0; i < many; ++i) g = all_of(std::move(g));
    return mb::remote([](mb::task<int> chain) { return chain; })(std::move(t));
  };
  CHECK(mb::get(mb::remote(in_a_task)()) == many);
}

TEST_CASE("the causes of a failure are freed in a loop, and its report shows the first and the last", "[core]") {
  std::vector<std::string> reports;
  for (unsigned const workers : {1U, 2U}) {
    mb::runtime rt(
        {.num_cpus = workers, .on_unread_failure = [&](mb::failure const& f) { reports.push_back(f.report()); }});
    auto f = mb::remote(fails).options({.name = "fails"})();
    for (int i = 0; i < many; ++i) f = mb::remote(pass)(std::move(f));
    std::optional<mb::failure> why;
    while (!why) why = f.failure();
    std::string const report = why->report();
    CHECK(lines(report) < 20);
    CHECK(report.find("... 99,988 more causes ...") != std::string::npos);
    CHECK(report.find("because 'fails' failed") != std::string::npos);
    CHECK_THROWS_AS(mb::get(f), std::runtime_error);
    CHECK_THROWS_AS(mb::get(mb::remote(nested)(2000)), std::runtime_error);
    static_cast<void>(mb::remote(pass)(mb::remote(nested)(2000)));
  }
  REQUIRE(reports.size() == 2);
  CHECK(lines(reports[0]) < 20);
}

TEST_CASE("a report leaves no cause out where there are few", "[core]") {
  mb::manual_runtime rt;
  for (std::size_t const length : {1U, 8U, 12U, 13U, 14U, 15U}) {
    auto f = mb::remote(fails).options({.name = "fails"})();
    for (std::size_t i = 0; i < length; ++i) f = mb::remote(pass).options({.name = std::to_string(i)})(f);
    rt.run_until_idle();
    std::string const report = f.failure()->report();
    CHECK(lines(report) == 2 + std::min<std::size_t>(length, 13));
    CHECK((report.find("more causes") != std::string::npos) == (length > 13));
  }
}

TEST_CASE("where the destructors of a chain wait, each is run once, on whatever threads", "[core]") {
  struct waits {
    waits(std::atomic<int>& n, mb::future<waits> f) : ended(&n), next(std::move(f)) {}
    waits(waits&& other) noexcept : ended(std::exchange(other.ended, nullptr)), next(std::move(other.next)) {}
    ~waits() {
      if (ended == nullptr) return;
      mb::get(mb::yield());
      mb::get(mb::remote(pass)(1));
      ended->fetch_add(1);
    }
    std::atomic<int>* ended;
    mb::future<waits> next;
  };
  for (unsigned const workers : {1U, 2U, 8U}) {
    std::atomic<int> ended{0};
    {
      mb::runtime rt({.num_cpus = workers});
      std::vector<mb::future<void>> all;
      for (int i = 0; i < 20; ++i)
        all.push_back(mb::remote([&] {
          mb::future<waits> list;
          for (int k = 0; k < 40; ++k) list = mb::put(waits(ended, std::move(list)));
        })());
      mb::get(all);
    }
    CHECK(ended == 20 * 40);
  }
}
