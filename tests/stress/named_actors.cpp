// Names of actors, looked up, given up and taken again by many at once.
#include <mobula/mobula.hpp>

#include "support/catch.hpp"
#include "support/watchdog.hpp"

#include <atomic>
#include <string>
#include <thread>
#include <vector>

namespace mb = mobula;
using mobula::test::repeats;
using mobula::test::watchdog;
using mobula::test::workers;

namespace {

mb::runtime_options options() { return {.num_cpus = static_cast<unsigned>(workers())}; }

class counted {
 public:
  explicit counted(int n) : number_(n) { ++living; }
  counted(counted const&) = delete;
  ~counted() { --living; }
  int number() {
    ++calls_;  // plain: ThreadSanitizer sees two at once
    return number_;
  }

  static inline std::atomic<int> living{0};

 private:
  int number_;
  int calls_ = 0;
};

auto maker(int n, mb::lifetime l) {
  return mb::make_actor<counted>.options(
      {.name = std::to_string(n), .name_space = "stress", .get_if_exists = true, .lifetime = l});
}

mb::actor<counted> made_or_found(int n, unsigned random, mb::lifetime l) {
  if (random % 2 == 0) {
    try {
      return mb::get_actor<counted>(std::to_string(n), "stress");
    } catch (mb::actor_not_found const&) {}
  }
  if (random % 7 == 0) return maker(n, l)(mb::remote([n] { return n; })());
  return maker(n, l)(n);
}

unsigned next(unsigned& random) { return (random = random * 1664525 + 1013904223) >> 16; }

// Nobody is ended but by its last handle: so whoever has found one is answered.
void look_up_and_call(unsigned random) {
  for (int i = 0; i < 200; ++i) {
    int const n = static_cast<int>(next(random) % 3);
    auto const a = made_or_found(n, next(random), mb::lifetime::handles);
    if (next(random) % 3 == 0) continue;
    if (mb::get(a.call<&counted::number>()) != n) std::abort();
  }
}

// The same, where they are ended too: who has found one is answered, or told that it has died meanwhile.
int look_up_and_end(unsigned random) {
  int died = 0;
  for (int i = 0; i < 100; ++i) {
    int const n = static_cast<int>(next(random) % 3);
    auto const a = made_or_found(n, next(random), n == 0 ? mb::lifetime::handles : mb::lifetime::detached);
    if (next(random) % 8 == 0) a.kill();
    if (next(random) % 8 == 0) a.stop();
    try {
      if (mb::get(a.call<&counted::number>()) != n) std::abort();
    } catch (mb::actor_died const&) { ++died; }
  }
  return died;
}

}  // namespace

TEST_CASE("who finds an actor by its name while others drop the last handle is answered") {
  watchdog const dog("lookups and last handles");
  {
    mb::runtime const rt(options());
    for (int round = 0; round < 4 * repeats(); ++round) {
      std::vector<std::thread> threads;
      for (unsigned t = 0; t < 3; ++t) threads.emplace_back(look_up_and_call, t + 100 * static_cast<unsigned>(round));
      std::vector<mb::future<void>> tasks;
      for (unsigned t = 10; t < 15; ++t) tasks.push_back(mb::remote(look_up_and_call)(t));
      mb::get(tasks);
      for (auto& t : threads) t.join();
    }
    REQUIRE(mb::list_named_actors("stress").empty());
  }
  REQUIRE(counted::living == 0);
}

TEST_CASE("names of actors that are ended are given to new ones, and nothing is lost") {
  watchdog const dog("lookups and ends");
  for (int round = 0; round < 4 * repeats(); ++round) {
    {
      mb::runtime const rt(options());
      std::vector<std::thread> threads;
      for (unsigned t = 0; t < 3; ++t)
        threads.emplace_back(
            [t, round] { static_cast<void>(look_up_and_end(t + 100 * static_cast<unsigned>(round))); });
      std::vector<mb::future<int>> tasks;
      for (unsigned t = 10; t < 15; ++t) tasks.push_back(mb::remote(look_up_and_end)(t));
      static_cast<void>(mb::get(tasks));
      for (auto& t : threads) t.join();
    }
    REQUIRE(counted::living == 0);
  }
}

TEST_CASE("a runtime ends while its detached actors are looked up and called from outside") {
  watchdog const dog("end with detached actors");
  for (int round = 0; round < 30 * repeats(); ++round) {
    {
      std::vector<std::thread> threads;
      std::atomic<int> refused{0};
      mb::runtime rt(options());
      for (int n = 0; n < 5; ++n) static_cast<void>(maker(n, mb::lifetime::detached)(n));
      for (int t = 0; t < 3; ++t)
        threads.emplace_back([&refused, t] {
          try {
            for (int i = t;; ++i) {
              auto const f = mb::get_actor<counted>(std::to_string(i % 5), "stress").call<&counted::number>();
              if (i % 4 != 0) continue;
              try {
                static_cast<void>(mb::get(f));
              } catch (mb::cancelled const&) {
              } catch (mb::actor_died const&) {}
            }
          } catch (mb::no_runtime const&) { ++refused; } catch (mb::actor_not_found const&) {
            ++refused;
          }
        });
      if (round % 3 == 0) std::this_thread::yield();
      rt.shutdown(round % 2 == 0 ? mb::on_shutdown::drain : mb::on_shutdown::drop);
      for (auto& t : threads) t.join();
      REQUIRE(refused == 3);
    }
    REQUIRE(counted::living == 0);
  }
}
