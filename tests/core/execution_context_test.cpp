#include "mobula/core/execution_context.hpp"

#include <array>
#include <string>
#include <vector>

#include "mobula/mobula.hpp"
#include "support/catch.hpp"
#include "support/contexts.hpp"

namespace mb = mobula;
using mobula::detail::execution_context;
using mobula::test::current_context;
using mobula::test::enter;
using mobula::test::parallel_context;
using mobula::test::serial_context;
using namespace std::chrono_literals;

namespace {

mb::explore_options const seeds{.seeds = 300};

int answer() { return 42; }
mb::task<int> slow_answer() {
  co_await mb::sleep_for(1ms);
  co_return 42;
}
mb::generator<int> slow_numbers() {
  for (int i = 0;; ++i) {
    co_await mb::sleep_for(1ms);
    co_yield i;
  }
}

// Counts where code finds itself elsewhere than it should.
struct watch {
  void expect(execution_context const* c) noexcept {
    if (current_context() != c) ++strays;
  }
  int strays = 0;
};

mb::task<> wait_in_every_way(execution_context& context, watch& w, mb::mutex& mutex) {
  co_await enter(context);
  auto const here = [&] { w.expect(&context); };
  here();
  co_await mb::remote(answer)(), here();
  co_await mb::sleep_for(1ms), here();
  co_await mb::yield(), here();
  co_await slow_answer(), here();
  co_await mb::when_all(slow_answer(), slow_answer()), here();
  std::array<mb::future<int>, 2> const futures{mb::remote(slow_answer)(), mb::remote(answer)()};
  co_await futures, here();
  co_await mb::when_any(futures), here();
  co_await mb::select(futures[0], mb::sleep_for(1h)), here();
  co_await mb::timeout(mb::remote(slow_answer)(), 1h), here();
  try {
    co_await mb::timeout(mb::sleep_for(1h), 1ms);
  } catch (mb::timeout_error const&) { here(); }
  {
    auto const guard = co_await mutex.lock();
    here();
    co_await mb::sleep_for(1ms), here();
  }
  auto numbers = slow_numbers();
  static_cast<void>(co_await numbers.next()), here();
  mb::get(numbers.next()), here();
  mb::task_group group;
  group.run(slow_answer);
  co_await group.join(), here();
  std::vector<int> const xs{1, 2, 3};
  co_await mb::async_map([](int) { return slow_answer(); }, xs), here();
}

mb::task<> block_in_every_way(execution_context& context, watch& w) {
  co_await enter(context);
  auto const here = [&] { w.expect(&context); };
  mb::get(mb::remote(slow_answer)()), here();
  mb::get(mb::sleep_for(1ms)), here();
  mb::get(mb::yield()), here();
  CHECK_THROWS_AS(mb::get(mb::remote(slow_answer)(), 1us), mb::timeout_error);
  here();
  mb::task_group group;
  group.run(slow_answer);
  mb::get(group.join()), here();
}

// What other tasks see, also those that are started in a context.
mb::task<> see_none(watch& w) {
  w.expect(nullptr);
  co_await mb::sleep_for(1ms);
  w.expect(nullptr);
  mb::get(mb::remote(answer)());
  w.expect(nullptr);
  co_await mb::yield();
  w.expect(nullptr);
}

mb::task<> start_others(execution_context& context, watch& w) {
  co_await enter(context);
  auto const task = mb::remote(see_none)(std::ref(w));
  auto const plain = mb::remote([&] { w.expect(nullptr); })();
  mb::task_group group;
  group.run([&] { return see_none(w); });
  auto alone = [](watch& watched) -> mb::generator<int> {
    co_await see_none(watched);
    co_yield 1;
  }(w);
  mb::get(alone.next());
  std::vector<int> const xs{1, 2, 3};
  co_await mb::async_map([&](int) { return see_none(w); }, xs);
  mb::get(plain);
  co_await task;
  co_await group.join();
  w.expect(&context);
}

// Pieces of code that may not run at the same time write down what they do.
mb::task<> piece(execution_context& context, watch& w, std::string& log, char name, int waits) {
  for (int i = 0;; ++i) {
    w.expect(&context);
    log += name;
    if (i == waits) co_return;
    co_await mb::sleep_for(1ms);
  }
}

mb::task<int> chain(execution_context& context, watch& w, int length) {
  w.expect(&context);
  if (length == 0) co_return 0;
  auto [below, one] = co_await mb::when_all(chain(context, w, length - 1), [](int n) -> mb::task<int> {
    if (n % 7 == 0) co_await mb::yield();
    co_return 1;
  }(length));
  co_return below + one;
}

}  // namespace

TEST_CASE("a coroutine keeps its context over whatever it awaits", "[core]") {
  mb::explore(
      [](mb::manual_options const& seeded) {
        watch w;
        parallel_context parallel;
        serial_context serial;
        mb::mutex mutex;
        mb::manual_runtime rt(seeded);
        std::vector<mb::future<void>> tasks;
        for (int i = 0; i < 2; ++i) {
          tasks.push_back(mb::remote([&] { return wait_in_every_way(parallel, w, mutex); })());
          tasks.push_back(mb::remote([&] { return wait_in_every_way(serial, w, mutex); })());
          tasks.push_back(mb::remote([&] { return see_none(w); })());
        }
        mb::get(tasks);
        CHECK(w.strays == 0);
        CHECK(parallel.coroutines >= 20);
      },
      seeds);
}

TEST_CASE("a fiber keeps its context over what it blocks in, and the context learns before that it was left",
          "[core]") {
  mb::explore(
      [](mb::manual_options const& seeded) {
        watch w;
        parallel_context parallel;
        serial_context serial;
        mb::manual_runtime rt(seeded);
        std::vector<mb::future<void>> tasks;
        for (int i = 0; i < 2; ++i) {
          tasks.push_back(mb::remote([&] { return block_in_every_way(parallel, w); })());
          tasks.push_back(mb::remote([&] { return block_in_every_way(serial, w); })());
          tasks.push_back(mb::remote([&] { return see_none(w); })());
        }
        mb::get(tasks);
        CHECK(w.strays == 0);
        CHECK(parallel.left == 10);
        CHECK(parallel.stacks == 10);
        CHECK_FALSE(parallel.too_early);
      },
      seeds);
}

TEST_CASE("what is started in a context as a task of its own has none", "[core]") {
  mb::explore(
      [](mb::manual_options const& seeded) {
        watch w;
        parallel_context parallel;
        serial_context serial;
        mb::manual_runtime rt(seeded);
        auto const a = mb::remote([&] { return start_others(parallel, w); })();
        auto const b = mb::remote([&] { return start_others(serial, w); })();
        mb::get(a);
        mb::get(b);
        CHECK(w.strays == 0);
      },
      seeds);
}

TEST_CASE("nothing runs on top of what waits in a context, so it may wait for that context itself", "[core]") {
  watch w;
  serial_context context;
  mb::runtime rt({.num_cpus = 1});
  auto const in_context = [&]() -> mb::task<int> {
    co_await enter(context);
    w.expect(&context);
    co_return 1;
  };
  auto const calls_back = [&] {
    w.expect(nullptr);
    return mb::get(mb::remote(in_context)());
  };
  auto const outer = mb::remote([&]() -> mb::task<int> {
    co_await enter(context);
    int n = mb::get(mb::remote(calls_back)());  // the newest job of this worker
    w.expect(&context);
    mb::task_group group;
    group.run([&] { n += calls_back(); });
    mb::get(group.join());
    w.expect(&context);
    auto alone = [](auto const& f) -> mb::generator<int> { co_yield f(); }(calls_back);
    n += *mb::get(alone.next());
    w.expect(&context);
    co_return n;
  })();
  CHECK(mb::get(outer) == 3);
  CHECK(w.strays == 0);
}

TEST_CASE("in a context that does not run in parallel, when_all starts its children in order, each until it waits",
          "[core]") {
  mb::explore(
      [](mb::manual_options const& seeded) {
        watch w;
        serial_context context;
        std::string log;
        mb::manual_runtime rt(seeded);
        auto const other = mb::remote([&]() -> mb::task<> {
          co_await enter(context);
          log += '-';
        });
        auto const together = mb::remote([&]() -> mb::task<> {
          co_await enter(context);
          auto const soon = other();
          co_await mb::when_all(piece(context, w, log, 'a', 0), piece(context, w, log, 'b', 2),
                                piece(context, w, log, 'c', 1), piece(context, w, log, 'd', 0));
          w.expect(&context);
          log += '!';
          co_await soon;
        })();
        auto const sooner = other();
        mb::get(together);
        mb::get(sooner);
        CHECK(w.strays == 0);
        CHECK(log.find("abcd") != std::string::npos);  // nothing of the context comes between
        std::erase(log, '-');
        CHECK((log == "abcdbcb!" || log == "abcdcbb!"));
      },
      seeds);
}

TEST_CASE("in a context that runs in parallel, when_all's children are stolen as anywhere", "[core]") {
  watch w;
  parallel_context context;
  mb::runtime rt({.num_cpus = 2});
  std::atomic<int> met{0};
  auto const meets = [&]() -> mb::task<> {  // each needs the other to run meanwhile
    met.fetch_add(1);
    while (met.load() < 2) std::this_thread::yield();
    w.expect(&context);
    co_return;
  };
  mb::get(mb::remote([&]() -> mb::task<> {
    co_await enter(context);
    co_await mb::when_all(meets(), meets());
    w.expect(&context);
  })());
  CHECK(w.strays == 0);
}

TEST_CASE("when_all of when_all in a context that does not run in parallel may be as deep as anywhere", "[core]") {
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    watch w;
    serial_context context;
    mb::manual_runtime rt({.seed = seed});
    auto const deep = mb::remote([&]() -> mb::task<int> {
      co_await enter(context);
      co_return co_await chain(context, w, 10'000);
    })();
    CHECK(mb::get(deep) == 10'000);
    CHECK(w.strays == 0);
  }
}
