// What becomes of a pool's calls when runtimes, members and the pool itself end.
#include <chrono>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "mobula/mobula.hpp"
#include "support/catch.hpp"

namespace mb = mobula;
using namespace std::chrono_literals;

namespace {

struct crash {};

class worker {
 public:
  int square(int n) {
    if (n < 0) throw std::domain_error("negative");
    return n * n;
  }
  mb::task<int> slow_square(int n) {
    co_await mb::sleep_for(n * 1s);
    co_return n* n;
  }
  std::size_t length(std::string const& text) {
    if (first_) {
      first_ = false;
      throw crash();
    }
    return text.size();
  }

 private:
  static inline bool first_ = true;
};

bool is_cancelled(mb::future<int> const& f) {
  try {
    mb::get(f);
  } catch (mb::cancelled const&) { return true; } catch (...) {
  }
  return false;
}

}  // namespace

TEST_CASE("calls of a pool that its runtime drops end with cancelled, whether they run, were sent or wait", "[pool]") {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    int reports = 0;
    std::optional<mb::manual_runtime> rt(
        std::in_place, mb::manual_options{.seed = seed, .on_unread_failure = [&](auto&) { ++reports; }});
    mb::actor_pool<worker> const pool({mb::make_actor<worker>(), mb::make_actor<worker>()});
    std::vector<mb::future<int>> all;
    for (int i = 0; i < 8; ++i) all.push_back(pool.submit<&worker::slow_square>(1000));
    for (std::uint64_t i = 0; i < seed; ++i) static_cast<void>(rt->run_one());
    rt->shutdown(mb::on_shutdown::drop);
    for (auto const& f : all) {
      REQUIRE(f.ready());
      CHECK(is_cancelled(f));
    }
    rt.reset();
    CHECK(reports == 0);
  }
}

TEST_CASE("calls of a pool without members end with the runtime that they were made in", "[pool]") {
  for (auto const how : {mb::on_shutdown::drain, mb::on_shutdown::drop}) {
    mb::actor_pool<worker> const pool;
    mb::manual_runtime others;
    {
      mb::manual_runtime rt;
      auto const one = pool.submit<&worker::square>(2), two = pool.submit<&worker::square>(3);
      rt.run_until_idle();
      CHECK_FALSE(one.ready());
      rt.shutdown(how);
      REQUIRE(one.ready());
      CHECK(is_cancelled(one));
      CHECK(is_cancelled(two));
    }
    auto const kept = pool.submit<&worker::square>(4);
    pool.push(mb::make_actor<worker>());
    CHECK(mb::get(kept) == 16);
  }
}

TEST_CASE("calls of a pool without members that goes before their runtime end with it, and leave nothing behind",
          "[pool]") {
  mb::manual_runtime rt;
  std::optional<mb::actor_pool<worker>> pool(std::in_place);
  auto const f = pool->submit<&worker::square>(2);
  CHECK_THROWS_AS(mb::get(f), mb::deadlock_error);
  pool.reset();
  CHECK_THROWS_WITH(mb::get(f), Catch::Contains("the pool is gone"));
}

TEST_CASE("a member whose runtime is over leaves its pool, and calls go to the others", "[pool]") {
  mb::runtime lasting({.num_cpus = 1});
  std::optional<mb::runtime> ending(std::in_place, mb::runtime_options{.num_cpus = 1});
  auto const theirs = mb::get(ending->remote([] { return mb::make_actor<worker>(); })());
  mb::actor_pool<worker> const pool{theirs};
  CHECK(mb::get(pool.submit<&worker::square>(2)) == 4);
  ending.reset();
  CHECK_THROWS_AS(mb::get(pool.submit<&worker::square>(2)), mb::no_runtime);
  CHECK(pool.size() == 0);
  CHECK_THROWS_AS(mb::get(pool.submit<&worker::square>(2)), mb::no_runtime);
  pool.push(theirs);
  pool.push(mb::make_actor<worker>());
  CHECK(pool.map<&worker::square>(std::vector{1, 2, 3}) == std::vector{1, 4, 9});
  CHECK(pool.size() == 1);
}

TEST_CASE("the failure of a pool's call names the method and where it was submitted", "[pool]") {
  mb::manual_runtime rt({.on_unread_failure = [](auto&) {}});
  mb::actor_pool<worker> const pool{mb::make_actor<worker>()};
  auto const f = pool.submit<&worker::square>(-1);
  auto const line = static_cast<unsigned>(__LINE__) - 1;
  CHECK_THROWS_AS(mb::get(f), std::domain_error);
  CHECK(std::string(f.failure()->task()).find("worker::square") != std::string::npos);
  CHECK(f.failure()->submitted().line() == line);
  CHECK_FALSE(f.failure()->cause());
  for (auto const& o : pool.map_outcomes<&worker::square>(std::vector{-1}))
    CHECK(o.failure()->submitted().line() == static_cast<unsigned>(__LINE__) - 1);
  auto const later = pool.submit<&worker::square>(mb::remote([] { return -1; })());
  CHECK_THROWS_AS(mb::get(later), std::domain_error);
  CHECK(later.failure()->submitted().line() == static_cast<unsigned>(__LINE__) - 2);
  CHECK(later.failure()->report().find("pool_call.hpp") == std::string::npos);

  std::optional<mb::actor_pool<worker>> nobody(std::in_place);
  auto const never = nobody->submit<&worker::square>(1);
  nobody.reset();
  CHECK_THROWS_AS(mb::get(never), mb::error);
  CHECK(std::string(never.failure()->task()).find("worker::square") != std::string::npos);
  CHECK(never.failure()->submitted().line() == static_cast<unsigned>(__LINE__) - 4);
}

TEST_CASE("a pool's call that nobody reads is reported once", "[pool]") {
  int reports = 0;
  mb::manual_runtime rt({.on_unread_failure = [&](auto&) { ++reports; }});
  mb::actor_pool<worker> const pool{mb::make_actor<worker>(), mb::make_actor<worker>()};
  static_cast<void>(pool.submit<&worker::square>(-1));
  static_cast<void>(pool.submit([](worker&) { mb::exit_actor(); }));
  rt.run_until_idle();
  CHECK(reports == 2);
}

TEST_CASE("calls of a pool are not cancelled with a task that has made one, or has given a member back", "[pool]") {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    mb::manual_runtime rt({.seed = seed});
    mb::actor_pool<worker> const pool{mb::make_actor<worker>()};
    mb::future<int> inner;
    auto const task = mb::remote([&]() -> mb::task<> {
                        inner = pool.submit<&worker::slow_square>(2);
                        co_await mb::sleep_for(100s);
                      }).options({.cancellable = true})();
    rt.advance(1s);
    REQUIRE(inner.valid());
    auto const other = pool.submit<&worker::slow_square>(3);
    mb::cancel(task);
    CHECK(mb::get(other) == 9);
    CHECK(mb::get(inner) == 4);
  }
}

TEST_CASE("a pool's call that its member makes again has its arguments again", "[pool]") {
  mb::manual_runtime rt;
  mb::actor_pool<worker> const pool{
      mb::make_actor<worker>.options({.max_restarts = 1, .dies_on = mb::dies_on<crash>(), .max_task_retries = 1})()};
  std::string const text(100, 'x');
  CHECK(mb::get(pool.submit<&worker::length>(text)) == 100);
}
