// Actors that are killed, restarted, stopped and dropped while they are called: each call ends once, calls of a caller in
// order, and nothing is left.
#include <mobula/mobula.hpp>

#include "support/catch.hpp"
#include "support/watchdog.hpp"

#include <array>
#include <atomic>
#include <chrono>
#include <stdexcept>
#include <thread>
#include <vector>

namespace mb = mobula;
using mobula::test::repeats;
using mobula::test::watchdog;
using mobula::test::workers;
using namespace std::chrono_literals;

namespace {

constexpr int callers = 3;

mb::runtime_options options() {
  return {.num_cpus = static_cast<unsigned>(workers()), .on_unread_failure = [](mb::failure const&) {}};
}

struct crash : std::runtime_error {
  crash() : std::runtime_error("crash") {}
};

// What calls have done, of all lives of an actor.
struct journal {
  std::array<std::atomic<int>, callers> last{};  // the number of a caller's last call
  std::atomic<int> out_of_order{0};
  std::atomic<int> inside{0};
  std::atomic<int> collisions{0};
};

// Its fields are plain, so that ThreadSanitizer sees what isn't ordered.
class worker {
 public:
  explicit worker(journal& j) : journal_(j) {
    ++living;
    if (++j.inside != 1) ++j.collisions;
    --j.inside;
  }
  worker(worker const&) = delete;
  ~worker() { --living; }

  int work(int caller, int number, int how) {
    { visit const inside(*this, caller, number); }
    if (how == 1) throw crash();
    if (how == 2) throw std::invalid_argument("a result");
    return number;
  }
  mb::task<int> work_slowly(int caller, int number, int how) {
    {
      visit const inside(*this, caller, number);  // a runtime that drops ends the waits by an exception
      if (number % 3 == 0) co_await mb::sleep_for(10us);
      if (number % 3 == 1) co_await mb::remote([] {})();
    }
    if (how == 1) throw crash();
    co_return number;
  }
  int aside(int how) {
    if (how == 1) throw crash();
    return how;
  }

  static inline std::atomic<int> living{0};

 private:
  struct visit {
    visit(worker& w, int caller, int number) : j(w.journal_) {
      if (++j.inside != 1) ++j.collisions;
      auto& last = j.last[static_cast<std::size_t>(caller)];
      if (number < last) ++j.out_of_order;  // a retry has the same
      last = number;
      ++w.calls_;
    }
    visit(visit const&) = delete;
    ~visit() { --j.inside; }
    journal& j;
  };

  journal& journal_;
  int calls_ = 0;
};

// How a call has ended.
struct ends {
  std::atomic<int> values{0}, errors{0}, died{0}, cancelled{0};
  int sum() const { return values + errors + died + cancelled; }

  void count(mb::future<int> const& f) {
    try {
      static_cast<void>(mb::get(f));
      ++values;
    } catch (mb::actor_died const&) { ++died; } catch (mb::cancelled const&) {
      ++cancelled;
    } catch (std::exception const&) { ++errors; }
  }
};

mb::future<int> call(mb::actor<worker> const& a, int caller, int n) {
  int const how = n % 11 == 7 ? 1 : n % 11 == 5 ? 2 : 0;
  return n % 2 == 0 ? a.call<&worker::work>(caller, n, how) : a.call<&worker::work_slowly>(caller, n, how);
}

enum class ending { kill, restart, stop, drop_handles, none };

void disturb(mb::actor<worker>& a, ending e) {
  switch (e) {
    case ending::kill: return a.kill();
    case ending::restart: return a.kill({.restart = true});
    case ending::stop: return a.stop();
    case ending::drop_handles: return void(a = {});
    case ending::none: return;
  }
}

// Callers, each through a handle of its own, half of them threads and half tasks, race with what ends the actor.
void race(mb::actor_options<worker> const& o, int round, journal& j, ends& e, int calls) {
  auto a = mb::make_actor<worker>.options(o)(std::ref(j));
  auto const calling = [&e, calls](mb::actor<worker> mine, int caller) {
    std::vector<mb::future<int>> fs;
    for (int n = 1; n <= calls; ++n) fs.push_back(call(mine, caller, n));
    mine = {};
    for (auto const& f : fs) e.count(f);
  };
  std::vector<std::thread> threads;
  std::vector<mb::future<void>> tasks;
  for (int c = 0; c < callers; ++c) {
    if ((c + round) % 2 == 0)
      threads.emplace_back(calling, a, c);
    else
      tasks.push_back(mb::remote(calling)(a, c));
  }
  auto const end = mb::monitor(a);
  for (int volatile spin = 0; spin < round * 37 % 3000;) spin = spin + 1;
  disturb(a, static_cast<ending>(round % 5));
  if (round % 2 == 0) disturb(a, ending::restart == static_cast<ending>(round % 5) ? ending::kill : ending::none);
  a = {};
  for (auto& t : threads) t.join();
  mb::get(tasks);
  static_cast<void>(mb::get(end));
}

}  // namespace

TEST_CASE("calls race with kill, restart, stop and the last handle, and each ends once") {
  watchdog const dog("lives of actors");
  mb::runtime const rt(options());
  for (int round = 0; round < 200 * repeats(); ++round) {
    journal j;
    ends e;
    bool const retries = round % 3 == 0;
    race({.max_restarts = round % 4 == 0 ? -1 : round % 4,
          .dies_on = mb::dies_on<crash>(),
          .max_task_retries = retries && round % 4 != 0 ? 1 : 0},
         round, j, e, 30);
    REQUIRE(e.sum() == callers * 30);
    REQUIRE(e.cancelled == 0);
    REQUIRE(j.out_of_order == 0);
    REQUIRE(j.collisions == 0);
  }
}

TEST_CASE("of calls that die beside each other, each ends once, and nothing is left") {
  watchdog const dog("deaths of parallel calls");
  mb::runtime const rt(options());
  for (int round = 0; round < 100 * repeats(); ++round) {
    journal j;
    ends e;
    auto a = mb::make_actor<worker>.options({.concurrency = mb::reentrant,
                                             .concurrency_groups = {{"wide", 4}, {"narrow", 1}},
                                             .max_restarts = round % 5 == 0 ? 2 : -1,
                                             .dies_on = mb::dies_on<crash>(),
                                             .max_task_retries = round % 2})(std::ref(j));
    auto const calling = [&e](mb::actor<worker> mine, int caller) {
      auto const wide = mine.options({.concurrency_group = "wide"});
      auto const narrow = mine.options({.concurrency_group = "narrow"});
      std::vector<mb::future<int>> fs;
      for (int n = 1; n <= 20; ++n) {
        int const how = (n + caller) % 6 == 0 ? 1 : 0;
        fs.push_back(n % 3 == 0   ? wide.call<&worker::aside>(how)
                     : n % 3 == 1 ? narrow.call<&worker::aside>(how)
                                  : mine.call<&worker::aside>(how));
      }
      for (auto const& f : fs) e.count(f);
    };
    auto const end = mb::monitor(a);
    std::vector<mb::future<void>> tasks;
    for (int c = 0; c < callers; ++c) tasks.push_back(mb::remote(calling)(a, c));
    if (round % 7 == 0) a.kill({.restart = true});
    if (round % 11 == 0) a.stop();
    if (round % 13 == 0) a.kill();
    a = {};
    mb::get(tasks);
    static_cast<void>(mb::get(end));
    REQUIRE(e.sum() == callers * 20);
    REQUIRE(e.cancelled == 0);
  }
}

TEST_CASE("supervised actors die at once, and the supervisor restarts or ends them together") {
  watchdog const dog("supervised deaths");
  mb::runtime const rt(options());
  for (int round = 0; round < 100 * repeats(); ++round) {
    std::array<journal, 4> journals;
    ends e;
    auto const root = mb::supervise(
        {.strategy = round % 2 == 0 ? mb::restart_strategy::one_for_one : mb::restart_strategy::all_for_one,
         .max_restarts = round % 3 == 0 ? -1 : 3});
    auto const below =
        mb::supervise({.strategy = mb::restart_strategy::all_for_one, .max_restarts = round % 4, .parent = root});
    std::vector<mb::future<mb::actor_end>> end;
    {
      std::vector<mb::actor<worker>> actors;
      for (int i = 0; i < 4; ++i)
        actors.push_back(mb::make_actor<worker>.options(
            {.dies_on = mb::dies_on<crash>(), .max_task_retries = round % 2, .supervisor = i == 0 ? root : below})(
            std::ref(journals[static_cast<std::size_t>(i)])));
      for (auto const& a : actors) end.push_back(mb::monitor(a));
      std::vector<mb::future<void>> tasks;
      for (int c = 0; c < callers; ++c)
        tasks.push_back(mb::remote([&e, actors, c] {
          std::vector<mb::future<int>> fs;
          for (int n = 1; n <= 24; ++n) fs.push_back(call(actors[static_cast<std::size_t>(n) % 4], c, n));
          for (auto const& f : fs) e.count(f);
        })());
      if (round % 5 == 0) actors[1].kill();
      if (round % 5 == 1) actors[2].kill({.restart = true});
      actors.erase(actors.begin() + round % 4);
      mb::get(tasks);
    }
    mb::get(end);
    REQUIRE(e.sum() == callers * 24);
    for (auto const& j : journals) REQUIRE(j.out_of_order + j.collisions + e.cancelled == 0);
  }
}

TEST_CASE("a runtime that drops amid deaths ends each call once") {
  watchdog const dog("dropped deaths");
  for (int round = 0; round < 60 * repeats(); ++round) {
    journal j;
    ends e;
    std::vector<mb::future<int>> fs;
    mb::future<mb::actor_end> end;
    {
      mb::runtime rt(options());
      auto const a = mb::make_actor<worker>.options({.max_restarts = -1,
                                                     .dies_on = mb::dies_on<crash>(),
                                                     .max_task_retries = round % 2 == 0 ? 3 : 0})(std::ref(j));
      end = mb::monitor(a);
      for (int n = 1; n <= 60; ++n) fs.push_back(call(a, 0, n));
      for (int volatile spin = 0; spin < round * 119 % 20000;) spin = spin + 1;
      rt.shutdown(mb::on_shutdown::drop);
      for (auto const& f : fs) REQUIRE(f.ready());
    }
    for (auto const& f : fs) e.count(f);
    static_cast<void>(mb::get(end));
    REQUIRE(e.sum() == 60);
    REQUIRE(j.out_of_order + j.collisions == 0);
  }
  REQUIRE(worker::living == 0);
}
