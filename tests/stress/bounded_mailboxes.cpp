// Bounded mailboxes: threads, plain tasks and coroutines wait for room in the same one, while calls are handled, and the
// actor or its runtime ends.
#include <mobula/mobula.hpp>

#include "support/catch.hpp"
#include "support/watchdog.hpp"

#include <atomic>
#include <chrono>
#include <optional>
#include <thread>
#include <vector>

namespace mb = mobula;
using mobula::test::repeats;
using mobula::test::watchdog;
using mobula::test::workers;
using namespace std::chrono_literals;

namespace {

mb::runtime_options options() { return {.num_cpus = static_cast<unsigned>(workers())}; }

// Sees whether the numbers of each caller come in order. Its fields are plain, so that ThreadSanitizer sees what isn't
// ordered.
class checker {
 public:
  bool next(int caller, int number) {
    int& last = last_[static_cast<std::size_t>(caller)];
    bool const right = number == last + 1;
    last = number;
    ++calls_;
    return right;
  }
  mb::task<bool> next_slowly(int caller, int number) {
    bool const right = next(caller, number);
    if (number % 5 == 0) co_await mb::sleep_for(10us);
    if (number % 5 == 1) co_await mb::remote([] {})();
    co_return right;
  }
  int calls() const { return calls_; }
  mb::task<int> nap() {
    co_await mb::sleep_for(10us);
    co_return 0;
  }

 private:
  std::vector<int> last_ = std::vector<int>(32, -1);
  int calls_ = 0;
};

// Makes calls and waits for room by blocking; tells whether all were handled in order.
bool blocking_caller(mb::actor<checker> const& a, int me, int calls) {
  std::vector<mb::future<bool>> fs;
  for (int i = 0; i < calls; ++i)
    fs.push_back(i % 3 == 0 ? a.call<&checker::next_slowly>(me, i) : a.call<&checker::next>(me, i));
  bool right = true;
  for (bool const r : mb::get(fs)) right &= r;
  return right;
}

mb::task<bool> awaiting_caller(mb::actor<checker> a, int me, int calls) {
  std::vector<mb::future<bool>> fs;
  for (int i = 0; i < calls; ++i)
    if (i % 3 == 0)
      fs.push_back(co_await a.async_call<&checker::next_slowly>(me, i));
    else
      fs.push_back(co_await a.async_call<&checker::next>(me, i));
  bool right = true;
  for (auto const& f : fs) right &= co_await f;
  co_return right;
}

// Waits for room for a moment only, again and again.
mb::task<bool> impatient_caller(mb::actor<checker> a, int me, int calls) {
  std::vector<mb::future<bool>> fs;
  for (int i = 0; i < calls;) {
    try {
      fs.push_back(co_await mb::timeout(a.async_call<&checker::next>(me, i), 5us));
      ++i;
    } catch (mb::timeout_error const&) {}
  }
  bool right = true;
  for (auto const& f : fs) right &= co_await f;
  co_return right;
}

}  // namespace

TEST_CASE("calls of each caller stay in order, however they wait for room") {
  watchdog const dog("order in a bounded mailbox");
  mb::runtime const rt(options());
  for (int round = 0; round < 4 * repeats(); ++round) {
    auto const a = mb::make_actor<checker>.options({.mailbox = 1 + round % 5})();
    constexpr int calls = 100;
    std::atomic<int> wrong{0};
    std::vector<std::thread> threads;
    for (int t = 0; t < 3; ++t)
      threads.emplace_back([&, t] {
        if (!blocking_caller(a, t, calls)) ++wrong;
      });
    std::vector<mb::future<bool>> tasks;
    for (int t = 3; t < 7; ++t) tasks.push_back(mb::remote(blocking_caller)(a, t, calls));
    for (int t = 7; t < 11; ++t) tasks.push_back(mb::remote(awaiting_caller)(a, t, calls));
    for (int t = 11; t < 13; ++t) tasks.push_back(mb::remote(impatient_caller)(a, t, calls));
    for (bool const right : mb::get(tasks)) REQUIRE(right);
    for (auto& t : threads) t.join();
    REQUIRE(wrong == 0);
    REQUIRE(mb::get(a.call<&checker::calls>()) == 13 * calls);
  }
}

TEST_CASE("each call that waited for room ends once, when its actor is stopped or killed meanwhile") {
  watchdog const dog("end of an actor with a full mailbox");
  mb::runtime const rt(options());
  for (int round = 0; round < 60 * repeats(); ++round) {
    mb::concurrency const how = round % 3 == 0 ? mb::serial : round % 3 == 1 ? mb::reentrant : mb::parallel(2);
    auto const a = mb::make_actor<checker>.options({.methods = {{mb::method<&checker::nap>, how}}, .mailbox = 2})();
    std::vector<mb::future<int>> tasks;
    for (int t = 0; t < 4; ++t)
      tasks.push_back(mb::remote([](mb::actor<checker> b, int me) {
        int ended = 0;
        for (int i = 0; i < 20; ++i) {
          auto const f = b.call<&checker::next>(me, i);
          try {
            static_cast<void>(mb::get(f));
          } catch (mb::actor_died const&) {}
          ++ended;
        }
        return ended;
      })(a, t));
    for (int t = 4; t < 8; ++t)
      tasks.push_back(mb::remote([](mb::actor<checker> b) -> mb::task<int> {
        int ended = 0;
        for (int i = 0; i < 20; ++i) {
          mb::future<int> const f = co_await b.async_call<&checker::nap>();
          try {
            static_cast<void>(co_await f);
          } catch (mb::actor_died const&) {}
          ++ended;
        }
        co_return ended;
      })(a));
    if (round % 4 == 0) std::this_thread::sleep_for(std::chrono::microseconds(round % 100));
    round % 2 == 0 ? a.kill() : a.stop();
    for (int const n : mb::get(tasks)) REQUIRE(n == 20);
  }
}

TEST_CASE("threads that wait for room go on when the runtime is shut down") {
  watchdog const dog("shutdown with a full mailbox");
  for (int round = 0; round < 20 * repeats(); ++round) {
    std::optional<mb::runtime> rt(options());
    auto const a = mb::make_actor<checker>.options({.mailbox = 1})();
    std::vector<std::thread> threads;
    std::atomic<int> refused{0};
    for (int t = 0; t < 3; ++t)
      threads.emplace_back([&, t] {
        try {
          for (int i = 0;; ++i) static_cast<void>(a.call<&checker::next_slowly>(t, i));
        } catch (mb::no_runtime const&) { ++refused; } catch (mb::cancelled const&) {
          ++refused;  // a drop ends the wait for room
        }
      });
    std::this_thread::sleep_for(std::chrono::microseconds(20 * round % 300));
    rt->shutdown(round % 2 == 0 ? mb::on_shutdown::drain : mb::on_shutdown::drop);
    for (auto& t : threads) t.join();
    REQUIRE(refused == 3);
    rt.reset();
  }
}
