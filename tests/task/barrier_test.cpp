#include "mobula/task/barrier.hpp"

#include <stdexcept>
#include <vector>

#include "mobula/mobula.hpp"
#include "support/catch.hpp"

namespace mb = mobula;
using namespace std::chrono_literals;

TEST_CASE("nobody is a phase ahead of the others at a barrier: coroutines, plain tasks and main", "[task]") {
  mb::explore([](mb::manual_options const& seeded) {
    constexpr int phases = 4;
    std::vector<int> at(5, 0);
    int completions = 0;
    auto const check = [&](int phase) {
      for (int const a : at)
        if (a < phase || a > phase + 1) throw std::logic_error("somebody is in another phase");
    };
    mb::barrier all(5, [&]() noexcept {
      for (int const a : at)
        if (a != completions + 1) std::terminate();
      ++completions;
    });
    mb::manual_runtime rt(seeded);
    std::vector<mb::future<void>> tasks;
    for (std::size_t i = 0; i < 4; ++i)
      if (i % 2 == 0)
        tasks.push_back(mb::remote([&, i]() -> mb::task<> {
          for (int p = 0; p < phases; ++p) {
            check(p);
            ++at[i];
            co_await all.arrive_and_wait();
          }
        })());
      else
        tasks.push_back(mb::remote([&, i] {
          for (int p = 0; p < phases; ++p) {
            check(p);
            ++at[i];
            mb::get(all.arrive_and_wait());
          }
        })());
    for (int p = 0; p < phases; ++p) {
      check(p);
      ++at[4];
      mb::get(all.arrive_and_wait());
    }
    mb::get(tasks);
    REQUIRE(completions == phases);
  });
}

TEST_CASE("who drops out of a barrier arrives once more, and then the others go on without it", "[task]") {
  mb::barrier b(2);
  mb::manual_runtime rt;
  auto const f = mb::remote([&]() -> mb::task<> {
    for (int p = 0; p < 3; ++p) co_await b.arrive_and_wait();
  })();
  rt.run_until_idle();
  CHECK_FALSE(f.ready());
  b.arrive_and_drop();
  mb::get(f);
}

TEST_CASE("to arrive at a barrier counts though the wait is given up, and its token tells when the phase is over",
          "[task]") {
  mb::barrier b(2);
  mb::manual_runtime rt;
  auto const token = b.arrive();
  CHECK_THROWS_AS(mb::get(b.wait(token), 1ms), mb::timeout_error);
  auto const other = mb::remote([&]() -> mb::task<> { co_await mb::timeout(b.arrive_and_wait(), 1ms); })();
  mb::get(b.wait(token));
  mb::get(other);
  mb::get(b.wait(token));  // it stays over
  CHECK_THROWS_AS(mb::get(b.arrive_and_wait(), 1ms), mb::timeout_error);
}

TEST_CASE("one may arrive at a barrier for several", "[task]") {
  mb::barrier b(3);
  mb::manual_runtime rt;
  auto const first = b.arrive(2);
  auto const f = mb::remote([&] { mb::get(b.wait(first)); })();
  rt.run_until_idle();
  CHECK_FALSE(f.ready());
  mb::get(b.arrive_and_wait());
  mb::get(f);
}

TEST_CASE("who waits for a phase that is over goes on, though others wait for the next", "[task]") {
  mb::barrier b(2);
  mb::manual_runtime rt;
  auto const late = b.arrive();
  static_cast<void>(b.arrive());  // the phase is over
  auto const next = mb::remote([&] { mb::get(b.arrive_and_wait()); })();
  rt.run_until_idle();
  mb::get(b.wait(late));
  CHECK_FALSE(next.ready());
  static_cast<void>(b.arrive());
  mb::get(next);
}
