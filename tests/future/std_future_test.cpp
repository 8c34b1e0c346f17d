#include "mobula/future/std_future.hpp"

#include <chrono>
#include <future>
#include <memory>
#include <stdexcept>
#include <vector>

#include "mobula/mobula.hpp"
#include "support/catch.hpp"

namespace mb = mobula;
using namespace std::chrono_literals;

TEST_CASE("a std::future that is ready becomes a future that is", "[future]") {
  std::promise<int> p;
  p.set_value(3);
  auto const f = mb::from_std(p.get_future());
  CHECK(f.ready());
  CHECK(mb::get(f) == 3);
}

TEST_CASE("std::futures of a value, of nothing, of a reference, with an error and of what can only be moved",
          "[future]") {
  std::promise<int> value, failure;
  std::promise<void> nothing;
  std::promise<int&> reference;
  std::promise<std::unique_ptr<int>> pointer;
  auto const v = mb::from_std(value.get_future()), e = mb::from_std(failure.get_future());
  auto const n = mb::from_std(nothing.get_future());
  auto const r = mb::from_std(reference.get_future());
  auto p = mb::from_std(pointer.get_future());
  CHECK_FALSE(v.ready());
  int object = 1;
  pointer.set_value(std::make_unique<int>(7));
  reference.set_value(object);
  nothing.set_value();
  failure.set_exception(std::make_exception_ptr(std::domain_error("no")));
  value.set_value(2);
  CHECK(mb::get(v) == 2);
  CHECK_THROWS_AS(mb::get(e), std::domain_error);
  mb::get(n);
  CHECK(&mb::get(r) == &object);
  CHECK(*mb::get(std::move(p)) == 7);
}

TEST_CASE("a std::promise that breaks fails the future with its error", "[future]") {
  mb::future<int> f;
  {
    std::promise<int> p;
    f = mb::from_std(p.get_future());
  }
  CHECK_THROWS_AS(mb::get(f), std::future_error);
}

TEST_CASE("a deferred std::future is run at once", "[future]") {
  auto const f = mb::from_std(std::async(std::launch::deferred, [] { return 5; }));
  CHECK(f.ready());
  CHECK(mb::get(f) == 5);
}

TEST_CASE("a std::future without a state is refused", "[future]") {
  CHECK_THROWS_AS(mb::from_std(std::future<int>()), mb::error);
  CHECK_THROWS_AS(mb::to_std(mb::future<int>()), mb::error);
}

TEST_CASE("what a std::future brings is awaited by tasks, many at once and in any order", "[future]") {
  mb::runtime rt({.num_cpus = 2});
  std::vector<std::promise<int>> promises(100);
  std::vector<mb::future<int>> sums;
  for (auto& p : promises) sums.push_back(mb::remote([](int x) { return x + 1; })(mb::from_std(p.get_future())));
  for (std::size_t i = promises.size(); i-- > 0;) promises[i].set_value(static_cast<int>(i));
  auto const values = mb::get(sums);
  CHECK(values.front() == 1);
  CHECK(values.back() == 100);
}

TEST_CASE("the thread that waits for std::futures ends and begins again", "[future]") {
  for (int i = 0; i < 50; ++i) REQUIRE(mb::get(mb::from_std(std::async(std::launch::async, [i] { return i; }))) == i);
}

TEST_CASE("a future becomes a std::future: a value, nothing, a reference, an error", "[future]") {
  mb::runtime rt({.num_cpus = 2});
  int object = 1;
  CHECK(mb::to_std(mb::remote([] { return 3; })()).get() == 3);
  mb::to_std(mb::remote([] {})()).get();
  CHECK(&mb::to_std(mb::remote([&]() -> int& { return object; })()).get() == &object);
  CHECK_THROWS_AS(mb::to_std(mb::remote([]() -> int { throw std::domain_error("no"); })()).get(), std::domain_error);
  CHECK(*mb::to_std(mb::remote([] { return std::make_unique<int>(4); })()).get() == 4);
}

TEST_CASE("a future that is ready, or shared, becomes a std::future too", "[future]") {
  auto const f = mb::put(std::string("text"));
  CHECK(mb::to_std(f).get() == "text");
  CHECK(mb::get(f) == "text");
}

TEST_CASE("an unfinished future becomes a std::future that waits", "[future]") {
  mb::promise<int> p;
  auto later = mb::to_std(p.get_future());
  CHECK(later.wait_for(0s) == std::future_status::timeout);
  p.set_value(6);
  CHECK(later.get() == 6);
}
