// Sockets and timers of Asio on the runtime's executor: many at once, one at a time, and ended in the midst of it.
#include <mobula/mobula.hpp>
#include <mobula/task/use_task.hpp>

#include "support/catch.hpp"
#include "support/watchdog.hpp"

#include <boost/asio.hpp>

#include <sys/resource.h>

#include <atomic>
#include <chrono>
#include <random>
#include <string>
#include <thread>
#include <vector>

namespace asio = boost::asio;
namespace mb = mobula;
using asio::ip::tcp;
using mobula::test::repeats;
using mobula::test::watchdog;
using mobula::test::workers;
using namespace std::chrono_literals;

namespace {

mb::runtime_options options() { return {.num_cpus = static_cast<unsigned>(workers())}; }

std::pair<tcp::socket, tcp::socket> connected(asio::any_io_executor const& a, asio::any_io_executor const& b) {
  tcp::acceptor acceptor(b, {asio::ip::address_v4::loopback(), 0});
  tcp::socket one(a);
  one.connect(acceptor.local_endpoint());
  tcp::socket other = acceptor.accept();
  one.set_option(tcp::no_delay(true));
  other.set_option(tcp::no_delay(true));
  return {std::move(one), std::move(other)};
}

mb::task<long> echo(tcp::socket socket) {
  char data[256];
  for (long echoed = 0;;) {
    auto [error, n] = co_await socket.async_read_some(asio::buffer(data), asio::as_tuple(mb::use_task));
    if (error) co_return echoed;
    auto [broken, m] = co_await asio::async_write(socket, asio::buffer(data, n), asio::as_tuple(mb::use_task));
    if (broken) co_return echoed;
    echoed += static_cast<long>(m);
  }
}

mb::task<int> say(tcp::socket socket, int lines) {
  int right = 0;
  for (int i = 0; i < lines; ++i) {
    std::string const line = "line " + std::to_string(i) + std::string(static_cast<std::size_t>(i % 97), '.') + "\n";
    std::string got;
    co_await asio::async_write(socket, asio::buffer(line), mb::use_task);
    co_await asio::async_read_until(socket, asio::dynamic_buffer(got), '\n', mb::use_task);
    right += got == line ? 1 : 0;
  }
  co_return right;
}

double cpu_seconds() {
  rusage u{};
  ::getrusage(RUSAGE_SELF, &u);
  auto const seconds = [](timeval const& t) {
    return static_cast<double>(t.tv_sec) + 1e-6 * static_cast<double>(t.tv_usec);
  };
  return seconds(u.ru_utime) + seconds(u.ru_stime);
}

// A function of its own, as Asio looks at a thread_local when it makes the awaitable: clang 16 keeps the address of one
// across the suspensions of a coroutine, which may go on in another thread.
[[gnu::noinline]] asio::awaitable<void> expiry(asio::steady_timer& t) { return t.async_wait(asio::use_awaitable); }

}  // namespace

TEST_CASE("many connections at once, on one runtime and between two") {
  watchdog const dog("many connections");
  mb::runtime const one(options()), two(options());
  for (auto const* other : {&one, &two}) {
    std::vector<mb::future<int>> clients;
    std::vector<mb::future<long>> servers;
    int const lines = 20 * repeats();
    for (int i = 0; i < 60; ++i) {
      auto [a, b] = connected(one.get_executor(), other->get_executor());
      servers.push_back(one.remote(echo)(std::move(b)));
      clients.push_back(other->remote(say)(std::move(a), lines));
    }
    for (int const right : mb::get(clients)) REQUIRE(right == lines);
    for (long const n : mb::get(servers)) REQUIRE(n > lines);
  }
}

TEST_CASE("one event at a time, at any moment of the workers' falling asleep") {
  watchdog const dog("one event at a time");
  mb::runtime const rt(options());
  asio::io_context plain;  // for the side of this thread, which waits without a runtime
  auto [here, there] = connected(plain.get_executor(), rt.get_executor());
  auto const server = rt.remote(echo)(std::move(there));
  std::mt19937 random(1);
  for (int i = 0; i < 2000 * repeats(); ++i) {
    char c = static_cast<char>(i), back = 0;
    asio::write(here, asio::buffer(&c, 1));
    asio::read(here, asio::buffer(&back, 1));
    REQUIRE(back == c);
    auto const until = std::chrono::steady_clock::now() + std::chrono::nanoseconds(random() % 60'000);
    while (std::chrono::steady_clock::now() < until) {}
    if (i % 100 == 0) std::this_thread::sleep_for(1ms);
  }
  here.close();
  REQUIRE(mb::get(server) == 2000 * repeats());
}

TEST_CASE("events are seen while a worker computes for long") {
  if (workers() < 2) return;
  watchdog const dog("events beside long tasks");
  mb::runtime const rt(options());
  asio::io_context plain;
  auto [here, there] = connected(plain.get_executor(), rt.get_executor());
  auto const server = rt.remote(echo)(std::move(there));
  for (int i = 0; i < 100 * repeats(); ++i) {
    // Holds its worker until the byte has come back, which another one has to see to.
    REQUIRE(mb::get(rt.remote([&here = here] {
              char c = 'x';
              asio::write(here, asio::buffer(&c, 1));
              asio::read(here, asio::buffer(&c, 1));
              return c;
            })()) == 'x');
  }
  here.close();
  mb::get(server);
}

TEST_CASE("operations that end, are cancelled and time out in the same moments") {
  watchdog const dog("ends and cancellations");
  mb::runtime const rt(options());
  std::vector<mb::future<int>> all;
  for (int task = 0; task < 20; ++task)
    all.push_back(rt.remote([](int seed) -> mb::task<int> {
      std::mt19937 random(static_cast<unsigned>(seed));
      auto const some_time = [&random] { return std::chrono::microseconds(random() % 300); };
      int ends = 0;
      for (int i = 0; i < 100 * repeats(); ++i) {
        asio::steady_timer a(mb::current_executor(), some_time()), b(mb::current_executor(), some_time());
        auto const limit = some_time();
        try {
          auto first = co_await mb::timeout(mb::select(a.async_wait(mb::use_task), b.async_wait(mb::use_task)), limit);
          ends += first.index() < 2 ? 1 : 0;
        } catch (mb::timeout_error const&) { ++ends; }
      }
      co_return ends;
    })(task));
  for (int const ends : mb::get(all)) REQUIRE(ends == 100 * repeats());
}

TEST_CASE("plain tasks and threads wait for operations, with and without limits") {
  watchdog const dog("blocking waits");
  mb::runtime const rt(options());
  auto const waits = [ex = rt.get_executor()](int seed) {
    std::mt19937 random(static_cast<unsigned>(seed));
    for (int i = 0; i < 50 * repeats(); ++i) {
      asio::steady_timer timer(ex, std::chrono::microseconds(random() % 200));
      try {
        if (i % 2 == 0)
          mb::get(timer.async_wait(mb::use_task));
        else
          mb::get(timer.async_wait(mb::use_task), std::chrono::microseconds(random() % 200));
      } catch (mb::timeout_error const&) {}
    }
  };
  std::vector<mb::future<void>> all;
  for (int i = 0; i < 20; ++i) all.push_back(rt.remote(waits)(i));
  std::thread outside([&] { waits(100); });
  waits(101);
  outside.join();
  mb::get(all);
}

TEST_CASE("runtimes that end in the midst of it") {
  watchdog const dog("drop and drain");
  for (int i = 0; i < 60 * repeats(); ++i) {
    mb::runtime rt(options());
    std::vector<mb::future<long>> servers;
    std::vector<mb::future<int>> clients;
    for (int c = 0; c < 4; ++c) {
      auto [a, b] = connected(rt.get_executor(), rt.get_executor());
      servers.push_back(rt.remote(echo)(std::move(b)));
      clients.push_back(rt.remote(say)(std::move(a), i % 3 == 0 ? 5 : 1'000'000));
    }
    std::atomic<int> handlers{0};
    asio::co_spawn(
        asio::make_strand(rt.get_executor()),
        [](std::atomic<int>& n) -> asio::awaitable<void> {
          for (int k = 0; k < 50; ++k) {
            asio::steady_timer t(co_await asio::this_coro::executor, 5us);
            co_await expiry(t);
            ++n;
          }
        }(handlers),
        asio::detached);
    if (i % 3 == 0) {
      rt.shutdown();
      REQUIRE(handlers == 50);
      for (auto const& c : clients) REQUIRE(mb::get(c) == 5);
    } else {
      std::this_thread::sleep_for(std::chrono::microseconds(i * 17 % 1000));
      rt.shutdown(mb::on_shutdown::drop);
      for (auto const& c : clients) {
        REQUIRE(c.ready());
        REQUIRE_THROWS(mb::get(c));  // aborted, cancelled or cut off, as it happens
      }
      for (auto const& s : servers) {
        REQUIRE(s.ready());
        static_cast<void>(s.failure());
      }
    }
  }
}

TEST_CASE("a runtime whose sockets are silent uses no CPU") {
  mb::runtime const rt(options());
  auto [a, b] = connected(rt.get_executor(), rt.get_executor());
  auto const server = rt.remote(echo)(std::move(b));
  std::this_thread::sleep_for(50ms);
  auto const before = cpu_seconds();
  std::this_thread::sleep_for(500ms);
  REQUIRE(cpu_seconds() - before < 0.05);
  a.close();
  mb::get(server);
}
