// Runtimes that are dropped while their tasks wait, and while others end these waits: each wait ends once, one way or the
// other, and nothing is lost.
#include <mobula/mobula.hpp>

#include "support/catch.hpp"
#include "support/watchdog.hpp"

#include <atomic>
#include <chrono>
#include <memory>
#include <thread>
#include <vector>

namespace mb = mobula;
using mobula::test::repeats;
using mobula::test::watchdog;
using mobula::test::workers;
using namespace std::chrono_literals;

namespace {

mb::runtime_options options() { return {.num_cpus = static_cast<unsigned>(workers()), .dump_signal = 0}; }

void pause(int i) {
  if (i % 4 == 0) return;
  if (i % 4 == 1) return std::this_thread::yield();
  std::this_thread::sleep_for(std::chrono::microseconds(i % 50));
}

// How many of them were cancelled; the others have succeeded.
int cancelled(std::vector<mb::future<void>> const& all) {
  int n = 0;
  for (auto const& f : all) try {
      mb::get(f);
    } catch (mb::cancelled const&) { ++n; }
  return n;
}

}  // namespace

TEST_CASE("items are received once or stay in their channel, when a drop comes between") {
  watchdog const dog("a drop among receivers", 120s);
  for (int i = 0; i < 100 * repeats(); ++i) {
    constexpr int receivers = 8, items = 6;
    mb::channel<int> c(items);
    std::atomic<int> received{0};
    std::vector<mb::future<void>> all;
    auto rt = std::make_unique<mb::runtime>(options());
    for (int k = 0; k < receivers; ++k) {
      if (k % 2 == 0)
        all.push_back(mb::remote([c, &received]() -> mb::task<> {
          if (co_await c.receive()) ++received;
        })());
      else
        all.push_back(mb::remote([c, &received] {
                        if (mb::get(c.receive())) ++received;
                      }).options({.cancellable = k % 4 == 1})());
    }
    std::thread sends([&] {
      for (int k = 0; k < items; ++k) mb::get(c.send(k));
    });
    pause(i);
    rt->shutdown(mb::on_shutdown::drop);
    sends.join();
    REQUIRE(received + static_cast<int>(c.size()) == items);
    REQUIRE(received + cancelled(all) == receivers);
  }
}

TEST_CASE("locks, permits and promises are had or not, when a drop comes between") {
  watchdog const dog("a drop among locks", 120s);
  for (int i = 0; i < 100 * repeats(); ++i) {
    constexpr int tasks = 6;
    mb::mutex m;
    mb::semaphore permits(0);
    mb::condition_variable changed;
    mb::promise<int> p;
    auto const value = p.get_future();
    std::atomic<int> passed{0}, permitted{0};
    int inside = 0;
    std::vector<mb::future<void>> all, limited;
    auto rt = std::make_unique<mb::runtime>(options());
    for (int k = 0; k < tasks; ++k) {
      all.push_back(mb::remote([&]() -> mb::task<> {
        auto guard = co_await m.lock();
        ++inside;
        co_await changed.wait(guard);
        --inside;
        ++passed;
      })());
      all.push_back(mb::remote([&] {
        auto const guard = mb::get(m.lock());
        ++inside;
        mb::get(value);
        --inside;
        ++passed;
      })());
      limited.push_back(mb::remote([&]() -> mb::task<> {
        co_await mb::timeout(permits.acquire(), 1h);
        ++permitted;
      })());
    }
    std::thread ends([&] {
      for (int k = 0; k < tasks / 2; ++k) permits.release();
      changed.notify_all();
      p.set_value(1);
      changed.notify_all();
    });
    pause(i);
    rt->shutdown(mb::on_shutdown::drop);
    ends.join();
    REQUIRE(passed + cancelled(all) == 2 * tasks);
    REQUIRE(permitted + cancelled(limited) == tasks);
    int left = 0;
    while (permits.try_acquire()) ++left;
    REQUIRE(permitted + left == tasks / 2);
    REQUIRE(m.try_lock().owns_lock());
  }
}

TEST_CASE("threads outside and calls that block are woken by a drop, whenever they begin to wait") {
  watchdog const dog("a drop among threads", 120s);
  for (int i = 0; i < 50 * repeats(); ++i) {
    mb::event never, also_never;
    std::atomic<int> ended{0};
    auto rt = std::make_unique<mb::runtime>(options());
    auto const blocks = mb::remote([&] { mb::get(also_never.wait()); }).options({.blocking = true})();
    std::vector<std::thread> threads;
    for (int k = 0; k < 2; ++k)
      threads.emplace_back([&] {
        try {
          mb::get(never.wait());
        } catch (mb::cancelled const&) {}
        ++ended;
      });
    pause(i);
    std::thread other([&] { rt->shutdown(mb::on_shutdown::drop); });
    rt->shutdown(i % 2 == 0 ? mb::on_shutdown::drain : mb::on_shutdown::drop);
    other.join();
    rt.reset();
    never.set();  // for those that came after the drop
    for (auto& t : threads) t.join();
    REQUIRE(ended == 2);
    REQUIRE_THROWS_AS(mb::get(blocks), mb::cancelled);
  }
}
