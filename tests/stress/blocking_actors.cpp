// Methods that block their threads, more of them than there are workers.
#include <mobula/mobula.hpp>

#include "support/catch.hpp"
#include "support/watchdog.hpp"

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <set>
#include <thread>
#include <vector>

namespace mb = mobula;
using mobula::test::repeats;
using mobula::test::watchdog;
using mobula::test::workers;

namespace {

mb::runtime_options options() { return {.num_cpus = static_cast<unsigned>(workers())}; }

// Where threads wait for each other, by means of the kernel.
class meeting {
 public:
  explicit meeting(int n) : missing_(n) {}
  void arrive_and_wait() {
    std::unique_lock lock(mutex_);
    if (--missing_ == 0) changed_.notify_all();
    changed_.wait(lock, [this] { return missing_ <= 0; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int missing_;
};

// Its fields are plain, so that ThreadSanitizer sees what isn't ordered.
class blocker {
 public:
  int meet(meeting* m) {
    m->arrive_and_wait();
    return 1;
  }
  int count() { return ++calls_; }
  mb::task<int> count_slowly() {
    co_await mb::yield();
    co_return ++calls_;
  }
  int fail_at(int n) {
    if (++calls_ == n) throw std::runtime_error("broken");
    return calls_;
  }
  bool on_a_worker() { return mb::this_task::worker().has_value(); }
  mb::actor<blocker> self() { return mb::current_actor<blocker>(); }

 private:
  int calls_ = 0;
};

}  // namespace

TEST_CASE("blocking calls of parallel and serial actors meet, however few workers there are") {
  watchdog const dog("meetings of blocking calls");
  for (int round = 0; round < 20 * repeats(); ++round) {
    mb::runtime const rt(options());
    int const n = workers() + 3;
    meeting m(2 * n);
    auto const shared =
        mb::make_actor<blocker>.options({.concurrency = mb::parallel(static_cast<unsigned>(n)), .blocking = true})();
    std::vector<mb::actor<blocker>> alone;
    for (int i = 0; i < n; ++i) alone.push_back(mb::make_actor<blocker>());
    std::vector<mb::future<int>> calls;
    for (auto const& a : alone) {
      calls.push_back(shared.call<&blocker::meet>(&m));
      calls.push_back(a.options({.blocking = true}).call<&blocker::meet>(&m));
    }
    for (int const one : mb::get(calls)) REQUIRE(one == 1);
  }
}

TEST_CASE("a serial actor that blocks handles one call at a time, in order, beside its coroutines") {
  watchdog const dog("serial blocking calls");
  for (int round = 0; round < 5 * repeats(); ++round) {
    mb::runtime const rt(options());
    auto const a = mb::make_actor<blocker>.options({.blocking = true})();
    std::vector<mb::future<int>> calls;
    for (int i = 0; i < 100; ++i)
      calls.push_back(i % 5 == 0 ? a.call<&blocker::count_slowly>() : a.call<&blocker::count>());
    for (int i = 0; i < 100; ++i) REQUIRE(mb::get(calls[static_cast<std::size_t>(i)]) == i + 1);
  }
}

TEST_CASE("a runtime ends, drained or dropped, while blocking calls run and wait for threads") {
  watchdog const dog("ends with blocking calls");
  for (int round = 0; round < 50 * repeats(); ++round) {
    auto o = options();
    o.max_blocking_threads = 2;
    mb::runtime rt(o);
    auto const a = mb::make_actor<blocker>.options({.concurrency = mb::parallel(4), .blocking = true})();
    auto const b = mb::make_actor<blocker>.options({.blocking = true})();
    std::vector<mb::future<int>> calls;
    for (int i = 0; i < 10; ++i) {
      calls.push_back(a.call([](blocker&) { return 1; }));
      calls.push_back(b.call<&blocker::count>());
      b.post<&blocker::count>();
    }
    bool const drops = round % 2 == 0;
    if (round % 3 == 0) b.kill();
    rt.shutdown(drops ? mb::on_shutdown::drop : mb::on_shutdown::drain);
    for (auto const& f : calls) {
      REQUIRE(f.ready());
      try {
        static_cast<void>(mb::get(f));
      } catch (mb::cancelled const&) { REQUIRE(drops); } catch (mb::actor_died const&) {
        REQUIRE(round % 3 == 0);
      }
    }
  }
}

TEST_CASE("an actor whose blocking calls are deaths is restarted, and makes them again") {
  watchdog const dog("deaths of blocking calls");
  for (auto const how : {mb::serial, mb::parallel(1)})
    for (int round = 0; round < 20 * repeats(); ++round) {
      mb::runtime const rt(options());
      auto const a = mb::make_actor<blocker>.options({.concurrency = how,
                                                      .blocking = true,
                                                      .max_restarts = -1,
                                                      .dies_on = mb::dies_on_any(),
                                                      .max_task_retries = -1})();
      std::vector<mb::future<int>> calls;
      for (int i = 0; i < 20; ++i) calls.push_back(a.call<&blocker::fail_at>(5));
      for (auto const& f : calls) REQUIRE(mb::get(f) > 0);
    }
}
