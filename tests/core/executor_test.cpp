#include "mobula/core/executor.hpp"

#include <boost/asio.hpp>

#include <atomic>
#include <csignal>
#include <latch>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "mobula/mobula.hpp"
#include "support/catch.hpp"
#include "support/watchdog.hpp"

namespace asio = boost::asio;
namespace mb = mobula;
using mobula::test::watchdog;
using namespace std::chrono_literals;

namespace execution = asio::execution;

// What the executor promises, as Asio sees it.
static_assert(execution::is_executor_v<mb::executor>);
static_assert(std::is_convertible_v<mb::executor, asio::any_io_executor>);
static_assert(asio::can_require_v<mb::executor, execution::blocking_t::never_t>);
static_assert(asio::can_require_v<mb::executor, execution::blocking_t::possibly_t>);
static_assert(!asio::can_require_v<mb::executor, execution::blocking_t::always_t>);
static_assert(asio::can_require_v<mb::executor, execution::outstanding_work_t::tracked_t>);
static_assert(asio::can_require_v<mb::executor, execution::outstanding_work_t::untracked_t>);
static_assert(asio::can_require_v<mb::executor, execution::relationship_t::fork_t>);
static_assert(asio::can_require_v<mb::executor, execution::relationship_t::continuation_t>);
static_assert(asio::can_query_v<mb::executor, execution::context_t>);
static_assert(asio::can_query_v<mb::executor, execution::mapping_t>);
static_assert(asio::can_query_v<mb::executor, execution::allocator_t<void>>);
static_assert(execution::is_executor_v<asio::strand<mb::executor>>);

TEST_CASE("the executor is used as any of Asio's", "[core]") {
  watchdog const dog("the executor of the documentation");
  std::atomic<int> calls{0};
  // [executor]
  mb::runtime ray({.num_cpus = 2});
  mb::executor const ex = ray.get_executor();

  asio::post(ex, [&] { ++calls; });  // a job, as a task is

  asio::steady_timer timer(ex, 5ms);
  timer.async_wait([&](boost::system::error_code) { ++calls; });

  asio::strand<mb::executor> const one_at_a_time(ex);
  for (int i = 0; i < 10; ++i) asio::post(one_at_a_time, [&] { ++calls; });

  asio::co_spawn(
      ex,
      [&]() -> asio::awaitable<void> {
        co_await asio::post(asio::use_awaitable);
        ++calls;
      },
      asio::detached);

  ray.shutdown();  // waits for all of it
  // [/executor]
  CHECK(calls == 13);
}

TEST_CASE("properties are kept, and tell executors apart; those of one runtime are else equal", "[core]") {
  mb::runtime one({.num_cpus = 1}), other({.num_cpus = 1});
  auto const ex = one.get_executor();
  CHECK(ex == one.get_executor());
  CHECK(ex != other.get_executor());
  CHECK(asio::query(ex, execution::blocking) == execution::blocking.possibly);
  auto const posts = asio::require(ex, execution::blocking.never);
  CHECK(asio::query(posts, execution::blocking) == execution::blocking.never);
  CHECK(posts != ex);
  CHECK(asio::require(posts, execution::blocking.possibly) == ex);
  auto const tracked = asio::require(ex, execution::outstanding_work.tracked);
  CHECK(asio::query(tracked, execution::outstanding_work) == execution::outstanding_work.tracked);
  CHECK(asio::query(ex, execution::outstanding_work) == execution::outstanding_work.untracked);
  CHECK(asio::require(tracked, execution::outstanding_work.untracked) == ex);
  auto const continues = asio::prefer(ex, execution::relationship.continuation);
  CHECK(asio::query(continues, execution::relationship) == execution::relationship.continuation);
  CHECK(asio::query(ex, execution::mapping) == execution::mapping.thread);
  CHECK(&asio::query(ex, execution::context) == &asio::query(posts, execution::context));
  CHECK(&asio::query(ex, execution::context) != &asio::query(other.get_executor(), execution::context));
  CHECK(asio::any_io_executor(ex) == asio::any_io_executor(one.get_executor()));
}

TEST_CASE("what is posted runs on a worker of that runtime, never at once", "[core]") {
  watchdog const dog("post");
  mb::runtime rt({.num_cpus = 1});
  auto const ex = rt.get_executor();
  auto const cpus = [] {
    return mb::detail::this_worker() == nullptr ? 0U : mb::detail::this_worker()->owner.concurrency();
  };
  CHECK(asio::post(ex, asio::use_future(cpus)).get() == 1);
  CHECK(asio::dispatch(ex, asio::use_future(cpus)).get() == 1);
  CHECK(mb::get(mb::remote([&] {
          bool ran = false;
          asio::post(ex, [&] { ran = true; });
          return ran;
        })()) == false);
}

TEST_CASE("dispatch on a worker runs at once, and its exception comes out there", "[core]") {
  mb::runtime rt({.num_cpus = 1});
  auto const ex = rt.get_executor();
  CHECK(mb::get(mb::remote([&] {
    bool ran = false;
    asio::dispatch(ex, [&] { ran = true; });
    return ran;
  })()));
  CHECK_THROWS_AS(mb::get(mb::remote([&] { asio::dispatch(ex, [] { throw std::domain_error("no"); }); })()),
                  std::domain_error);
}

TEST_CASE("dispatch that nests without end finds the stack's end and posts", "[core]") {
  watchdog const dog("nested dispatch");
  mb::runtime rt({.num_cpus = 1});
  auto const ex = rt.get_executor();
  std::promise<void> done;
  struct nesting {
    mb::executor ex;
    std::promise<void>& done;
    int left;
    void operator()() const {
      if (left == 0) return done.set_value();
      asio::dispatch(ex, nesting{ex, done, left - 1});
    }
  };
  asio::post(ex, nesting{ex, done, 20'000});
  done.get_future().get();
}

TEST_CASE("a handler may block in get, on one worker too", "[core]") {
  watchdog const dog("blocking handlers");
  mb::runtime rt({.num_cpus = 1});
  auto const ex = rt.get_executor();
  std::vector<std::future<int>> all;
  for (int i = 0; i < 50; ++i)
    all.push_back(asio::post(ex, asio::use_future([i] {
                               return mb::get(mb::remote([i]() -> mb::task<int> {
                                 co_await mb::sleep_for(1ms);
                                 co_return i;
                               })());
                             })));
  for (int i = 0; i < 50; ++i) CHECK(all[static_cast<std::size_t>(i)].get() == i);
}

TEST_CASE("a handler in a strand can't block, and is told so", "[core]") {
  watchdog const dog("blocking in a strand");
  mb::runtime rt({.num_cpus = 2});
  auto const strand = asio::make_strand(rt.get_executor());
  auto const said = [&](auto submit) {
    std::promise<std::string> what;
    submit(strand, [&] {
      try {
        mb::get(mb::sleep_for(1ms));
        what.set_value("nothing");
      } catch (mb::error const& e) { what.set_value(e.what()); }
    });
    return what.get_future().get();
  };
  CHECK_THAT(said([](auto ex, auto f) { asio::post(ex, f); }), Catch::Contains("strand"));
  CHECK_THAT(said([](auto ex, auto f) { asio::dispatch(ex, f); }), Catch::Contains("strand"));
}

TEST_CASE("a handler that throws is reported as a failure that nobody has read, and the worker goes on", "[core]") {
  watchdog const dog("throwing handlers");
  std::mutex mutex;
  std::vector<std::string> reported;
  {
    mb::runtime rt({.num_cpus = 1, .on_unread_failure = [&](mb::failure const& f) {
                      std::lock_guard const lock(mutex);
                      reported.push_back(f.message());
                    }});
    for (int i = 0; i < 3; ++i) asio::post(rt.get_executor(), [] { throw std::runtime_error("on purpose"); });
    CHECK(asio::post(rt.get_executor(), asio::use_future([] { return 1; })).get() == 1);
  }
  CHECK(reported == std::vector<std::string>(3, "on purpose"));
}

TEST_CASE("a strand runs its handlers one at a time, in order", "[core]") {
  watchdog const dog("strand");
  mb::runtime rt({.num_cpus = 4});
  auto const strand = asio::make_strand(rt.get_executor());
  std::atomic<int> inside{0};
  std::vector<int> seen;
  for (int i = 0; i < 1000; ++i)
    asio::post(strand, [&, i] {
      CHECK(++inside == 1);
      seen.push_back(i);
      --inside;
    });
  asio::post(strand, asio::use_future).get();
  REQUIRE(seen.size() == 1000);
  CHECK(std::is_sorted(seen.begin(), seen.end()));
}

TEST_CASE("coroutines of Asio run on the executor, with its timers", "[core]") {
  watchdog const dog("co_spawn");
  mb::runtime rt({.num_cpus = 2});
  auto const nap = [](std::chrono::milliseconds d) -> asio::awaitable<unsigned> {
    asio::steady_timer timer(co_await asio::this_coro::executor, d);
    co_await timer.async_wait(asio::use_awaitable);
    co_return mb::detail::this_worker()->owner.concurrency();
  };
  CHECK(asio::co_spawn(rt.get_executor(), nap(2ms), asio::use_future).get() == 2);
  CHECK(asio::co_spawn(asio::make_strand(rt.get_executor()), nap(2ms), asio::use_future).get() == 2);
  std::promise<bool> failed;
  asio::co_spawn(
      rt.get_executor(),
      []() -> asio::awaitable<void> {
        co_await asio::post(asio::use_awaitable);
        throw std::domain_error("no");
      },
      [&](std::exception_ptr e) {
        try {
          std::rethrow_exception(e);
        } catch (std::domain_error const&) { failed.set_value(true); }
      });
  CHECK(failed.get_future().get());
}

TEST_CASE("sockets, a resolver and signals work on the executor", "[core]") {
  watchdog const dog("sockets, resolver, signals");
  mb::runtime rt({.num_cpus = 2});
  auto const ex = rt.get_executor();
  using asio::ip::tcp;
  tcp::acceptor acceptor(ex, {asio::ip::make_address("127.0.0.1"), 0});
  auto accepted = acceptor.async_accept(asio::use_future);
  tcp::socket client(ex);
  asio::async_connect(
      client,
      tcp::resolver(ex)
          .async_resolve("127.0.0.1", std::to_string(acceptor.local_endpoint().port()), asio::use_future)
          .get(),
      asio::use_future)
      .get();
  tcp::socket server = accepted.get();
  auto sent = asio::async_write(client, asio::buffer("hello", 5), asio::use_future);
  std::string got(5, ' ');
  CHECK(asio::async_read(server, asio::buffer(got), asio::use_future).get() == 5);
  CHECK(got == "hello");
  CHECK(sent.get() == 5);
  asio::signal_set signals(ex, SIGUSR1);
  auto signal = signals.async_wait(asio::use_future);
  std::raise(SIGUSR1);
  CHECK(signal.get() == SIGUSR1);
}

TEST_CASE("an event is seen while all workers but the sleepers compute", "[core]") {
  watchdog const dog("an event beside a long task");
  for (int round = 0; round < 20; ++round) {
    mb::runtime rt({.num_cpus = 3});
    std::atomic<bool> fired{false};
    auto const busy = mb::remote([&] {
      auto const limit = std::chrono::steady_clock::now() + 20s;
      while (!fired && std::chrono::steady_clock::now() < limit) std::this_thread::yield();
      return fired.load();
    })();
    // Nobody has needed the reactor for I/O so far; now somebody has to go there.
    asio::steady_timer timer(rt.get_executor(), 1ms);
    timer.async_wait([&](auto) { fired = true; });
    CHECK(mb::get(busy));
  }
}

TEST_CASE("current_executor is that of the task's runtime, else of the current one", "[core]") {
  CHECK_THROWS_AS(mb::current_executor(), mb::no_runtime);
  mb::runtime one({.num_cpus = 1}), two({.num_cpus = 1});
  CHECK(mb::current_executor() == one.get_executor());
  CHECK(mb::get(two.remote([&] { return mb::current_executor() == two.get_executor(); })()));
}

TEST_CASE("a manual runtime runs what is posted and spawned in the order of its seed", "[core]") {
  auto const order = [](std::uint64_t seed) {
    mb::manual_runtime rt({.seed = seed});
    std::string seen;
    for (char c = 'a'; c < 'e'; ++c) asio::post(rt.get_executor(), [&seen, c] { seen += c; });
    for (char c = 'A'; c < 'E'; ++c)
      asio::co_spawn(
          rt.get_executor(),
          [](std::string& s, char x) -> asio::awaitable<void> {
            s += x;
            co_await asio::post(asio::use_awaitable);
            s += x;
          }(seen, c),
          asio::detached);
    rt.run_until_idle();
    return seen;
  };
  std::vector<std::string> orders;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    orders.push_back(order(seed));
    CHECK(orders.back().size() == 12);
    CHECK(orders.back() == order(seed));
  }
  std::sort(orders.begin(), orders.end());
  CHECK(std::unique(orders.begin(), orders.end()) - orders.begin() > 15);
}

TEST_CASE("a strand on a manual runtime keeps its order, whatever the seed", "[core]") {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    mb::manual_runtime rt({.seed = seed});
    auto const strand = asio::make_strand(rt.get_executor());
    std::string seen;
    for (char c = 'a'; c <= 'z'; ++c) asio::post(strand, [&seen, c] { seen += c; });
    rt.run_until_idle();
    REQUIRE(seen == "abcdefghijklmnopqrstuvwxyz");
  }
}

TEST_CASE("a manual runtime says that it has no Asio timers when a wait can't end for one", "[core]") {
  mb::manual_runtime rt;
  asio::steady_timer timer(rt.get_executor(), 1ms);
  mb::detail::publish_function const never = [](void*, mb::detail::resumer&) noexcept {};
  CHECK_THROWS_WITH(mb::detail::block(never, nullptr), !Catch::Contains("Asio"));
  timer.async_wait([](auto) {});
  CHECK_THROWS_WITH(mb::detail::block(never, nullptr), Catch::Contains("Asio"));
}
