// Actors that are told to end at any moment of their lives: before they are constructed, with calls queued, with circles of
// handles. Each call ends once, each object is destroyed once, nothing begins too late.
#include <mobula/mobula.hpp>

#include "support/catch.hpp"
#include "support/watchdog.hpp"

#include <atomic>
#include <chrono>
#include <functional>
#include <thread>
#include <vector>

namespace mb = mobula;
using mobula::test::repeats;
using mobula::test::watchdog;
using mobula::test::workers;

namespace {

mb::runtime_options options() {
  return {.num_cpus = static_cast<unsigned>(workers()),
          .resources = {{"r", 1}},
          .on_unread_failure = [](mb::failure const&) {}};
}

class noted {
 public:
  explicit noted(int n) : number_(n) { ++living; }
  noted(noted const&) = delete;
  ~noted() {
    --living;
    ++destroyed;
  }

  int number() { return number_; }
  int add(int n) { return number_ += n; }
  int number_and(int n) const { return number_ + n; }
  void leave(mb::event* gate) {
    ++begun;
    mb::get(gate->wait());
    mb::exit_actor();
  }
  void wait(mb::event* gate) {
    ++begun;
    mb::get(gate->wait());
  }
  void late() { ++late_calls; }
  void keep(mb::actor<noted> other) { kept_.push_back(std::move(other)); }

  static inline std::atomic<int> living{0}, destroyed{0}, begun{0}, late_calls{0};

 private:
  int number_;
  std::vector<mb::actor<noted>> kept_;
};

// Whether it gave something, or ended as its actor did.
template <class R>
bool ends_well(mb::future<R> const& f) {
  try {
    static_cast<void>(mb::get(f));
    return true;
  } catch (mb::actor_died const&) { return true; } catch (...) {
    return false;
  }
}

void until(std::atomic<int> const& n, int value) {
  while (n < value) std::this_thread::yield();
}

}  // namespace

TEST_CASE("a kill that meets an actor's argument, or its resources, ends it once, and gives back what it has") {
  watchdog const dog("kills before birth");
  mb::runtime const rt(options());
  for (int round = 0; round < 300 * repeats(); ++round) {
    bool const with_resources = round % 2 == 0;
    mb::promise<int> number, argument;
    auto const o = mb::actor_options<noted>{.resources = with_resources ? std::map<std::string, double>{{"r", 1}}
                                                                        : std::map<std::string, double>{}};
    std::vector<mb::actor<noted>> actors;
    auto const n = number.get_future();
    auto const x = argument.get_future();
    for (int i = 0; i < 3; ++i) actors.push_back(mb::make_actor<noted>.options(o)(n));
    std::vector<mb::future<int>> calls;
    for (auto const& a : actors) {
      calls.push_back(a.call<&noted::number>());
      calls.push_back(a.call<&noted::add>(x));
      calls.push_back(a.call<&noted::number>());
    }
    std::thread giver([&] {
      number.set_value(1);
      argument.set_value(2);
    });
    std::thread killer([&] {
      for (auto const& a : actors) a.kill();
    });
    for (auto const& a : actors) a.kill();
    killer.join();
    for (auto const& f : calls) REQUIRE(ends_well(f));
    giver.join();
    for (auto const& a : actors) static_cast<void>(mb::get(mb::monitor(a)));
    REQUIRE(mb::available_resources().at("r") == 1);
  }
  REQUIRE(noted::living == 0);
}

TEST_CASE("no queued call begins after an exit, or when kill has returned") {
  watchdog const dog("ends of parallel actors");
  mb::runtime const rt(options());
  for (int round = 0; round < 200 * repeats(); ++round) {
    noted::begun = 0;
    bool const kills = round % 2 == 0;
    mb::event gate;
    auto const a = mb::make_actor<noted>.options(
        {.concurrency = mb::parallel(2), .concurrency_groups = {{"g", 1}}, .blocking = round % 3 == 0})(1);
    auto const g = a.options({.concurrency_group = "g"}), urgent = a.options({.high_priority = true});
    std::vector<mb::future<void>> running, queued;
    for (auto const& h : {g, urgent})
      running.push_back(kills ? h.call<&noted::wait>(&gate) : h.call<&noted::leave>(&gate));
    running.push_back(kills ? a.call<&noted::wait>(&gate) : a.call<&noted::leave>(&gate));
    until(noted::begun, 3);
    for (int i = 0; i < 3; ++i) {
      queued.push_back(a.call<&noted::late>());
      queued.push_back(g.call<&noted::late>());
      queued.push_back(urgent.call<&noted::late>());
    }
    if (kills) a.kill();
    gate.set();
    for (auto const& f : running) REQUIRE(ends_well(f));
    for (auto const& f : queued) REQUIRE_THROWS_AS(mb::get(f), mb::actor_died);
  }
  REQUIRE(noted::late_calls == 0);
}

TEST_CASE("of two threads, one ends named actors and makes new ones, one gets and calls them") {
  watchdog const dog("names of ended actors");
  for (int round = 0; round < 10 * repeats(); ++round) {
    {
      mb::runtime const rt(options());
      std::atomic<bool> over{false};
      std::atomic<int> wrong{0};
      auto const life = round % 2 == 0 ? mb::lifetime::handles : mb::lifetime::detached;
      auto const made_or_found = [life](int n) {
        return mb::make_actor<noted>.options({.name = "k", .get_if_exists = true, .lifetime = life})(n);
      };
      std::thread caller([&] {
        while (!over)
          if (!ends_well(made_or_found(-1).call<&noted::number>())) ++wrong;
      });
      for (int i = 0; i < 200; ++i) {
        auto const a = made_or_found(i);
        if (i % 3 == 0)
          a.stop();
        else
          a.kill();
        if (made_or_found(i) == a) ++wrong;  // whoever has ended it does not find it again
      }
      over = true;
      caller.join();
      REQUIRE(wrong == 0);
    }
    REQUIRE(noted::living == 0);
  }
}

TEST_CASE("actors with circles of handles are destroyed with their runtime, once each, drained or dropped") {
  watchdog const dog("circles");
  for (int round = 0; round < 50 * repeats(); ++round) {
    noted::destroyed = 0;
    constexpr int count = 20;
    std::vector<mb::actor<noted>> outside;
    std::thread last_handles;
    {
      mb::runtime rt(options());
      std::vector<mb::actor<noted>> all;
      for (int i = 0; i < count; ++i)
        all.push_back(i % 3 == 0 ? mb::make_actor<noted>.options({.concurrency = mb::parallel(2)})(i)
                                 : mb::make_actor<noted>(i));
      std::vector<mb::future<void>> kept;
      for (std::size_t i = 0; i < all.size(); ++i)
        for (std::size_t k = 0; k < 1 + i % 3; ++k)
          kept.push_back(all[i].call([other = all[(i * 7 + k * 5) % all.size()]](noted& me) { me.keep(other); }));
      mb::get(kept);
      for (int i = 0; i < 5; ++i) outside.push_back(all[static_cast<std::size_t>(i)]);
      last_handles = std::thread([some = std::move(all)]() mutable { some.clear(); });
      rt.shutdown(round % 2 == 0 ? mb::on_shutdown::drain : mb::on_shutdown::drop);
    }
    REQUIRE(noted::destroyed == count);
    last_handles.join();
    outside.clear();
    REQUIRE(noted::destroyed == count);
    REQUIRE(noted::living == 0);
  }
}

TEST_CASE("calls that wait for arguments end with their actor, whatever comes first") {
  watchdog const dog("lines of calls");
  mb::runtime const rt(options());
  for (int round = 0; round < 300 * repeats(); ++round) {
    auto const a = mb::make_actor<noted>(1);
    mb::promise<int> first, never;
    std::vector<mb::future<int>> calls{a.call<&noted::add>(first.get_future()), a.call<&noted::number>(),
                                       a.call<&noted::add>(never.get_future()), a.call<&noted::number>()};
    bool answered = false;
    std::thread other([&] {
      auto const mine = a;
      first.set_value(1);
      answered = ends_well(mine.call<&noted::number>());
    });
    if (round % 2 == 0)
      a.kill();
    else
      static_cast<void>(ends_well(mb::actor<noted>(a).call([](noted&) { mb::exit_actor(); })));
    for (auto const& f : calls) REQUIRE(ends_well(f));
    other.join();
    REQUIRE(answered);
  }
}

TEST_CASE("a kill that takes queued calls out meets those that come and those that begin: each ends once") {
  watchdog const dog("kills that take calls out");
  mb::runtime const rt(options());
  for (int round = 0; round < 200 * repeats(); ++round) {
    mb::actor_options<noted> o;
    if (round % 4 == 1) o.concurrency = mb::reentrant;
    if (round % 4 == 2) o.concurrency = mb::parallel(2);
    if (round % 4 == 3) o.mailbox = 3;
    auto const a = mb::make_actor<noted>.options(o)(round);
    mb::promise<int> argument;
    auto const x = argument.get_future();
    std::vector<std::vector<mb::future<int>>> calls(3);
    std::vector<std::thread> threads;
    for (auto& mine : calls)
      threads.emplace_back([&a, &mine, &x, copy = a] {
        for (int i = 0; i < 40; ++i) {
          if (i % 8 == 7)
            mine.push_back(copy.call<&noted::number_and>(x));
          else if (i % 5 == 4)
            mine.push_back(a.options({.high_priority = true}).call<&noted::number>());
          else
            mine.push_back(a.call<&noted::number>());
        }
      });
    threads.emplace_back([&] {
      for (int i = 0; i < round % 50; ++i) std::this_thread::yield();
      if (round % 3 == 0)
        a.post([](noted&) { mb::exit_actor(); });
      else
        a.kill();
    });
    threads.emplace_back([&] { argument.set_value(2); });
    for (auto& t : threads) t.join();
    for (auto const& mine : calls)
      for (auto const& f : mine) REQUIRE(ends_well(f));
    static_cast<void>(mb::get(mb::monitor(a)));
  }
  REQUIRE(noted::living == 0);
}
