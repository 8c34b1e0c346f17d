// How the executor behaves when its runtime ends.
#include <boost/asio.hpp>

#include <atomic>
#include <memory>
#include <optional>
#include <thread>

#include "mobula/core/executor.hpp"
#include "mobula/mobula.hpp"
#include "support/catch.hpp"
#include "support/watchdog.hpp"

namespace asio = boost::asio;
namespace mb = mobula;
using mobula::test::watchdog;
using namespace std::chrono_literals;

namespace {

// Counts how many copies of it live.
struct counted {
  explicit counted(std::atomic<int>& n) : alive(&n) { ++*alive; }
  counted(counted const& other) : alive(other.alive) { ++*alive; }
  ~counted() { --*alive; }
  std::atomic<int>* alive;
};

}  // namespace

TEST_CASE("draining waits for operations in flight and what follows from them", "[core]") {
  watchdog const dog("draining");
  std::atomic<int> calls{0};
  {
    mb::runtime rt({.num_cpus = 2});
    auto timer = std::make_shared<asio::steady_timer>(rt.get_executor(), 5ms);
    timer->async_wait([&calls, timer](auto) {
      ++calls;
      timer->expires_after(5ms);
      timer->async_wait([&calls, timer](auto) {
        ++calls;
        asio::post(timer->get_executor(), [&calls] { ++calls; });
      });
    });
  }
  CHECK(calls == 3);
}

TEST_CASE("draining waits for an operation whose handler runs elsewhere", "[core]") {
  watchdog const dog("draining with a foreign handler");
  for (int i = 0; i < 20; ++i) {
    std::atomic<int> calls{0};
    asio::thread_pool elsewhere(1);
    {
      mb::runtime rt({.num_cpus = 2});
      asio::steady_timer timer(rt.get_executor(), 1ms);
      timer.async_wait(asio::bind_executor(elsewhere, [&](auto) { ++calls; }));
      rt.shutdown();
    }
    elsewhere.join();
    CHECK(calls == 1);
  }
}

TEST_CASE("draining waits for a work guard", "[core]") {
  watchdog const dog("draining with a work guard");
  mb::runtime rt({.num_cpus = 1});
  auto guard = asio::make_work_guard(rt.get_executor());
  std::atomic<bool> over{false}, ran{false};
  std::thread ends([&] {
    rt.shutdown();
    over = true;
  });
  std::this_thread::sleep_for(20ms);
  CHECK_FALSE(over);
  asio::post(guard.get_executor(), [&] { ran = true; });  // the door is open to those who hold work
  guard.reset();
  ends.join();
  CHECK(ran);
}

TEST_CASE("dropping destroys the handlers of operations in flight without calling them", "[core]") {
  watchdog const dog("dropping");
  std::atomic<int> alive{0};
  bool called = false;
  mb::runtime rt({.num_cpus = 2});
  auto const ex = rt.get_executor();
  asio::steady_timer timer(ex, 24h);
  timer.async_wait([&called, c = counted(alive)](auto) { called = true; });
  asio::co_spawn(
      ex,
      [](counted) -> asio::awaitable<void> {
        asio::steady_timer t(co_await asio::this_coro::executor, 24h);
        co_await t.async_wait(asio::use_awaitable);
      }(counted(alive)),
      asio::detached);
  CHECK(alive > 0);
  rt.shutdown(mb::on_shutdown::drop);
  CHECK(alive == 0);
  CHECK_FALSE(called);
}

TEST_CASE("sockets and timers may outlive their runtime, and a function posted then is destroyed", "[core]") {
  std::optional<asio::steady_timer> timer;
  std::optional<asio::ip::tcp::acceptor> acceptor;
  std::optional<asio::strand<mb::executor>> strand;
  std::optional<mb::executor> ex;
  std::atomic<int> alive{0};
  bool called = false;
  {
    mb::runtime rt({.num_cpus = 2});
    ex = rt.get_executor();
    strand = asio::make_strand(*ex);
    timer.emplace(*ex, 24h);
    timer->async_wait([&called, c = counted(alive)](auto) { called = true; });
    acceptor.emplace(*ex, asio::ip::tcp::endpoint(asio::ip::make_address("127.0.0.1"), 0));
    acceptor->async_accept([&called, c = counted(alive)](auto, auto) { called = true; });
    rt.shutdown(mb::on_shutdown::drop);
    CHECK(alive == 0);
  }
  asio::post(*ex, [&called, c = counted(alive)] { called = true; });
  asio::post(*strand, [&called, c = counted(alive)] { called = true; });
  CHECK(alive == 0);
  CHECK_THROWS_AS(asio::steady_timer(*ex), mb::no_runtime);
  acceptor.reset();
  timer.reset();
  strand.reset();
  CHECK_FALSE(called);
}
