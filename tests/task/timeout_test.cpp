#include "mobula/task/timeout.hpp"

#include <memory>
#include <vector>

#include "mobula/mobula.hpp"
#include "support/catch.hpp"

namespace mb = mobula;
using namespace std::chrono_literals;

namespace {

mb::task<int> slow(int x, std::chrono::milliseconds d) {
  co_await mb::sleep_for(d);
  co_return x;
}

mb::task<int> ask_twice(mb::future<int> f) {
  int timeouts = 0;
  try {
    co_await mb::timeout(f, 10ms);
  } catch (mb::timeout_error const&) { ++timeouts; }
  co_return timeouts * 1000 + co_await mb::timeout(f, 1s);
}

}  // namespace

TEST_CASE("a timeout ends the wait and not what was waited for", "[task]") {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    mb::manual_runtime rt({.seed = seed});
    CHECK(mb::get(mb::remote(ask_twice)(mb::remote(slow)(7, 100ms))) == 1007);
    CHECK(rt.pending().timers == 0);  // the limit of the second wait was taken back
  }
}

TEST_CASE("get with a limit throws timeout_error, and one may ask again", "[task]") {
  mb::manual_runtime rt;
  auto f = mb::remote(slow)(7, 100ms);
  CHECK_THROWS_AS(mb::get(f, 10ms), mb::timeout_error);
  CHECK_THROWS_AS(mb::get(std::move(f), 10ms), mb::timeout_error);
  REQUIRE(f.valid());  // nothing was taken
  CHECK(mb::get(std::move(f), 1s) == 7);
  CHECK(mb::remote([](mb::future<int> g) {
          int timeouts = 0;
          try {
            mb::get(g, 10ms);
          } catch (mb::timeout_error const&) { ++timeouts; }
          return timeouts + mb::get(g, 1s);
        })(mb::remote(slow)(1, 100ms))
            .valid());
}

TEST_CASE("get of a list with a limit takes all or nothing", "[task]") {
  mb::manual_runtime rt;
  std::vector<mb::future<std::unique_ptr<int>>> list;
  for (auto d : {1ms, 50ms})
    list.push_back(mb::remote([](std::chrono::milliseconds t) -> mb::task<std::unique_ptr<int>> {
      co_await mb::sleep_for(t);
      co_return std::make_unique<int>(1);
    })(d));
  CHECK_THROWS_AS(mb::get(std::move(list), 10ms), mb::timeout_error);
  REQUIRE(list.size() == 2);
  auto const values = mb::get(std::move(list), 1s);
  CHECK(values.size() == 2);
}

TEST_CASE("a limit of zero looks without waiting", "[task]") {
  mb::manual_runtime rt;
  auto const f = mb::remote([] { return 1; })();
  CHECK_THROWS_AS(mb::get(f, 0s), mb::timeout_error);
  rt.run_until_idle();
  CHECK(mb::get(f, 0s) == 1);
}

TEST_CASE("a limit longer than the clock can tell is none", "[task]") {
  mb::manual_runtime rt;
  CHECK(mb::get(mb::remote(slow)(7, 100ms), std::chrono::hours::max()) == 7);
  CHECK(mb::get(mb::remote([](mb::future<int> f) -> mb::task<int> {
          co_return co_await mb::timeout(f, std::chrono::hours::max());
        })(mb::remote(slow)(7, 100ms))) == 7);
}

TEST_CASE("timeouts may be nested: the shortest counts", "[task]") {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    mb::manual_runtime rt({.seed = seed});
    auto const start = rt.now();
    auto const nested = [](mb::future<int> f) -> mb::task<int> {
      try {
        co_return co_await mb::timeout(mb::timeout(f, 1s), 10ms);
      } catch (mb::timeout_error const&) { co_return -1; }
    };
    CHECK(mb::get(mb::remote(nested)(mb::remote(slow)(7, 500ms))) == -1);
    CHECK(rt.now() - start == 10ms);
    CHECK(mb::get(mb::remote(nested)(mb::remote(slow)(7, 5ms))) == 7);
    rt.run_until_idle();
  }
}

TEST_CASE("a time limit that shutdown ends is cancelled, not over", "[task]") {
  mb::manual_runtime rt;
  mb::future<int> never;
  auto const f = mb::remote([]() -> mb::task<int> {
    auto const inner = mb::remote(slow)(1, 1h);
    co_return co_await mb::timeout(inner, 5h);
  })();
  rt.run_until_idle();
  rt.shutdown(mb::on_shutdown::drop);
  CHECK_THROWS_AS(mb::get(f), mb::cancelled);
}

TEST_CASE("a timeout outside of any runtime says that there is none", "[task]") {
  mb::event never;
  CHECK_THROWS_AS(mb::get(mb::timeout(never.wait(), 1ms)), mb::no_runtime);
  CHECK_THROWS_AS(mb::get(never.wait(), 1ms), mb::timeout_error);  // that needs no runtime
}

TEST_CASE("a negative limit of time is no time", "[channel]") {
  mb::manual_runtime rt;
  auto const begin = rt.now();
  mb::channel<int> c(1);
  CHECK_THROWS_AS(mb::get(c.receive(), -1s), mb::timeout_error);
  CHECK(mb::get(c.send(1), -1s));
  CHECK_THROWS_AS(mb::get(c.send(2), -1s), mb::timeout_error);
  CHECK(mb::get(c.receive(), -1s) == 1);
  CHECK(rt.now() == begin);
}
