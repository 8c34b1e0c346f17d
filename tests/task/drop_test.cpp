// What a shutdown with drop does with waits that nobody would end.
#include <array>
#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "mobula/mobula.hpp"
#include "support/catch.hpp"
#include "support/watchdog.hpp"

namespace mb = mobula;
using mobula::test::watchdog;
using namespace std::chrono_literals;

namespace {

// One of everything that one can wait for in vain. It outlives the runtime, as a member that waits needs it.
struct hopeless {
  mb::promise<int> promise;
  mb::future<int> value = promise.get_future();
  std::vector<mb::future<int>> values{value};
  mb::channel<int> empty{1}, full{1};
  mb::mutex mutex;
  mb::mutex::guard held = mutex.try_lock();
  mb::shared_mutex shared;
  mb::shared_mutex::guard writes = shared.try_lock();
  mb::semaphore semaphore{0};
  mb::event event;
  mb::latch latch{1};
  mb::barrier<> barrier{1000};
  mb::condition_variable condition;
  mb::mutex of_condition;

  hopeless() { static_cast<void>(full.try_send(1)); }
};

constexpr int kinds = 14;

template <class Wait>
decltype(auto) wait_for_kind(hopeless& h, int kind, Wait wait) {
  switch (kind) {
    case 0: return wait(h.value);
    case 1: return wait(h.empty.receive());
    case 2: return wait(h.full.send(2));
    case 3: return wait(h.mutex.lock());
    case 4: return wait(h.shared.lock());
    case 5: return wait(h.shared.lock_shared());
    case 6: return wait(h.semaphore.acquire());
    case 7: return wait(h.event.wait());
    case 8: return wait(h.latch.wait());
    case 9: return wait(h.barrier.arrive_and_wait());
    case 10: return wait(mb::select(h.empty.receive(), h.event.wait()));
    case 11: return wait(mb::timeout(h.event.wait(), 24h));
    case 12: return wait(mb::when_any(h.values));
    default: return wait(mb::as_completed(h.values));
  }
}

void block_on(hopeless& h, int kind) {
  wait_for_kind(h, kind, [](auto&& op) {
    if constexpr (requires { op.next(); })
      static_cast<void>(mb::get(op.next()));
    else
      static_cast<void>(mb::get(std::forward<decltype(op)>(op)));
  });
}

mb::task<> suspend_on(hopeless& h, int kind) {
  return wait_for_kind(h, kind, [](auto op) -> mb::task<> {
    if constexpr (requires { op.next(); })
      static_cast<void>(co_await op.next());
    else
      static_cast<void>(co_await op);
  });
}

mb::task<> suspend_on_condition(hopeless& h) {
  auto guard = co_await h.of_condition.lock();
  try {
    co_await h.condition.wait(guard, [] { return false; });
  } catch (mb::cancelled const&) {
    if (!guard.owns_lock()) throw std::logic_error("the mutex has not been given back");
    throw;
  }
}

struct sleeper {
  mb::task<> wait(std::reference_wrapper<hopeless> h) { co_await h.get().event.wait(); }
};

struct adder {
  explicit adder(int x = 0) : sum(x) {}
  int add(int x) { return sum += x; }
  int get(int x) const { return sum + x; }
  int sum;
};

template <class F>
bool is_cancelled(F const& f) {
  try {
    static_cast<void>(mb::get(f));
    return false;
  } catch (mb::cancelled const&) { return true; }
}

}  // namespace

TEST_CASE("dropping ends with cancelled every wait that nobody may ever end, of coroutines and plain tasks", "[task]") {
  for (int kind = 0; kind < kinds; ++kind) {
    CAPTURE(kind);
    hopeless h;
    mb::manual_runtime rt;
    auto const suspends = mb::remote([&h, kind]() -> mb::task<> { co_await suspend_on(h, kind); })();
    auto const stoppable = mb::remote([&h, kind] { block_on(h, kind); }).options({.cancellable = true})();
    auto const blocks = mb::remote([&h, kind] { block_on(h, kind); })();
    rt.run_until_idle();
    rt.shutdown(mb::on_shutdown::drop);
    CHECK(is_cancelled(suspends));
    CHECK(is_cancelled(blocks));
    CHECK(is_cancelled(stoppable));
  }
}

TEST_CASE("dropping gives the mutex back to who waits for a condition", "[task]") {
  hopeless h;
  mb::manual_runtime rt;
  std::vector<mb::future<void>> all;
  for (int i = 0; i < 3; ++i) all.push_back(mb::remote([&h]() -> mb::task<> { co_await suspend_on_condition(h); })());
  rt.run_until_idle();
  rt.shutdown(mb::on_shutdown::drop);
  for (auto const& f : all) CHECK(is_cancelled(f));
  CHECK(h.of_condition.try_lock().owns_lock());
}

TEST_CASE("dropping ends the waits of actors, of children of groups, of map and of streams", "[task]") {
  hopeless h;
  mb::manual_runtime rt;
  auto const a = mb::make_actor<sleeper>();
  auto const call = a.call<&sleeper::wait>(std::ref(h));
  auto const group = mb::remote([&h]() -> mb::task<> {
    mb::task_group g;
    g.run([&h]() -> mb::task<> { co_await h.event.wait(); });
    co_await g.join();
  })();
  auto const maps = mb::remote([&h] {
    static_cast<void>(mb::map([&h](int) { return mb::get(h.empty.receive()).value_or(0); }, std::vector{1, 2, 3}));
  })();
  auto const joins = mb::remote(
      [&h]() -> mb::task<> { static_cast<void>(co_await mb::when_all(suspend_on(h, 1), suspend_on(h, 7))); })();
  auto const reads = mb::remote([&h]() -> mb::task<> {
    auto numbers = mb::remote([&h]() -> mb::generator<int> {
      co_await h.event.wait();
      co_yield 1;
    })();
    while (co_await numbers.next()) {}
  })();
  rt.run_until_idle();
  rt.shutdown(mb::on_shutdown::drop);
  CHECK(is_cancelled(call));
  CHECK(is_cancelled(group));
  CHECK(is_cancelled(maps));
  CHECK(is_cancelled(joins));
  CHECK(is_cancelled(reads));
}

TEST_CASE("dropping ends what waits for its arguments, tasks and calls of actors", "[task]") {
  hopeless h;
  mb::manual_runtime rt;
  auto const outside = mb::remote([](int x) { return x; })(h.value);
  auto const within = mb::remote([&h] { return mb::remote([](int x) { return x; })(h.value); })();
  auto const a = mb::make_actor<adder>();
  auto const call = a.call<&adder::add>(h.value);
  a.post<&adder::add>(h.value);
  auto const unborn = mb::make_actor<adder>(h.value).call<&adder::add>(1);
  auto const parallel = mb::make_actor<adder>.options({.concurrency = mb::parallel(2)})().call<&adder::get>(h.value);
  rt.run_until_idle();
  rt.shutdown(mb::on_shutdown::drop);
  CHECK(is_cancelled(outside));
  CHECK(is_cancelled(within));
  CHECK(is_cancelled(call));
  CHECK_THROWS_AS(mb::get(unborn), mb::error);
  CHECK(is_cancelled(parallel));
}

TEST_CASE("a wait that begins after the drop is cancelled, unless it is ready", "[task]") {
  hopeless h;
  mb::manual_runtime rt;
  bool was_ready = false;
  auto const f = mb::remote([&]() -> mb::task<> {
    try {
      co_await h.event.wait();
    } catch (mb::cancelled const&) {}
    was_ready = (co_await h.full.receive()).has_value();
    co_await h.empty.receive();
  })();
  rt.run_until_idle();
  rt.shutdown(mb::on_shutdown::drop);
  CHECK(was_ready);
  CHECK(is_cancelled(f));
}

TEST_CASE("draining ends no wait", "[task]") {
  mb::event e;
  bool done = false;
  {
    mb::manual_runtime rt;
    static_cast<void>(mb::remote([&]() -> mb::task<> {
      co_await e.wait();
      done = true;
    })());
    static_cast<void>(mb::remote([&]() -> mb::task<> {
      co_await mb::sleep_for(1h);
      e.set();
    })());
  }
  CHECK(done);
}

TEST_CASE("an exception that leaves the scope of a runtime ends its tasks' waits", "[task]") {
  watchdog const dog("an exception that leaves a runtime's scope");
  for (unsigned const workers : {1U, 2U, 8U}) {
    hopeless h;
    std::vector<mb::future<void>> all;
    CHECK_THROWS_AS(([&] {
                      mb::runtime rt({.num_cpus = workers});
                      for (int kind = 0; kind < kinds; ++kind) {
                        all.push_back(mb::remote([&h, kind]() -> mb::task<> { co_await suspend_on(h, kind); })());
                        all.push_back(mb::remote([&h, kind] { block_on(h, kind); })());
                        all.push_back(mb::remote([&h, kind] { block_on(h, kind); }).options({.blocking = true})());
                      }
                      std::this_thread::sleep_for(5ms);
                      throw std::runtime_error("x");
                    }()),
                    std::runtime_error);
    for (auto const& f : all) CHECK(is_cancelled(f));
  }
}

TEST_CASE("dropping ends the waits of threads outside", "[task]") {
  watchdog const dog("threads outside that wait");
  hopeless h;
  mb::runtime rt({.num_cpus = 2});
  std::atomic<int> began{0}, ended{0};
  std::vector<std::thread> threads;
  for (int kind = 0; kind < kinds; ++kind)
    threads.emplace_back([&, kind] {
      ++began;
      try {
        block_on(h, kind);
      } catch (mb::cancelled const&) { ++ended; } catch (mb::timeout_error const&) {
      }
    });
  while (began != kinds) std::this_thread::yield();
  rt.shutdown(mb::on_shutdown::drop);
  std::this_thread::sleep_for(10ms);
  for (int i = 0; ended != kinds && i < 1000; ++i) std::this_thread::sleep_for(1ms);
  // One that came after the drop waits without a runtime.
  h.promise.set_value(1);
  h.event.set();
  h.empty.close();
  h.full.close();
  h.held.unlock();
  h.writes.unlock();
  h.semaphore.release();
  h.latch.count_down();
  for (int i = 0; i < 999; ++i) h.barrier.arrive_and_drop();
  for (auto& t : threads) t.join();
  CHECK(ended > 0);
}

TEST_CASE("dropping that still has to wait says for how many tasks after some seconds, by name if they are tracked",
          "[task]") {
  watchdog const dog("a drop that waits");
  std::string told, refused;
  std::atomic<bool> began{false}, over{false};
  std::optional<mb::runtime> rt;
  rt.emplace(
      mb::runtime_options{.num_cpus = 1, .track_tasks = true, .dump_signal = 0, .on_warning = [&](char const* text) {
                            told = text;
                            try {
                              rt->shutdown();
                            } catch (mb::error const& e) { refused = e.what(); }
                            over = true;
                          }});
  static_cast<void>(mb::remote([&] {
                      began = true;
                      while (!over) std::this_thread::sleep_for(1ms);
                    }).options({.name = "stubborn"})());
  while (!began) std::this_thread::yield();
  rt->shutdown(mb::on_shutdown::drop);
  CHECK(told.find("still waits") != std::string::npos);
  CHECK(told.find("'stubborn'") != std::string::npos);
  CHECK(refused.find("on_warning") != std::string::npos);
}
