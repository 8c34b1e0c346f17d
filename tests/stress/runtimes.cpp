// Runtimes that come and go, several at once, and shut down in the midst of work.
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

mb::runtime_options options() { return {.num_cpus = static_cast<unsigned>(workers())}; }

// An object whose living instances are counted.
struct counted {
  static inline std::atomic<int> living{0};
  counted() { ++living; }
  counted(counted const&) { ++living; }
  ~counted() { --living; }

  mb::task<int> pause() {
    co_await mb::sleep_for(10us);
    co_return 1;
  }
  int touch() { return 2; }
};

// Some of everything, nested; ends by itself.
mb::task<int> busy(int depth) {
  co_await mb::sleep_for(std::chrono::microseconds(depth * 7));
  if (depth == 0) co_return 1;
  auto other = mb::remote(busy)(depth - 1);
  auto [a, b] = co_await mb::when_all(busy(depth - 1), busy(depth - 1));
  co_return a + b + co_await std::move(other);
}

int busy_plain(int depth) {
  if (depth == 0) return 1;
  auto a = mb::remote(busy_plain)(depth - 1);
  auto b = mb::remote(busy)(depth - 1);
  mb::get(mb::sleep_for(std::chrono::microseconds(depth * 5)));
  return mb::get(a) + mb::get(b);
}

}  // namespace

TEST_CASE("runtimes come and go, with nothing to do") {
  watchdog const dog("create and destroy");
  for (int i = 0; i < 300 * repeats(); ++i) {
    mb::runtime const rt(options());
    if (i % 3 == 0) std::this_thread::yield();
  }
}

TEST_CASE("runtimes come and go with one task each") {
  watchdog const dog("create, one task, destroy");
  for (int i = 0; i < 300 * repeats(); ++i) {
    mb::runtime const rt(options());
    auto f = mb::remote([](int x) { return x + 1; })(i);
    if (i % 2 == 0) REQUIRE(mb::get(f) == i + 1);
  }
}

TEST_CASE("what a drained runtime still has queued besides tasks is done before its threads end") {
  watchdog const dog("actors and batches at shutdown");
  for (int i = 0; i < 400 * repeats(); ++i) {
    mb::runtime rt(options());
    {
      auto a = mb::make_actor<counted>();
      for (int k = 0; k < i % 5; ++k) static_cast<void>(a.call<&counted::touch>());
      static_cast<void>(a.call<&counted::pause>());
    }
    std::vector<int> const xs(200, 1);
    auto const ys = mb::map(
        [](int x) {
          auto const until = std::chrono::steady_clock::now() + 1us;
          while (std::chrono::steady_clock::now() < until) {}
          return x;
        },
        xs);
    REQUIRE(ys.size() == 200);
    rt.shutdown();
    REQUIRE(counted::living == 0);
  }
}

TEST_CASE("shutdown in the midst of everything, draining") {
  watchdog const dog("drain");
  for (int i = 0; i < 20 * repeats(); ++i) {
    std::vector<mb::future<int>> fs;
    {
      mb::runtime const rt(options());
      for (int k = 0; k < 10; ++k) {
        fs.push_back(mb::remote(busy)(3));
        fs.push_back(mb::remote(busy_plain)(3));
      }
    }
    for (auto& f : fs) REQUIRE(f.ready());
    for (auto& f : fs) REQUIRE(mb::get(f) > 0);
  }
}

TEST_CASE("shutdown in the midst of everything, dropping") {
  watchdog const dog("drop");
  int values = 0, dropped = 0;
  for (int i = 0; i < 60 * repeats(); ++i) {
    std::vector<mb::future<int>> fs;
    mb::runtime rt(options());
    auto a = mb::make_actor<counted>();
    for (int k = 0; k < 10; ++k) {
      fs.push_back(mb::remote(busy)(3));
      fs.push_back(mb::remote(busy_plain)(3));
      fs.push_back(a.call<&counted::pause>());
      fs.push_back(a.call<&counted::touch>());
    }
    std::this_thread::sleep_for(std::chrono::microseconds(i * 13 % 500));
    rt.shutdown(mb::on_shutdown::drop);
    for (auto& f : fs) {
      REQUIRE(f.ready());
      try {
        static_cast<void>(mb::get(f));
        ++values;
      } catch (mb::cancelled const&) { ++dropped; }
    }
    a = {};
    REQUIRE(counted::living == 0);
  }
  REQUIRE(values + dropped == 60 * repeats() * 40);
}

TEST_CASE("futures cross between runtimes that live at once") {
  watchdog const dog("crossing futures");
  for (int i = 0; i < 40 * repeats(); ++i) {
    mb::runtime outer(options());
    auto inner = std::make_unique<mb::runtime>(options());
    std::vector<mb::future<int>> fs;
    for (int k = 0; k < 40; ++k) {
      auto there = inner->remote([](int x) { return x; })(k);
      fs.push_back(outer.remote([there] { return mb::get(there); })());
      fs.push_back(outer.remote([](mb::future<int> f) -> mb::task<int> { co_return co_await f; })(there));
      fs.push_back(outer.remote([](int x) { return x; })(there));
      fs.push_back(inner->remote([](int x) { return x; })(fs.back()));
    }
    int sum = 0;
    for (auto& f : fs) sum += mb::get(f);
    REQUIRE(sum == 4 * 780);
    if (i % 2 == 0) inner.reset();
  }
}

TEST_CASE("a runtime whose last task was waited for in another one may end at once") {
  watchdog const dog("end while another runtime wakes");
  mb::runtime other(options());
  for (int i = 0; i < 300 * repeats(); ++i) {
    mb::runtime rt(options());
    auto slow = other.remote([] { std::this_thread::yield(); })();
    static_cast<void>(rt.remote([slow] { mb::get(slow); })());
    static_cast<void>(rt.remote([](mb::future<void> f) -> mb::task<void> { co_await f; })(slow));
  }
}

TEST_CASE("futures outlive their runtime, and are read and dropped by other threads") {
  watchdog const dog("futures outlive");
  for (int i = 0; i < 30 * repeats(); ++i) {
    std::vector<mb::future<std::vector<int>>> fs;
    std::vector<std::thread> readers;
    std::atomic<int> right{0};
    {
      mb::runtime const rt(options());
      for (int k = 0; k < 50; ++k) fs.push_back(mb::remote([](int n) { return std::vector<int>(10, n); })(k));
      for (int t = 0; t < 3; ++t)
        readers.emplace_back([fs, &right] {
          for (auto const& f : fs) right += mb::get(f).size() == 10 ? 1 : 0;
        });
    }
    fs.clear();
    for (auto& r : readers) r.join();
    REQUIRE(right == 150);
  }
}
