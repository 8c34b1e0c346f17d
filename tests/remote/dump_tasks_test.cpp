#include "support/catch.hpp"
#include "support/has_lines.hpp"

#include <mobula/mobula.hpp>

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace mb = mobula;
using namespace std::chrono_literals;
using mobula::test::has_lines;

namespace {

std::string at(int line) { return __FILE__ ":" + std::to_string(line); }

constexpr int receives = __LINE__ + 1, awaits = receives + 2, gets = receives + 6;
mb::task<int> receive_one(mb::channel<int> c) { co_return *co_await c.receive(); }
mb::task<int> receive_two(mb::channel<int> c) {
  int const one = co_await receive_one(c);
  int const two = co_await receive_one(c);
  co_return one + two;
}
int get_two(mb::channel<int> c) { return mb::get(mb::remote(receive_two)(c)); }

}  // namespace

TEST_CASE("a dump without a runtime that tracks tasks says how to have one") {
  CHECK(mb::dump_tasks().find("track_tasks") != std::string::npos);
  mb::manual_runtime rt;
  CHECK(mb::dump_tasks().find("MOBULA_TRACK_TASKS") != std::string::npos);
}

TEST_CASE("the dump shows who has started whom, and at which lines they wait for what") {
  mb::manual_runtime rt({.track_tasks = true});
  CHECK(mb::dump_tasks() == "0 tasks: 0 run, 0 wait, 0 have not begun\n");
  mb::channel<int> c(1);
  int const submitted = __LINE__ + 1;
  auto const two = mb::remote(get_two)(c);
  CHECK(has_lines(mb::dump_tasks(), {"1 task: 0 run, 0 wait, 1 has not begun"}));
  CHECK(mb::dump_tasks().find(at(submitted) + ", is queued\n") != std::string::npos);
  rt.run_until_idle();
  rt.advance(2s);
  std::string const dump = mb::dump_tasks();
  INFO(dump);
  CHECK(has_lines(dump, {"2 tasks: 0 run, 2 wait, 0 have not begun", "task 1 '",
                         "for 2.0 s, at " + at(gets) + ", for the result of task 2 '", "  task 2 '",
                         at(receives) + ", for an item of a channel", "awaited at " + at(awaits)}));
  mb::get(c.send(1));
  rt.run_until_idle();
  CHECK(mb::dump_tasks().find("awaited at " + at(awaits + 1)) != std::string::npos);
  mb::get(c.send(2));
  CHECK(mb::get(two) == 3);
  auto const both = mb::remote([&]() -> mb::task<int> {
    auto [x, y] = co_await mb::when_all(receive_one(c), receive_one(c));
    co_return x + y;
  })();
  std::string const line = at(__LINE__ - 3);
  rt.run_until_idle();
  CHECK(has_lines(mb::dump_tasks(), {"for an item of a channel", line, "for an item of a channel", line}));
  mb::get(c.send(1));
  mb::get(c.send(2));
  CHECK(mb::get(both) == 3);
  CHECK(mb::dump_tasks() == "0 tasks: 0 run, 0 wait, 0 have not begun\n");
}

TEST_CASE("no name in a dump is obeyed by a terminal, or fills it") {
  mb::manual_runtime rt({.track_tasks = true});
  auto const f = mb::remote([] {}).options({.name = "a\x1b[31mb" + std::string(5'000, 'c')})();
  std::string const dump = mb::dump_tasks();
  CHECK(dump.find("a\\x1b[31mbccc") != std::string::npos);
  CHECK(dump.size() < 2'000);
  mb::get(f);
}

TEST_CASE("the dump names what each kind of wait is for") {
  mb::manual_runtime rt({.track_tasks = true});
  auto const shows = [&](auto wait, std::string const& what) {
    auto const f = mb::remote(wait).options({.cancellable = true})();
    rt.run_until_idle();
    std::string const dump = mb::dump_tasks();
    INFO(dump);
    CHECK(dump.find(", for " + what + "\n") != std::string::npos);
    mb::cancel(f);
    rt.run_until_idle();
  };
  mb::channel<int> c(1);
  mb::get(c.send(1));
  mb::mutex m;
  auto const held = mb::get(m.lock());
  mb::semaphore s(0);
  mb::event e;
  mb::latch l(1);
  mb::promise<int> p, q;
  std::vector const two{p.get_future(), q.get_future()};
  shows([&] { mb::get(c.send(2)); }, "room in a channel");
  shows([&]() -> mb::task<> { co_await c.send(2); }, "room in a channel");
  shows([&] { auto const mine = mb::get(m.lock()); }, "a lock of a mutex");
  shows([&] { mb::get(s.acquire()); }, "a permit of a semaphore");
  shows([&]() -> mb::task<> { co_await e.wait(); }, "an event");
  shows([&]() -> mb::task<> { co_await l.wait(); }, "a latch");
  shows([&] { mb::get(mb::sleep_for(1h)); }, "time");
  shows([&]() -> mb::task<> { co_await mb::sleep_for(1h); }, "time");
  shows([&] { mb::get(p.get_future()); }, "the result");
  shows([&] { mb::get(two); }, "the result");
  shows([&]() -> mb::task<> { co_await mb::when_all(two); }, "the results of 2 calls");
  shows([&]() -> mb::task<> { co_await mb::when_any(two); }, "1 of the results of 2 calls");
  shows([&]() -> mb::task<> { co_await mb::timeout(e.wait(), 1h); }, "an event, or time");
  shows([&]() -> mb::task<> { co_await mb::select(e.wait(), s.acquire()); }, "an event, or a permit of a semaphore");
  p.set_value(1);
  q.set_value(1);
}

TEST_CASE("the dump shows tasks that wait for their arguments or resources") {
  mb::manual_runtime rt({.track_tasks = true});
  mb::promise<int> p;
  auto const first = mb::remote([](int x) { return x; }).options({.name = "first"})(p.get_future());
  auto const second = mb::remote([](int x) { return x; }).options({.name = "second"})(first);
  auto const cpu = mb::remote([&] { return mb::get(p.get_future()); }).options({.name = "one", .num_gpus = 0})();
  rt.run_until_idle();
  std::string const dump = mb::dump_tasks();
  INFO(dump);
  CHECK(has_lines(dump, {"'first'", "'second'"}));
  CHECK(dump.find("has not begun: waits for the results of task") != std::string::npos);
  p.set_value(1);
  CHECK(mb::get(second) == 1);
}

TEST_CASE("the dump shows children of groups, parts with a deadline, and tasks that outlive their parent") {
  mb::manual_runtime rt({.track_tasks = true});
  mb::promise<int> p;
  mb::future<int> child;
  auto const f = mb::remote([&] {
                   child = mb::remote([&] { return mb::get(p.get_future()); }).options({.name = "child"})();
                 }).options({.name = "parent"})();
  auto const g = mb::remote([&] {
                   mb::task_group both;
                   both.run([&] { mb::get(p.get_future()); });
                   both.run([&]() -> mb::task<> { co_await p.get_future(); });
                   mb::get(both.join());
                 }).options({.name = "grouping"})();
  auto const h = mb::remote([&]() -> mb::task<int> {
                   co_return co_await mb::with_deadline(
                       [](mb::future<int> x) -> mb::task<int> { co_return co_await x; }(p.get_future()), 1h);
                 }).options({.name = "limited"})();
  mb::get(f);
  rt.run_until_idle();
  std::string const dump = mb::dump_tasks();
  INFO(dump);
  CHECK(has_lines(dump, {"3 tasks: 0 run, 3 wait"}));
  CHECK(has_lines(dump, {"'grouping'", "for the children of a group", "children of a group: 2, of which 2 wait",
                         "the result", "the result"}));
  CHECK(has_lines(dump, {"'limited'", "for the result"}));
  CHECK(dump.find("'child', submitted at ") != std::string::npos);
  p.set_value(1);
  mb::get(g);
  CHECK(mb::get(h) == 1);
  CHECK(mb::get(child) == 1);
}

TEST_CASE("tasks that wait for each other learn so at once, by name") {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    mb::manual_runtime rt({.seed = seed, .track_tasks = true});
    std::vector<mb::future<int>> all(3);
    auto const waits_for = [&](std::size_t i) {
      return mb::remote([&, i]() -> mb::task<int> {
               co_await mb::yield();
               co_return 1 + co_await mb::future<int>(all[i]);
             })
          .options({.name = "task to " + std::to_string(i)})();
    };
    for (std::size_t i = 0; i < 3; ++i) all[i] = waits_for((i + 1) % 3);
    rt.run_until_idle();
    std::string text;
    try {
      mb::get(all[0]);
    } catch (mb::deadlock_error const& e) { text = e.what(); }
    for (char const* const name : {"'task to 0' (submitted at ", "'task to 1' (", "'task to 2' ("})
      CHECK(text.find(name) != std::string::npos);
    CHECK(text.find("Have one of them give the future on") != std::string::npos);
    rt.run_until_idle();
    for (auto const& f : all) CHECK_THROWS_AS(mb::get(f), mb::deadlock_error);
  }
}

TEST_CASE("a circle through a group of children, or an argument, is found too") {
  mb::manual_runtime rt({.track_tasks = true});
  mb::future<int> f;
  f = mb::remote([&] {
    mb::task_group g;
    g.run([&] { mb::get(f); });
    mb::get(g.join());
    return 1;
  })();
  CHECK_THROWS_AS(mb::get(f), mb::deadlock_error);
  f = mb::remote([&]() -> mb::task<int> {
    co_await mb::with_group([&](mb::task_group& g) -> mb::task<> {
      g.run([&]() -> mb::task<> { co_await mb::future<int>(f); });
      co_await g.join();
    });
    co_return 1;
  })();
  CHECK_THROWS_AS(mb::get(f), mb::deadlock_error);
  f = mb::remote([&] {  // the child is stopped, so that its group ends
    mb::task_group g;
    g.run([&] { mb::get(f); });
    mb::get(mb::yield());
    return mb::get(f);
  })();
  CHECK_THROWS_AS(mb::get(f), mb::deadlock_error);
  mb::future<int> next;
  f = mb::remote([&] { return mb::get(next); }).options({.name = "first"})();
  next = mb::remote([](int x) { return x + 1; }).options({.name = "next"})(f);
  CHECK_THROWS_AS(mb::get(next), mb::deadlock_error);
  CHECK_THROWS_AS(mb::get(f), mb::deadlock_error);
}

TEST_CASE("a task that waits for itself learns so, in each way of waiting") {
  mb::manual_runtime rt({.track_tasks = true});
  mb::future<int> self;
  self = mb::remote([&] { return mb::get(self); })();
  CHECK_THROWS_AS(mb::get(self), mb::deadlock_error);
  self = mb::remote([&]() -> mb::task<int> { co_return co_await mb::future<int>(self); })();
  CHECK_THROWS_AS(mb::get(self), mb::deadlock_error);
  self = mb::remote([&]() -> mb::task<int> {
    std::vector const twice{self, self};
    auto const values = co_await twice;
    co_return values[0];
  })();
  CHECK_THROWS_AS(mb::get(self), mb::deadlock_error);
  self = mb::remote([&]() -> mb::task<int> {
    co_return co_await mb::with_deadline([](mb::future<int>& f) -> mb::task<int> { co_return co_await f; }(self), 1h);
  })();
  CHECK_THROWS_AS(mb::get(self), mb::deadline_error);  // by which this wait ends
  self = mb::remote([&] { return mb::get(self); }).options({.num_cpus = 1})();
  CHECK_THROWS_AS(mb::get(self), mb::deadlock_error);
  self = mb::remote([&]() -> int {
    mb::get(self, 1s);  // this wait ends
    return 1;
  })();
  CHECK_THROWS_AS(mb::get(self), mb::timeout_error);
}

TEST_CASE("without tracking nothing is known, and the manual runtime says what is left; with it, who waits for whom") {
  auto const stuck = [](bool tracks) {
    mb::manual_runtime rt({.track_tasks = tracks});
    mb::promise<int> p;
    auto const f = mb::remote([&] { return mb::get(p.get_future()); }).options({.name = "waits for ever"})();
    std::string text;
    try {
      mb::get(f);
    } catch (mb::deadlock_error const& e) { text = e.what(); }
    p.set_value(1);
    CHECK(mb::get(f) == 1);
    return text;
  };
  CHECK(stuck(false).find("waits for ever") == std::string::npos);
  CHECK(stuck(true).find("waits for ever") != std::string::npos);
}
