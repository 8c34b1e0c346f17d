// Pools whose members come, go and die while calls are submitted from many threads: each call ends once; and routers.
#include <mobula/mobula.hpp>

#include "support/catch.hpp"
#include "support/watchdog.hpp"

#include <atomic>
#include <thread>
#include <vector>

namespace mb = mobula;
using mobula::test::repeats;
using mobula::test::watchdog;
using mobula::test::workers;

namespace {

mb::runtime_options options() {
  return {.num_cpus = static_cast<unsigned>(workers()), .on_unread_failure = [](mb::failure const&) {}};
}

// Its field is plain, so that ThreadSanitizer sees what isn't ordered.
class worker {
 public:
  int add(int n) {
    ++calls_;
    return n;
  }
  mb::task<int> add_slowly(int n) {
    ++calls_;
    co_await mb::remote([] {})();
    if (n % 50 == 0) mb::exit_actor();
    co_return n;
  }

 private:
  int calls_ = 0;
};

}  // namespace

TEST_CASE("calls from many threads to a pool whose members die end once each") {
  watchdog const dog("pool whose members die");
  mb::runtime const rt(options());
  for (int round = 0; round < 5 * repeats(); ++round) {
    mb::actor_pool<worker> const pool{mb::make_actor<worker>(), mb::make_actor<worker>(), mb::make_actor<worker>()};
    std::atomic<int> done{0}, died{0};
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t)
      threads.emplace_back([&, t] {
        auto batch = pool.batch<int>();
        for (int i = 1; i <= 200; ++i) {
          if (i % 2 == 0)
            batch.submit<&worker::add_slowly>(i);
          else
            batch.submit<&worker::add>(i);
          if (i % 40 == 0) pool.push(mb::make_actor<worker>());
          if (i % 25 == t)
            if (auto idle = pool.pop_idle()) pool.push(*idle);
        }
        for (int i = 0; batch.has_next(); ++i) {
          try {
            if (i % 3 == 0)
              static_cast<void>(mb::get(batch.next()));
            else
              static_cast<void>(mb::get(batch.next_unordered()));
            ++done;
          } catch (mb::actor_died const&) { ++died; }
        }
      });
    for (auto& t : threads) t.join();
    REQUIRE(done == 4 * 196);
    REQUIRE(died == 4 * 4);
    REQUIRE(pool.size() == 3 + 4 * 5 - 4 * 4);
  }
}

TEST_CASE("a pool and its runtime may go while calls wait") {
  watchdog const dog("pool goes");
  for (int round = 0; round < 30 * repeats(); ++round) {
    std::vector<mb::future<int>> all;
    {
      mb::runtime rt(options());
      mb::actor_pool<worker> const pool{mb::make_actor<worker>(), mb::make_actor<worker>()};
      for (int i = 1; i < 200; ++i) all.push_back(pool.submit<&worker::add>(i));
      if (round % 2 == 0) rt.shutdown(mb::on_shutdown::drop);
    }
    for (auto const& f : all) REQUIRE(f.ready());
  }
}

TEST_CASE("a router that is used and changed from many threads") {
  watchdog const dog("router");
  mb::runtime const rt(options());
  mb::actor_router<worker> router{mb::make_actor<worker>(), mb::make_actor<worker>()};
  std::vector<std::thread> threads;
  std::atomic<int> sum{0};
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < 300 * repeats(); ++i) {
        auto const to = i % 3 == 0 ? router.next() : i % 3 == 1 ? router.least_loaded() : router.by_key(i);
        sum += mb::get(to.call<&worker::add>(1));
        if (i % 50 == 0) {
          auto const extra = mb::make_actor<worker>();
          router.add(extra);
          static_cast<void>(router.least_loaded().call<&worker::add>(1));
          router.remove(extra);
        }
      }
    });
  for (auto& t : threads) t.join();
  REQUIRE(sum == 4 * 300 * repeats());
  REQUIRE(router.size() == 2);
}
