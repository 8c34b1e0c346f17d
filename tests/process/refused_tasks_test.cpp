// Memory refused to calls of functions, and to what they do.
#include <mobula/core/executor.hpp>
#include <mobula/task/use_task.hpp>

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include <atomic>
#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "process/refused_memory.hpp"

namespace mb = mobula;
using mobula::test::inc;
using mobula::test::nap;
using mobula::test::survive;
using namespace std::chrono_literals;

namespace {

using options = mb::task_options;

// A call with these options: of a plain function, of a coroutine, and of one that waits for an argument.
void survive_with(char const* what, options (*o)()) {
  survive({
      {what, [o] { return mb::get(mb::remote(inc).options(o())(1)) == 2; }},
      {what, [o] { return mb::get(mb::remote(nap).options(o())(3)) == 3; }},
      {what, [o] { return mb::get(mb::remote(inc).options(o())(mb::remote(nap)(1))) == 2; }},
  });
}

}  // namespace

TEST_CASE("a call with any options that is refused memory throws bad_alloc or succeeds", "[process]") {
  survive_with("plain", [] { return options{}; });
  survive_with("name", [] { return options{.name = "a name that is longer than sixteen"}; });
  survive_with("cpus", [] { return options{.num_cpus = 1}; });
  survive_with("resource", [] { return options{.resources = {{"ssd", 1}}}; });
  survive_with("limits", [] { return options{.max_running = 1, .max_pending = 2}; });
  survive_with("retries", [] { return options{.max_retries = 2, .backoff = {.first = 1ms}}; });
  survive_with("timeout", [] { return options{.timeout = 10s}; });
  survive_with("attempt_timeout", [] { return options{.max_retries = 1, .attempt_timeout = 10s}; });
  survive_with("deadline", [] { return options{.deadline = std::chrono::steady_clock::now() + 10s}; });
  survive_with("hedge_after", [] { return options{.hedge_after = 1ms}; });
  survive_with("cancellable", [] { return options{.cancellable = true}; });
  survive_with("detached", [] { return options{.detached = true}; });
  survive_with("priority", [] { return options{.priority = mb::priority::high}; });
  survive_with("background", [] { return options{.priority = mb::priority::background}; });
  survive_with("worker", [] { return options{.worker = 1}; });
}

TEST_CASE("a task that is refused memory ends with bad_alloc or succeeds, whatever it does", "[process]") {
  survive({
      {"remote blocking", [] { return mb::get(mb::remote(inc).options({.blocking = true})(1)) == 2; }},
      {"failing retries",
       [] {
         auto f = mb::remote([]() -> int { throw std::runtime_error("no"); }).options({.max_retries = 2})();
         try {
           static_cast<void>(mb::get(f));
         } catch (std::bad_alloc const&) { throw; } catch (std::runtime_error const&) {
           return true;
         }
         return false;
       }},
      {"failing chain",
       [] {
         auto f = mb::remote([]() -> int { throw std::runtime_error("no"); })();
         auto g = mb::remote(inc)(f);
         auto h = mb::remote(inc)(g);
         try {
           static_cast<void>(mb::get(h));
         } catch (std::bad_alloc const&) { throw; } catch (std::runtime_error const&) {
           auto why = h.failure();
           return !why->report().empty() && mb::current_failure();
         }
         return false;
       }},
      {"unread failure",
       [] {
         {
           auto f = mb::remote([]() -> int { throw std::runtime_error("no"); })();
           static_cast<void>(mb::wait(std::vector{f}));
         }
         return true;
       }},
      {"cancel",
       [] {
         auto f = mb::remote([]() -> mb::task<int> {
                    co_await mb::sleep_for(10s);
                    co_return 1;
                  }).options({.cancellable = true})();
         mb::cancel(f);
         try {
           static_cast<void>(mb::get(f));
         } catch (mb::cancelled const&) { return true; }
         return false;
       }},
      {"async_call",
       [] {
         return mb::get(mb::remote([]() -> mb::task<int> {
                  auto r = mb::remote(inc).options({.max_running = 1});
                  mb::future<int> f = co_await r.async_call(4);
                  co_return co_await f;
                })()) == 5;
       }},
      {"submit_all",
       [] {
         std::vector<int> xs(40, 1);
         return mb::get(mb::submit_all(inc, xs)).size() == 40;
       }},
      {"then", [] { return mb::get(mb::remote(nap)(1).then([](int x) { return x + 1; })) == 2; }},
      {"then outcome",
       [] { return mb::get(mb::remote(nap)(1).then([](mb::outcome<int> const& x) { return x.get() + 1; })) == 2; }},
      {"split",
       [] {
         auto [a, b] = mb::split(mb::remote([] { return std::tuple<int, std::string>(1, "x"); })());
         return mb::get(a) == 1 && mb::get(b) == "x";
       }},
      {"put", [] { return mb::get(mb::put(std::string("a string that is longer than that"))).size() == 33; }},
      {"flatten", [] { return mb::get(mb::remote([] { return mb::remote(nap)(2); })()) == 2; }},
      {"retry long chain",
       [] {
         return mb::get(mb::remote([]() -> mb::task<int> {
                          co_return co_await nap(1);
                        }).options({.max_retries = 1, .timeout = 10s, .attempt_timeout = 5s, .hedge_after = 1ms})()) ==
                1;
       }},
      {"time_left",
       [] {
         return mb::get(mb::remote([] {
                          return mb::this_task::time_left() > 1s && mb::this_task::worker().has_value();
                        }).options({.timeout = 10s})());
       }},
      {"task_group",
       [] {
         int a = 0;
         mb::task_group g;
         g.run([&] { a = 1; });
         g.run([]() -> mb::task<> { co_await mb::sleep_for(1ms); });
         mb::get(g.join());
         return a == 1;
       }},
      {"task_group cancel_rest",
       [] {
         int a = 0;
         mb::task_group g({.cancel_rest = true});
         g.run([&] { a = 1; });
         g.run([]() -> mb::task<> { co_await mb::sleep_for(1ms); });
         mb::get(g.join());
         return a == 1;
       }},
      {"task_group in task",
       [] {
         return mb::get(mb::remote([] {
                  int a = 0;
                  mb::task_group g;
                  g.run([&] { a = 1; });
                  g.run([]() -> mb::task<> { co_await mb::sleep_for(1ms); });
                  mb::get(g.join());
                  return a;
                })()) == 1;
       }},
      {"with_group",
       [] {
         return mb::get(mb::remote([]() -> mb::task<int> {
                  auto body = [](mb::task_group& g) -> mb::task<int> {
                    g.run(nap, 1);
                    co_return 2;
                  };
                  co_return co_await mb::with_group(body);
                })()) == 2;
       }},
      {"finally",
       [] {
         return mb::get(mb::remote([]() -> mb::task<int> {
                  auto c = []() -> mb::task<> { co_await mb::yield(); };
                  co_return co_await mb::finally(nap(1), c);
                })()) == 1;
       }},
      {"with_deadline",
       [] {
         return mb::get(mb::remote([]() -> mb::task<int> { co_return co_await mb::with_deadline(nap(1), 5s); })()) == 1;
       }},
      {"with_deadline late",
       [] {
         return mb::get(mb::remote([]() -> mb::task<int> {
                  auto body = []() -> mb::task<int> {
                    co_await mb::sleep_for(10s);
                    co_return 1;
                  };
                  try {
                    co_return co_await mb::with_deadline(body(), 1ms);
                  } catch (mb::deadline_error const&) { co_return 7; }
                })()) == 7;
       }},
      {"co_invoke", [] { return mb::get(mb::co_invoke([](int y) -> mb::task<int> { co_return y; }, 2)) == 2; }},
      {"when_all tasks",
       [] {
         return mb::get(mb::remote([]() -> mb::task<int> {
                  auto [a, b] = co_await mb::when_all(nap(1), nap(2));
                  co_return a + b;
                })()) == 3;
       }},
      {"asio post",
       [] {
         mb::promise<int> p;
         auto f = p.get_future();
         boost::asio::post(mb::current_executor(), [q = std::move(p)]() mutable { q.set_value(1); });
         try {
           return mb::get(f) == 1;
         } catch (mb::broken_promise const&) { throw std::bad_alloc(); }
       }},
      {"asio post in task",
       [] {
         return mb::get(mb::remote([]() -> mb::task<int> {
                  mb::promise<int> p;
                  auto f = p.get_future();
                  boost::asio::post(mb::current_executor(), [q = std::move(p)]() mutable { q.set_value(1); });
                  try {
                    co_return co_await f;
                  } catch (mb::broken_promise const&) { throw std::bad_alloc(); }
                })()) == 1;
       }},
      {"use_task timer",
       [] {
         return mb::get(mb::remote([]() -> mb::task<int> {
                  boost::asio::steady_timer t(mb::current_executor());
                  t.expires_after(1ms);
                  co_await t.async_wait(mb::use_task);
                  co_return 1;
                })()) == 1;
       }},
      {"dump_tasks",
       [] {
         auto f = mb::remote(nap)(1);
         bool ok = !mb::dump_tasks().empty();
         mb::get(f);
         return ok;
       }},
      {"cluster_resources", [] { return !mb::cluster_resources().empty() && !mb::available_resources().empty(); }},
      {"fault_point", [] { return mb::get(mb::fault_point("x")); }},
      {"mb::with",
       [] {
         return mb::get(mb::remote([]() -> mb::task<int> {
                  auto const exit = [](int&) -> mb::task<> { co_await mb::yield(); };
                  auto const body = [](int& r) { return nap(r); };
                  co_return co_await mb::with(3, body, exit);
                })()) == 3;
       }},
      {"group in a coroutine, one child fails",
       [] {
         return mb::get(mb::remote([]() -> mb::task<int> {
                  auto const body = [](mb::task_group& g) -> mb::task<> {
                    g.run([] { throw std::domain_error("x"); });
                    g.run([]() -> mb::task<> { co_await mb::sleep_for(1h); });
                    co_return;
                  };
                  try {
                    co_await mb::with_group(body, {.cancel_rest = true});
                  } catch (std::domain_error const&) { co_return 1; }
                  co_return 0;
                })()) == 1;
       }},
  });
}
