#include "core/options.hpp"

#include <pthread.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "mobula/mobula.hpp"
#include "support/catch.hpp"

namespace mb = mobula;
using namespace std::chrono_literals;

namespace {

std::string name_of_this_thread() {
  char name[16] = {};
  ::pthread_getname_np(::pthread_self(), name, sizeof name);
  return name;
}

std::string name_of_worker(mb::runtime_options const& o) {
  mb::runtime rt(o);
  return mb::get(mb::remote(name_of_this_thread)());
}

}  // namespace

TEST_CASE("an option that is not allowed is refused with its name, its value and what is allowed", "[core]") {
  using Catch::Contains;
  auto const refused = [](mb::runtime_options const& o, char const* field, char const* value, char const* allowed) {
    CHECK_THROWS_AS(mb::runtime(o), std::invalid_argument);
    CHECK_THROWS_WITH(mb::runtime(o), Contains(std::string("runtime_options::") + field + " is " + value) &&
                                          Contains(std::string("allowed is ") + allowed));
  };
  refused({.num_cpus = 10'001}, "num_cpus", "10001", "from 1 to 10,000, or 0");
  refused({.num_cpus = 1, .stack_size = 0}, "stack_size", "0", "from 1");
  refused({.num_cpus = 1, .stack_size = std::size_t{1} << 40}, "stack_size", "1099511627776", "from 1");
  refused({.num_cpus = 1, .stack_size = ~std::size_t{0}}, "stack_size", "18446744073709551615", "from 1");
  refused({.num_cpus = 1, .max_blocked = 0}, "max_blocked", "0", "1 or more");
  refused({.num_cpus = 1, .spin = -1ns}, "spin", "-1 ns", "from 0 to 1 s");
  refused({.num_cpus = 1, .spin = 1h}, "spin", "3600000000000 ns", "from 0 to 1 s");
  CHECK_THROWS_WITH(mb::manual_runtime({.stack_size = 0}), Contains("manual_options::stack_size is 0"));
  CHECK_THROWS_AS(mb::remote([] {})(), mb::no_runtime);  // they left nothing behind
}

TEST_CASE("defaults are filled in", "[core]") {
  auto const o = mb::detail::checked({.stack_size = 100'000});
  CHECK(o.num_cpus >= 1);
  CHECK(o.stack_size == 131'072);
  CHECK(mb::detail::checked({.stack_size = 1}).stack_size == 32'768);
}

TEST_CASE("worker threads are named, within what the system keeps, or left alone", "[core]") {
  CHECK(name_of_worker({.num_cpus = 1}) == "mobula-0");
  CHECK(name_of_worker({.num_cpus = 1, .thread_name = "a rather long name"}) == "a rather long-0");
  CHECK(name_of_worker({.num_cpus = 1, .thread_name = ""}) == name_of_this_thread());
  std::set<std::string> names;
  std::mutex mutex;
  {
    mb::runtime rt({.num_cpus = 11, .thread_name = "fifteen letters", .on_thread_stop = [&](unsigned) {
                      std::lock_guard const lock(mutex);
                      names.insert(name_of_this_thread());
                    }});
  }
  CHECK(names.size() == 11);
  CHECK(names.count("fifteen lett-10") == 1);
}

TEST_CASE("the hooks are called on each worker thread, before all tasks and after them", "[core]") {
  std::mutex mutex;
  std::vector<unsigned> started, stopped;
  std::set<std::thread::id> starters, stoppers;
  std::atomic<int> tasks{0}, early{0};
  {
    mb::runtime rt({.num_cpus = 3,
                    .on_thread_start =
                        [&](unsigned i) {
                          std::this_thread::sleep_for(i * 1ms);
                          std::lock_guard const lock(mutex);
                          started.push_back(i);
                          starters.insert(std::this_thread::get_id());
                        },
                    .on_thread_stop =
                        [&](unsigned i) {
                          std::lock_guard const lock(mutex);
                          if (tasks != 50) ++early;
                          stopped.push_back(i);
                          stoppers.insert(std::this_thread::get_id());
                        }});
    CHECK(started.size() == 3);  // all have been when the runtime is there
    for (int i = 0; i < 50; ++i) static_cast<void>(mb::remote([&] { ++tasks; })());
  }
  std::sort(started.begin(), started.end());
  std::sort(stopped.begin(), stopped.end());
  CHECK(started == std::vector{0U, 1U, 2U});
  CHECK(stopped == started);
  CHECK(starters.size() == 3);
  CHECK(stoppers == starters);
  CHECK(early == 0);
}

TEST_CASE("what a start hook throws comes out of the constructor, after all threads have ended", "[core]") {
  std::atomic<int> stopped{0};
  mb::runtime_options const o{.num_cpus = 4,
                              .on_thread_start =
                                  [](unsigned i) {
                                    if (i == 2) throw std::domain_error("no device");
                                  },
                              .on_thread_stop = [&](unsigned) { ++stopped; }};
  CHECK_THROWS_AS(mb::runtime(o), std::domain_error);
  CHECK(stopped == 3);  // where the start hook returned
  CHECK_THROWS_AS(mb::remote([] {})(), mb::no_runtime);
  CHECK_FALSE(mb::is_initialized());
  CHECK_THROWS_AS(mb::init(o), std::domain_error);
  CHECK_FALSE(mb::is_initialized());
}

TEST_CASE("what a stop hook throws ends nothing", "[core]") {
  int value = 0;
  {
    mb::runtime rt(
        {.num_cpus = 2, .on_thread_stop = [](unsigned) { throw std::domain_error("on purpose, by a test"); }});
    value = mb::get(mb::remote([] { return 7; })());
  }
  CHECK(value == 7);
}

TEST_CASE("workers and threads outside may spin long or not at all", "[core]") {
  for (std::chrono::nanoseconds const spin : {0ns, 1ns, 1'000'000ns}) {
    mb::runtime rt({.num_cpus = 2, .spin = spin});
    for (int i = 0; i < 50; ++i) {
      REQUIRE(mb::get(mb::remote([i] { return i; })()) == i);
      if (i % 10 == 0) std::this_thread::sleep_for(100us);
    }
  }
}
