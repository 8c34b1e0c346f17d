// What is made of a temporary keeps it, or can't be made.
#include <mobula/mobula.hpp>

#include "support/catch.hpp"

#include <memory>
#include <utility>
#include <vector>

namespace mb = mobula;

namespace {

template <class T>
concept can_be_locked = requires(T&& x) { std::forward<T>(x).lock(); };
template <class T>
concept can_be_acquired = requires(T&& x) { std::forward<T>(x).acquire(); };
template <class T>
concept can_be_waited_for = requires(T&& x) { std::forward<T>(x).wait(); };
template <class T>
concept can_be_asked = requires(T&& x) { std::forward<T>(x).next(); };
template <class T>
concept is_a_range = requires(T&& x) { std::forward<T>(x).begin(); };

template <class T>
constexpr bool refuses_rvalues = can_be_asked<T&> && is_a_range<T&> && !can_be_asked<T> && !is_a_range<T>;

}  // namespace

TEST_CASE("a lock, and what waits for it, can't be made of a temporary") {
  STATIC_REQUIRE(can_be_locked<mb::mutex&>);
  STATIC_REQUIRE_FALSE(can_be_locked<mb::mutex>);
  STATIC_REQUIRE(can_be_locked<mb::shared_mutex&>);
  STATIC_REQUIRE_FALSE(can_be_locked<mb::shared_mutex>);
  STATIC_REQUIRE(can_be_acquired<mb::semaphore&>);
  STATIC_REQUIRE_FALSE(can_be_acquired<mb::semaphore>);
  STATIC_REQUIRE(can_be_waited_for<mb::event&>);
  STATIC_REQUIRE_FALSE(can_be_waited_for<mb::event>);
  STATIC_REQUIRE(can_be_waited_for<mb::latch&>);
  STATIC_REQUIRE_FALSE(can_be_waited_for<mb::latch>);
}

TEST_CASE("what waits for the next of several results can't be made of a temporary") {
  STATIC_REQUIRE(refuses_rvalues<mb::generator<int>>);
  STATIC_REQUIRE(refuses_rvalues<mb::stream<int>>);
  STATIC_REQUIRE(refuses_rvalues<mb::ordered_results<int>>);
  STATIC_REQUIRE(refuses_rvalues<mb::unordered_results<int>>);
  STATIC_REQUIRE(refuses_rvalues<mb::completions<int>>);
}

TEST_CASE("an operation on a channel that comes from a temporary handle keeps the channel") {
  mb::manual_runtime rt;
  auto const full = [] {
    mb::channel<std::shared_ptr<int>> c(1);
    static_cast<void>(c.try_send(std::make_shared<int>(7)));
    return c;
  };
  auto receive = full().receive();
  CHECK(**mb::get(receive) == 7);
  auto send = mb::channel<int>(1).send(5);
  CHECK(mb::get(send));
  auto waits = full().send(nullptr);
  CHECK_THROWS_AS(mb::get(waits, std::chrono::seconds(1)), mb::timeout_error);
}

TEST_CASE("a function of a runtime outlives it, with options too, and says that it is over") {
  auto const add = [](int a, int b) { return a + b; };
  auto runtime = std::make_unique<mb::runtime>(mb::runtime_options{.num_cpus = 1});
  auto const plain = runtime->remote(add);
  auto const configured = runtime->remote(add).options({.name = "add", .max_running = 1, .max_pending = 1});
  auto op = configured.async_call(1, 2);
  CHECK(mb::get(plain(1, 2)) == 3);
  CHECK(mb::get(configured(1, 2)) == 3);
  runtime.reset();
  CHECK_THROWS_AS(plain(1, 2), mb::no_runtime);
  CHECK_THROWS_AS(configured(1, 2), mb::no_runtime);
  CHECK_THROWS_AS(mb::get(op), mb::no_runtime);
}

TEST_CASE("ranges, functions and futures that are temporaries are kept by what is made of them") {
  mb::manual_runtime rt;
  auto const numbers = [] { return std::vector{1, 2, 3}; };
  auto window = mb::map_window([keep = std::make_shared<int>(1)](int x) { return x + *keep; }, numbers());
  CHECK(mb::get(window.next()) == 2);
  CHECK(mb::get(window.next()) == 3);
  auto unordered = mb::map_unordered([keep = std::make_shared<int>(1)](int x) { return x + *keep; }, numbers());
  int sum = 0;
  for (auto const& [i, x] : unordered) sum += x;
  CHECK(sum == 9);
  auto const futures = [] { return std::vector{mb::put(1), mb::remote([] { return 2; })()}; };
  auto done = mb::as_completed(futures());
  CHECK(mb::get(*mb::get(done.next())) == 1);
  auto all = mb::when_all(futures());
  CHECK(mb::get(std::move(all)) == std::vector{1, 2});
  auto limited = mb::timeout(mb::put(1), std::chrono::seconds(1));
  CHECK(mb::get(limited) == 1);
  auto first = mb::select(mb::put(1), mb::channel<int>(1).receive());
  CHECK(std::get<0>(mb::get(first)) == 1);
}
