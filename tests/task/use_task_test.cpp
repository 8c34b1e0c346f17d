#include "mobula/task/use_task.hpp"

#include <boost/asio.hpp>
#include <boost/asio/experimental/concurrent_channel.hpp>

#include <atomic>
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
using asio::ip::tcp;
using boost::system::error_code;
using boost::system::system_error;
using mobula::test::watchdog;
using namespace std::chrono_literals;

namespace {

// Two sockets that are connected with each other.
std::pair<tcp::socket, tcp::socket> connected(asio::any_io_executor const& a, asio::any_io_executor const& b) {
  tcp::acceptor acceptor(a, {asio::ip::make_address("127.0.0.1"), 0});
  tcp::socket one(b);
  one.connect(acceptor.local_endpoint());
  return {std::move(one), acceptor.accept()};
}

// An io_context that a thread of its own runs.
struct foreign_context {
  asio::io_context context;
  asio::executor_work_guard<asio::io_context::executor_type> guard = asio::make_work_guard(context);
  std::thread thread{[this] { context.run(); }};
  ~foreign_context() {
    guard.reset();
    context.stop();
    if (thread.joinable()) thread.join();
  }
};

// An operation that gives what it is told to, from another thread or at once.
template <class Signature, class Token, class... Args>
auto async_give(bool at_once, Token&& token, Args... args) {
  return asio::async_initiate<Token, Signature>(
      [at_once](auto handler, auto... values) {
        if (at_once) return std::move(handler)(std::move(values)...);
        std::thread([h = std::move(handler), ... v = std::move(values)]() mutable {
          std::move(h)(std::move(v)...);
        }).detach();
      },
      token, std::move(args)...);
}

using operation = decltype(std::declval<tcp::socket&>().async_read_some(asio::mutable_buffer(), mb::use_task));
static_assert(mb::detail::operation<operation>);

}  // namespace

TEST_CASE("a task awaits an operation and goes on in its own runtime", "[task]") {
  watchdog const dog("await");
  foreign_context foreign;
  mb::runtime mine({.num_cpus = 2}), other({.num_cpus = 3});
  auto const cpus = [](asio::any_io_executor ex) -> mb::task<unsigned> {
    asio::steady_timer timer(ex, 1ms);
    co_await timer.async_wait(mb::use_task);
    co_return mb::detail::this_worker()->owner.concurrency();
  };
  for (asio::any_io_executor const& ex :
       {asio::any_io_executor(mine.get_executor()), asio::any_io_executor(other.get_executor()),
        asio::any_io_executor(foreign.context.get_executor()),
        asio::any_io_executor(asio::make_strand(mine.get_executor()))})
    CHECK(mb::get(mine.remote(cpus)(ex)) == 2);
}

TEST_CASE("an operation gives nothing, a value or a tuple, at once or later", "[task]") {
  watchdog const dog("values");
  mb::runtime rt({.num_cpus = 2});
  for (bool const at_once : {true, false}) {
    mb::get(mb::remote([at_once]() -> mb::task<> {
      co_await async_give<void()>(at_once, mb::use_task);
      co_await async_give<void(error_code)>(at_once, mb::use_task, error_code());
      co_await async_give<void(std::exception_ptr)>(at_once, mb::use_task, nullptr);
      CHECK(co_await async_give<void(int)>(at_once, mb::use_task, 1) == 1);
      CHECK(co_await async_give<void(error_code, int)>(at_once, mb::use_task, error_code(), 2) == 2);
      auto const two = co_await async_give<void(error_code, int, std::string)>(at_once, mb::use_task, error_code(), 3,
                                                                               std::string("x"));
      CHECK(two == std::tuple(3, std::string("x")));
      auto owner = co_await async_give<void(std::unique_ptr<int>)>(at_once, mb::use_task, std::make_unique<int>(4));
      CHECK(*owner == 4);
    })());
  }
}

TEST_CASE("errors are thrown: a leading error_code, an exception_ptr, and what starting throws", "[task]") {
  watchdog const dog("errors");
  mb::runtime rt({.num_cpus = 2});
  auto const refused = make_error_code(asio::error::connection_refused);
  mb::get(mb::remote([refused]() -> mb::task<> {
    try {
      co_await async_give<void(error_code, int)>(false, mb::use_task, refused, 1);
      FAIL("no error");
    } catch (system_error const& e) { CHECK(e.code() == refused); }
    CHECK_THROWS_AS(co_await async_give<void(std::exception_ptr)>(true, mb::use_task,
                                                                  std::make_exception_ptr(std::domain_error("no"))),
                    std::domain_error);
    CHECK_THROWS_AS((co_await asio::async_initiate<mb::use_task_t const, void()>(
                        [](auto) { throw std::logic_error("no"); }, mb::use_task)),
                    std::logic_error);
  })());
}

TEST_CASE("as_tuple and redirect_error give the error_code instead", "[task]") {
  watchdog const dog("as_tuple, redirect_error");
  mb::runtime rt({.num_cpus = 2});
  mb::get(mb::remote([]() -> mb::task<> {
    asio::steady_timer timer(mb::current_executor(), 24h);
    auto const stop = mb::remote([&timer]() -> mb::task<> {
      co_await mb::sleep_for(2ms);
      asio::post(timer.get_executor(), [&timer] { timer.cancel(); });
    });
    auto const first = stop();
    auto [ec] = co_await timer.async_wait(asio::as_tuple(mb::use_task));
    CHECK(ec == asio::error::operation_aborted);
    co_await first;
    auto const second = stop();
    ec = {};
    co_await timer.async_wait(asio::redirect_error(mb::use_task, ec));
    CHECK(ec == asio::error::operation_aborted);
    co_await second;
  })());
}

TEST_CASE("a plain task and a thread outside wait by get", "[task]") {
  watchdog const dog("get");
  mb::runtime rt({.num_cpus = 1});
  asio::steady_timer timer(rt.get_executor(), 1ms);
  mb::get(timer.async_wait(mb::use_task));
  mb::get(mb::remote([&] {
    timer.expires_after(1ms);
    mb::get(timer.async_wait(mb::use_task));
  })());
  auto [a, b] = connected(rt.get_executor(), rt.get_executor());
  std::string got(3, ' ');
  auto const reads = mb::remote([&] { return mb::get(asio::async_read(b, asio::buffer(got), mb::use_task)); })();
  CHECK(mb::get(asio::async_write(a, asio::buffer("abc", 3), mb::use_task)) == 3);
  CHECK(mb::get(reads) == 3);
  CHECK(got == "abc");
}

TEST_CASE("an operation that is not in time is cancelled, and the socket can be used again", "[task]") {
  watchdog const dog("timeout");
  mb::runtime rt({.num_cpus = 2});
  auto [a, b] = connected(rt.get_executor(), rt.get_executor());
  char data[8];
  CHECK_THROWS_AS(mb::get(b.async_read_some(asio::buffer(data), mb::use_task), 2ms), mb::timeout_error);
  mb::get(mb::remote([&]() -> mb::task<> {
    CHECK_THROWS_AS(co_await mb::timeout(b.async_read_some(asio::buffer(data), mb::use_task), 2ms), mb::timeout_error);
    // In several steps, the first of which is done.
    std::string line;
    static_cast<void>(co_await asio::async_write(a, asio::buffer("half", 4), mb::use_task));
    CHECK_THROWS_AS(
        co_await mb::timeout(asio::async_read_until(b, asio::dynamic_buffer(line), '\n', mb::use_task), 5ms),
        mb::timeout_error);
    static_cast<void>(co_await asio::async_write(a, asio::buffer(" and half\n", 10), mb::use_task));
    CHECK(co_await mb::timeout(asio::async_read_until(b, asio::dynamic_buffer(line), '\n', mb::use_task), 10s) == 14);
    CHECK(line == "half and half\n");
  })());
  mb::get(mb::remote([&] {
    CHECK_THROWS_AS(mb::get(b.async_read_some(asio::buffer(data), mb::use_task), 2ms), mb::timeout_error);
  })());
}

TEST_CASE("of several operations one happens, and the others are cancelled", "[task]") {
  watchdog const dog("select");
  mb::runtime rt({.num_cpus = 2});
  mb::get(mb::remote([]() -> mb::task<> {
    auto const ex = mb::current_executor();
    for (int i = 0; i < 50; ++i) {
      asio::steady_timer soon(ex, 1ms), late(ex, 24h), never(ex, 24h);
      auto const first = co_await mb::select(late.async_wait(mb::use_task), soon.async_wait(mb::use_task),
                                             never.async_wait(mb::use_task), mb::sleep_for(24h));
      CHECK(first.index() == 1);
    }
  })());
}

TEST_CASE("operations that end while they are cancelled end once", "[task]") {
  watchdog const dog("races of ends and cancellations");
  mb::runtime rt({.num_cpus = 4});
  std::vector<mb::future<int>> all;
  for (int i = 0; i < 500; ++i)
    all.push_back(mb::remote([i]() -> mb::task<int> {
      asio::steady_timer timer(mb::current_executor(), std::chrono::microseconds(100 + i % 7));
      try {
        co_await mb::timeout(timer.async_wait(mb::use_task), std::chrono::microseconds(100 + i % 5));
        co_return 0;
      } catch (mb::timeout_error const&) { co_return 1; }
    })());
  for (int const late : mb::get(all)) CHECK((late == 0 || late == 1));
}

TEST_CASE("when the runtime drops, operations end as aborted, and new ones too", "[task]") {
  watchdog const dog("drop");
  foreign_context foreign;
  mb::runtime rt({.num_cpus = 2});
  std::atomic<int> aborted{0}, started{0};
  auto const wait_twice = [&](asio::any_io_executor ex) -> mb::task<> {
    for (int i = 0; i < 2; ++i) {
      asio::steady_timer timer(ex, 24h);
      ++started;
      try {
        co_await timer.async_wait(mb::use_task);
      } catch (system_error const& e) { aborted += e.code() == asio::error::operation_aborted ? 1 : 0; }
    }
  };
  auto const a = rt.remote(wait_twice)(rt.get_executor());
  auto const b = rt.remote(wait_twice)(foreign.context.get_executor());
  auto const plain = rt.remote([&] {
    asio::steady_timer timer(rt.get_executor(), 24h);
    ++started;
    mb::get(timer.async_wait(mb::use_task));
  })();
  while (started < 3) std::this_thread::sleep_for(1ms);
  rt.shutdown(mb::on_shutdown::drop);
  mb::get(a);
  mb::get(b);
  CHECK(aborted == 4);
  CHECK_THROWS_AS(mb::get(plain), system_error);
}

TEST_CASE("an operation whose context ends first ends with cancelled", "[task]") {
  watchdog const dog("the end of a context");
  mb::runtime rt({.num_cpus = 2});
  auto context = std::make_unique<asio::io_context>();
  std::atomic<bool> started{false};
  auto const waits = rt.remote([&]() -> mb::task<> {
    static asio::steady_timer* const timer =
        new asio::steady_timer(*context, 24h);  // never destroyed: its context is gone
    started = true;
    co_await timer->async_wait(mb::use_task);
  });
  auto const f = waits();
  while (!started) std::this_thread::sleep_for(1ms);
  std::this_thread::sleep_for(5ms);
  context.reset();
  CHECK_THROWS_AS(mb::get(f), mb::cancelled);
}

TEST_CASE("draining waits for a task that waits for an operation", "[task]") {
  watchdog const dog("drain");
  std::atomic<bool> done{false};
  {
    mb::runtime rt({.num_cpus = 1});
    static_cast<void>(rt.remote([&]() -> mb::task<> {
      asio::steady_timer timer(mb::current_executor(), 20ms);
      co_await timer.async_wait(mb::use_task);
      done = true;
    })());
  }
  CHECK(done);
}

TEST_CASE("a task awaits what runs as a coroutine of Asio's", "[task]") {
  watchdog const dog("co_spawn");
  mb::runtime rt({.num_cpus = 2});
  CHECK(mb::get(mb::remote([]() -> mb::task<int> {
          co_return co_await asio::co_spawn(
              mb::current_executor(),
              []() -> asio::awaitable<int> {
                asio::steady_timer timer(co_await asio::this_coro::executor, 1ms);
                co_await timer.async_wait(asio::use_awaitable);
                co_return 42;
              },
              mb::use_task);
        })()) == 42);
}

TEST_CASE("post with the token takes a coroutine through an executor and back", "[task]") {
  watchdog const dog("post");
  mb::manual_runtime rt;
  bool went = false;
  mb::get(mb::remote([&]() -> mb::task<> {
    co_await asio::post(mb::current_executor(), mb::use_task);
    went = true;
  })());
  CHECK(went);
}

TEST_CASE("on a manual runtime a wait for one of Asio's timers is a deadlock that says why, and can be cancelled",
          "[task]") {
  mb::manual_runtime rt;
  asio::steady_timer timer(rt.get_executor(), 24h);
  CHECK_THROWS_AS(mb::get(timer.async_wait(mb::use_task), 1s), mb::timeout_error);
  auto const f = mb::remote([&]() -> mb::task<> { co_await timer.async_wait(mb::use_task); })();
  CHECK_THROWS_WITH(mb::get(f), Catch::Contains("manual_runtime does not do Asio's"));
  rt.shutdown(mb::on_shutdown::drop);
  CHECK_THROWS_AS(mb::get(f), system_error);
}

TEST_CASE("a pending operation outlives a manual runtime's end as cancelled", "[task]") {
  mb::future<void> f;
  asio::steady_timer* timer = nullptr;
  {
    mb::manual_runtime rt;
    f = mb::remote([&]() -> mb::task<> {
      asio::steady_timer t(mb::current_executor(), 24h);
      timer = &t;
      co_await t.async_wait(mb::use_task);
    })();
    rt.run_until_idle();
  }
  CHECK_THROWS_AS(mb::get(f), mb::cancelled);
}

TEST_CASE("an operation of Asio's is interrupted with the task that waits for it") {
  watchdog const guard("an interrupted operation");
  mb::runtime rt({.num_cpus = 2});
  auto const in_coroutine = []() -> mb::task<> {
    asio::steady_timer timer(mb::current_executor(), 1h);
    co_await timer.async_wait(mb::use_task);
  };
  auto const in_plain = [] {
    asio::steady_timer timer(mb::current_executor(), 1h);
    mb::get(timer.async_wait(mb::use_task));
  };
  auto f = mb::remote(in_coroutine).options({.cancellable = true})();
  auto g = mb::remote(in_plain).options({.timeout = 20ms})();
  CHECK_THROWS_AS(mb::get(g), mb::deadline_error);
  mb::cancel(f);
  CHECK_THROWS_AS(mb::get(f), mb::cancelled);
}
