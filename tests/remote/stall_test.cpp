#include "support/catch.hpp"
#include "support/has_lines.hpp"

#include <mobula/mobula.hpp>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <mutex>
#include <semaphore>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

namespace mb = mobula;
using namespace std::chrono_literals;
using mobula::test::has_lines;

namespace {

int receive_two(mb::channel<int> c) { return *mb::get(c.receive()) + *mb::get(c.receive()); }
int get_two(mb::channel<int> c) { return mb::get(mb::remote(receive_two)(c)); }

// Collects the warnings of a runtime.
class warnings {
 public:
  auto handler() {
    return [this](char const* text) {
      std::lock_guard const lock(mutex_);
      texts_.emplace_back(text);
    };
  }
  std::vector<std::string> all() {
    std::lock_guard const lock(mutex_);
    return texts_;
  }
  // Waits for so many, for half a minute at most.
  std::vector<std::string> wait_for(std::size_t n) {
    for (int i = 0; i < 30'000 && all().size() < n; ++i) std::this_thread::sleep_for(1ms);
    return all();
  }

 private:
  std::mutex mutex_;
  std::vector<std::string> texts_;
};

}  // namespace

TEST_CASE("a stall is reported once, with who waits for whom, and again when something has run meanwhile") {
  warnings told;
  mb::runtime rt({.num_cpus = 2, .track_tasks = true, .stall_after = 20ms, .on_warning = told.handler()});
  mb::channel<int> c(1);
  auto const two = mb::remote(get_two)(c);
  auto const first = told.wait_for(1);
  REQUIRE(first.size() == 1);
  CHECK(has_lines(first[0],
                  {"mobula: stall: nothing has run for ", "2 tasks: 0 run, 2 wait", "for an item of a channel"}));
  std::this_thread::sleep_for(200ms);
  CHECK(told.all().size() == 1);
  mb::get(c.send(1));
  CHECK(told.wait_for(2).size() == 2);
  mb::get(c.send(2));
  CHECK(mb::get(two) == 3);
}

TEST_CASE("what the program itself starts as a group or batch is known, and is no stall while it computes") {
  warnings told;
  mb::runtime rt({.num_cpus = 2, .track_tasks = true, .stall_after = 100ms, .on_warning = told.handler()});
  mb::promise<int> p;
  auto const waits = mb::remote([&] { return mb::get(p.get_future()); }).options({.name = "waits"});
  {
    mb::task_group g;
    g.run([] { std::this_thread::sleep_for(500ms); });  // stands for work
    mb::get(g.join());
    CHECK(told.all().empty());
    g.run([&] { mb::get(waits()); });
    auto const report = told.wait_for(1);
    REQUIRE(report.size() == 1);
    CHECK(has_lines(report[0], {"children of a group: 1, of which 1 waits", "'waits'", "the result"}));
    p.set_value(1);
    mb::get(g.join());
  }
}

TEST_CASE("who is told of a stall can't shut the runtime down") {
  std::string why;
  std::binary_semaphore told(0);
  mb::runtime* self = nullptr;
  mb::runtime rt({.num_cpus = 1, .track_tasks = true, .stall_after = 10ms, .on_warning = [&](char const*) {
                    try {
                      self->shutdown();
                    } catch (mb::error const& e) { why = e.what(); }
                    told.release();
                  }});
  self = &rt;
  mb::promise<int> p;
  auto const waits = mb::remote([&] { return mb::get(p.get_future()); })();
  told.acquire();
  CHECK(why.find("have another thread do it") != std::string::npos);
  p.set_value(1);
  CHECK(mb::get(waits) == 1);
}

TEST_CASE("what computes, sleeps or waits with a limit is no stall") {
  warnings told;
  mb::runtime rt({.num_cpus = 2, .track_tasks = true, .stall_after = 300ms, .on_warning = told.handler()});
  mb::promise<int> p;
  auto const computes = [] { std::this_thread::sleep_for(700ms); };  // stands for it
  auto const waits = mb::remote([&] { return mb::get(p.get_future()); })();
  auto const all = mb::remote([&] {
    mb::get(mb::remote(computes)());
    mb::get(mb::sleep_for(700ms));
    CHECK_THROWS_AS(mb::get(waits, 700ms), mb::timeout_error);
    mb::for_each([&](int) { computes(); }, std::vector<int>(2));
    mb::task_group g;
    g.run(computes);
    mb::get(g.join());
  });
  mb::get(all());
  for (std::string const& text : told.all()) FAIL_CHECK(text);
  p.set_value(1);
  CHECK(mb::get(waits) == 1);
}

TEST_CASE("the signal dumps the tasks to stderr, and its handler goes with the runtime") {
  static volatile std::sig_atomic_t before = 0;
  auto* const old = std::signal(SIGUSR2, [](int) { before = before + 1; });
  {
    mb::runtime rt({.num_cpus = 1, .track_tasks = true, .stall_after = 0s, .dump_signal = SIGUSR2});
    mb::runtime also({.num_cpus = 1, .track_tasks = true, .dump_signal = SIGUSR2});
    std::raise(SIGUSR2);
    CHECK(before == 1);  // it passes on to the handler before
  }
  std::raise(SIGUSR2);
  CHECK(before == 2);
  std::signal(SIGUSR2, old);
  CHECK_THROWS_AS(mb::runtime({.track_tasks = true, .dump_signal = SIGKILL}), std::system_error);
  CHECK_THROWS_AS(mb::runtime({.track_tasks = true, .dump_signal = -1}), std::system_error);
  CHECK_THROWS_AS(mb::runtime({.track_tasks = true, .dump_signal = 100'000}), std::system_error);
  CHECK_THROWS_AS(mb::runtime({.stall_after = -1s}), std::invalid_argument);
}

TEST_CASE("an environment variable tracks the tasks of every runtime") {
  setenv("MOBULA_TRACK_TASKS", "1", 1);
  {
    mb::runtime rt({.num_cpus = 1, .dump_signal = 0});
    CHECK(mb::dump_tasks().find("0 tasks") == 0);
  }
  setenv("MOBULA_TRACK_TASKS", "0", 1);
  {
    mb::runtime rt({.num_cpus = 1});
    CHECK(mb::dump_tasks().find("MOBULA_TRACK_TASKS") != std::string::npos);
  }
  unsetenv("MOBULA_TRACK_TASKS");
}
