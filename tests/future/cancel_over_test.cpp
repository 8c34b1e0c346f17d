#include "support/catch.hpp"

#include <mobula/mobula.hpp>

#include <chrono>
#include <functional>
#include <vector>

namespace mb = mobula;
using namespace std::chrono_literals;

namespace {

mb::task<int> five_later() {
  co_await mb::sleep_for(1s);
  co_return 5;
}

// Each has started the next; the last says when all have.
mb::task<int> starts_the_next(int left, mb::promise<void>& all_have_begun) {
  if (left != 0) co_return co_await mb::remote(starts_the_next)(left - 1, std::ref(all_have_begun));
  all_have_begun.set_value();
  co_await mb::sleep_for(1h);
  co_return 1;
}

}  // namespace

TEST_CASE("to cancel what is over leaves alone what it has started, a task or an actor's call") {
  struct starter {
    std::vector<mb::future<int>> start() { return {mb::remote(five_later)()}; }
  };
  mb::manual_runtime rt({.cancellable = true});
  auto const task = mb::remote([] { return std::vector{mb::remote(five_later)()}; })();
  auto const a = mb::make_actor<starter>();
  auto const call = a.options({.cancellable = true}).call<&starter::start>();
  // One that is over in the middle: what it has started is not stopped through it either.
  mb::future<int> grandchild;
  auto const above = mb::remote([&]() -> mb::task<> {
    auto const over = mb::remote([] { return std::vector{mb::remote(five_later)()}; })();
    grandchild = (co_await over)[0];
    co_await mb::sleep_for(1h);
  })();
  rt.run_until_idle();
  REQUIRE(task.ready());
  REQUIRE(call.ready());
  REQUIRE(grandchild.valid());
  mb::cancel(task);
  mb::cancel(call);
  mb::cancel(above);
  CHECK(mb::get(mb::get(task)[0]) == 5);
  CHECK(mb::get(mb::get(call)[0]) == 5);
  CHECK(mb::get(grandchild) == 5);
  CHECK_THROWS_AS(mb::get(above), mb::cancelled);
}

TEST_CASE("a task that ends while it is cancelled is over or cancelled, and a child of one that was over goes on") {
  for (unsigned const workers : {1U, 2U, 8U}) {
    mb::runtime rt({.num_cpus = workers, .cancellable = true});
    for (int r = 0; r < 2000; ++r) {
      auto const parent = mb::remote([] {
        return std::vector{mb::remote([]() -> mb::task<int> {
          co_await mb::yield();
          co_return 5;
        })()};
      })();
      if (r % 2 == 0) static_cast<void>(mb::get_outcomes(std::vector{parent}));
      mb::cancel(parent);
      try {
        mb::future<int> const child = mb::get(parent)[0];
        if (r % 2 == 0) CHECK(mb::get(child) == 5);
      } catch (mb::cancelled const&) { CHECK(r % 2 != 0); }
    }
  }
}

TEST_CASE("a stop comes down to as many tasks as have started each other, from a thread and from a task") {
  for (unsigned const workers : {1U, 2U}) {
    mb::runtime rt({.num_cpus = workers});
    for (bool const in_a_task : {false, true}) {
      mb::promise<void> all_have_begun;
      auto const begun = all_have_begun.get_future();
      auto const first = mb::remote(starts_the_next).options({.cancellable = true})(20'000, std::ref(all_have_begun));
      mb::get(begun);
      if (in_a_task)
        mb::get(mb::remote([first](int) { mb::cancel(first); })(1));
      else
        mb::cancel(first);
      CHECK_THROWS_AS(mb::get(first), mb::cancelled);
    }
  }
}
