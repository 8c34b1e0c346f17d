// Memory refused to who waits.
#include <future>
#include <map>

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

struct closer {
  mb::channel<int> c;
  ~closer() { c.close(); }
};

}  // namespace

TEST_CASE("a wait that is refused memory throws bad_alloc or succeeds, and nothing is lost", "[process]") {
  survive({
      {"wait",
       [] {
         std::vector<mb::future<int>> f;
         for (int i = 0; i < 4; ++i) f.push_back(mb::remote(nap)(i));
         auto [r, p] = mb::wait(f, {.num_returns = 4, .timeout = 5s});
         return r.size() == 4;
       }},
      {"when_some",
       [] {
         std::vector<mb::future<int>> f;
         for (int i = 0; i < 4; ++i) f.push_back(mb::remote(nap)(i));
         return mb::get(mb::remote([f]() -> mb::task<int> {
                  auto [r, p] = co_await mb::when_some(f, {.num_returns = 2, .timeout = 5s});
                  co_return int(r.size());
                })()) >= 2;
       }},
      {"when_any",
       [] {
         std::vector<mb::future<int>> f;
         for (int i = 0; i < 4; ++i) f.push_back(mb::remote(nap)(i));
         return mb::get(mb::when_any(f)) < 4;
       }},
      {"when_all futures",
       [] {
         std::vector<mb::future<int>> f;
         for (int i = 0; i < 4; ++i) f.push_back(mb::remote(nap)(i));
         return mb::get(mb::remote([f]() -> mb::task<int> {
                  auto r = co_await mb::when_all(f);
                  co_return int(r.size());
                })()) == 4;
       }},
      {"as_completed",
       [] {
         std::vector<mb::future<int>> f;
         for (int i = 0; i < 4; ++i) f.push_back(mb::remote(nap)(i));
         int s = 0;
         for (auto& g : mb::as_completed(f)) s += mb::get(g);
         return s == 6;
       }},
      {"get_outcomes",
       [] {
         std::vector<mb::future<int>> f;
         for (int i = 0; i < 4; ++i) f.push_back(mb::remote(nap)(i));
         return mb::get_outcomes(f).size() == 4;
       }},
      {"get list limit",
       [] {
         std::vector<mb::future<int>> f;
         for (int i = 0; i < 4; ++i) f.push_back(mb::remote(nap)(i));
         return mb::get(f, 5s).size() == 4;
       }},
      {"get limit", [] { return mb::get(mb::remote(nap)(1), 5s) == 1; }},
      {"get limit in task", [] { return mb::get(mb::remote([] { return mb::get(mb::remote(nap)(1), 5s); })()) == 1; }},
      {"get in task", [] { return mb::get(mb::remote([] { return mb::get(mb::remote(nap)(1)); })()) == 1; }},
      {"sleep in task",
       [] {
         return mb::get(mb::remote([] {
                  mb::get(mb::sleep_for(1ms));
                  return 1;
                })()) == 1;
       }},
      {"sleep",
       [] {
         mb::get(mb::sleep_for(1ms));
         return true;
       }},
      {"promise",
       [] {
         mb::promise<int> p;
         auto f = p.get_future();
         p.set_value(1);
         return mb::get(f) == 1;
       }},
      {"promise error",
       [] {
         mb::promise<int> p;
         auto f = p.get_future();
         p.set_exception(std::make_exception_ptr(std::runtime_error("x")));
         try {
           static_cast<void>(mb::get(f));
         } catch (std::bad_alloc const&) { throw; } catch (std::runtime_error const&) {
           return true;
         }
         return false;
       }},
      {"promise broken",
       [] {
         mb::future<int> f;
         {
           mb::promise<int> p;
           f = p.get_future();
         }
         try {
           static_cast<void>(mb::get(f));
         } catch (mb::broken_promise const&) { return true; }
         return false;
       }},
      {"promise broken awaited",
       [] {
         mb::future<int> f;
         {
           mb::promise<int> p;
           f = p.get_future();
           auto g = f.then(inc);
           auto h = mb::remote(inc)(f);
         }
         try {
           static_cast<void>(mb::get(f));
         } catch (mb::broken_promise const&) { return true; }
         return false;
       }},
      {"from_std",
       [] {
         std::promise<int> p;
         auto f = mb::from_std(p.get_future());
         p.set_value(3);
         return mb::get(f) == 3;
       }},
      {"to_std", [] { return mb::to_std(mb::remote(nap)(1)).get() == 1; }},
      {"channel",
       [] {
         mb::channel<int> c(2);
         closer const at_end{c};
         auto f = mb::remote([c] {
           closer const when_sent{c};
           for (int i = 0; i < 10; ++i) mb::get(c.send(i));
         })();
         int n = 0;
         for (int i : mb::each(c)) n += i;
         mb::get(f);
         return n == 45;
       }},
      {"select",
       [] {
         mb::channel<int> c(2);
         auto r = mb::get(mb::select(c.receive(), mb::sleep_for(1ms)));
         return r.index() == 1;
       }},
      {"select in task",
       [] {
         return mb::get(mb::remote([]() -> mb::task<int> {
                  mb::channel<int> c(2);
                  auto r = co_await mb::select(c.receive(), mb::sleep_for(1ms), mb::remote(nap)(2));
                  co_return int(r.index());
                })()) >= 1;
       }},
      {"timeout",
       [] {
         return mb::get(mb::remote(
                    []() -> mb::task<int> { co_return co_await mb::timeout(mb::remote(nap)(2), 5s); })()) == 2;
       }},
      {"timeout mutex",
       [] {
         mb::mutex m;
         auto g = mb::get(m.lock());
         try {
           static_cast<void>(mb::get(m.lock(), 1ms));
         } catch (mb::timeout_error const&) { return true; }
         return false;
       }},
      {"mutex etc",
       [] {
         mb::mutex m;
         mb::semaphore s(1);
         mb::event e;
         mb::latch l(1);
         return mb::get(mb::remote([&]() -> mb::task<int> {
                  { auto g = co_await m.lock(); }
                  co_await s.acquire();
                  s.release();
                  e.set();
                  co_await e.wait();
                  l.count_down();
                  co_await l.wait();
                  co_return 1;
                })()) == 1;
       }},
      {"shared_mutex, condition_variable, barrier",
       [] {
         mb::shared_mutex s;
         mb::mutex m;
         mb::condition_variable c;
         mb::barrier b(1);
         return mb::get(mb::remote([&]() -> mb::task<int> {
                  { auto g = co_await s.lock_shared(); }
                  { auto g = co_await s.lock(); }
                  auto g = co_await m.lock();
                  bool const in_time = co_await c.wait_for(g, 1ms, [] { return false; });
                  co_await b.arrive_and_wait();
                  co_return in_time ? 0 : 1;
                })()) == 1;
       }},
      {"condition_variable of a thread",
       [] {
         mb::mutex m;
         mb::condition_variable c;
         auto g = mb::get(m.lock());
         return !mb::get(c.wait_for(g, 1ms, [] { return false; }));
       }},
      {"list of a map",
       [] {
         std::map<std::string, mb::future<int>> all;
         all["a"] = mb::remote(nap)(1);
         all["b"] = mb::remote(nap)(2);
         return mb::get(all)["b"] == 2;
       }},
      {"promise set_from",
       [] {
         mb::promise<std::string> p;
         auto const f = p.get_future();
         p.set_from([] { return std::string(40, 'x'); });
         return mb::get(f).size() == 40;
       }},
      {"event, many waiters",
       [] {
         auto e = std::make_shared<mb::event>();
         struct setter {
           std::shared_ptr<mb::event> e;
           ~setter() { e->set(); }
         } const s{e};
         std::vector<mb::future<int>> all;
         for (int i = 0; i < 5; ++i)
           all.push_back(mb::remote([e]() -> mb::task<int> {
             co_await e->wait();
             co_return 1;
           })());
         e->set();
         return mb::get(all).size() == 5;
       }},
  });
}
