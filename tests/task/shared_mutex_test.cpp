#include "mobula/task/shared_mutex.hpp"

#include <stdexcept>
#include <string>
#include <vector>

#include "mobula/mobula.hpp"
#include "support/catch.hpp"

namespace mb = mobula;
using namespace std::chrono_literals;

namespace {

// Who is inside, and that nobody is with a writer.
struct room {
  int readers = 0, writers = 0, most_readers = 0;
  void check() {
    if (writers > 1 || (writers == 1 && readers > 0)) throw std::logic_error("somebody is inside with a writer");
    most_readers = std::max(most_readers, readers);
  }
  struct visit {
    visit(room& r, int& n) : count(n) {
      ++count;
      r.check();
    }
    ~visit() { --count; }
    int& count;
  };
};

}  // namespace

TEST_CASE("many readers or one writer hold a shared mutex: coroutines, plain tasks and main", "[task]") {
  int most = 0;
  mb::explore([&](mb::manual_options const& seeded) {
    mb::shared_mutex m;
    room r;
    mb::manual_runtime rt(seeded);
    std::vector<mb::future<void>> tasks;
    for (int i = 0; i < 3; ++i) {
      tasks.push_back(mb::remote([&]() -> mb::task<> {
        auto const guard = co_await m.lock();
        room::visit const v(r, r.writers);
        co_await mb::yield();
      })());
      tasks.push_back(mb::remote([&]() -> mb::task<> {
        auto const guard = co_await m.lock_shared();
        room::visit const v(r, r.readers);
        co_await mb::yield();
      })());
      tasks.push_back(mb::remote([&] {
        auto const guard = mb::get(m.lock_shared());
        room::visit const v(r, r.readers);
        mb::get(mb::yield());
      })());
    }
    {
      auto const guard = mb::get(m.lock());
      room::visit const v(r, r.writers);
      rt.run_until_idle();
    }
    mb::get(tasks);
    REQUIRE(m.try_lock());
    most = std::max(most, r.most_readers);
  });
  CHECK(most >= 3);
}

TEST_CASE("a shared mutex is first come first served: readers behind a writer wait, and writers do not starve",
          "[task]") {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    mb::shared_mutex m;
    std::string order;
    mb::manual_runtime rt({.seed = seed});
    auto held = mb::get(m.lock_shared());
    auto const visit = [&](char who) -> mb::task<> {
      if (who == 'w') {
        auto const guard = co_await m.lock();
        order += 'w';
        co_await mb::sleep_for(1ms);
      } else {
        auto const guard = co_await m.lock_shared();
        order += 'r';
        co_await mb::sleep_for(1ms);
      }
    };
    std::vector<mb::future<void>> tasks;
    for (char const c : {'r', 'w', 'r', 'r', 'w', 'w', 'r'}) {
      tasks.push_back(mb::remote(visit)(c));
      rt.run_until_idle();
    }
    CHECK(order == "r");  // the first joins the reader that is in
    CHECK_FALSE(m.try_lock_shared());
    auto const start = rt.now();
    held.unlock();
    mb::get(tasks);
    REQUIRE(order == "rwrrwwr");
    REQUIRE(rt.now() - start == 6ms);  // the two readers between writers were in together
  }
}

TEST_CASE("a writer that gives up lets the readers behind it in", "[task]") {
  for (int way = 0; way < 3; ++way) {
    mb::shared_mutex m;
    mb::manual_runtime rt;
    auto held = mb::get(m.lock_shared());
    auto const writer = mb::remote([&]() -> mb::task<bool> {
      if (way == 0) {
        auto const one = co_await mb::select(m.lock(), mb::sleep_for(5ms));
        co_return one.index() == 1;
      }
      try {
        auto const guard = co_await mb::timeout(m.lock(), 5ms);
      } catch (mb::timeout_error const&) { co_return true; }
      co_return false;
    })();
    rt.run_until_idle();
    auto const reader = mb::remote([&] { return mb::get(m.lock_shared()).owns_lock(); })();
    rt.run_until_idle();
    CHECK_FALSE(reader.ready());
    rt.advance(5ms);
    CHECK(mb::get(writer));
    CHECK(reader.ready());
    CHECK_FALSE(m.try_lock());
    held.unlock();
    CHECK(m.try_lock());
  }
}

TEST_CASE("the try functions of a shared mutex tell who may come in", "[task]") {
  mb::shared_mutex m;
  auto first = m.try_lock_shared(), second = m.try_lock_shared();
  CHECK((first && second));
  CHECK_FALSE(m.try_lock());
  first.unlock();
  CHECK_FALSE(m.try_lock());
  second.unlock();
  auto const alone = m.try_lock();
  CHECK(alone);
  CHECK_FALSE(m.try_lock());
  CHECK_FALSE(m.try_lock_shared());
}

TEST_CASE("readers and writers with timeouts and selects leave a shared mutex free", "[task]") {
  mb::explore(
      [](mb::manual_options const& seeded) {
        mb::shared_mutex m, other;
        room r;
        mb::manual_runtime rt(seeded);
        std::vector<mb::future<void>> tasks;
        for (int i = 0; i < 4; ++i) {
          tasks.push_back(mb::remote([&, i]() -> mb::task<> {
            for (int k = 0; k < 3; ++k) {
              auto const one =
                  co_await mb::select(m.lock(), mb::sleep_for((i + k) * 1ms), m.lock_shared(), other.lock_shared());
              if (one.index() == 0) {
                room::visit const v(r, r.writers);
                co_await mb::sleep_for(2ms);
              } else if (one.index() == 2) {
                room::visit const v(r, r.readers);
                co_await mb::sleep_for(1ms);
              }
            }
          })());
          tasks.push_back(mb::remote([&, i] {
            for (int k = 0; k < 3; ++k) try {
                auto const guard = mb::get(m.lock_shared(), (i + k) * 1ms);
                room::visit const v(r, r.readers);
                mb::get(mb::sleep_for(1ms));
              } catch (mb::timeout_error const&) {}
          })());
          tasks.push_back(mb::remote([&] {
            auto const guard = mb::get(other.lock());
            mb::get(mb::sleep_for(1ms));
          })());
        }
        mb::get(tasks);
        REQUIRE(m.try_lock());
        REQUIRE(other.try_lock());
      },
      {.seeds = 500});
}
