#include "support/catch.hpp"
#include "support/resources.hpp"

#include <mobula/mobula.hpp>

#include <algorithm>
#include <chrono>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace mb = mobula;
using mobula::test::explored;
using mobula::test::free_of;
using namespace std::chrono_literals;

namespace {

using amounts = std::map<std::string, double>;

template <class F>
std::string message_of(F f) {
  try {
    f();
  } catch (std::exception const& e) { return e.what(); }
  return "nothing was thrown";
}

bool has(std::string const& text, std::string const& part) { return text.find(part) != std::string::npos; }

struct nothing {
  int one() { return 1; }
};

}  // namespace

TEST_CASE("a runtime tells what it has, and what of it is free") {
  mb::manual_runtime rt({.num_cpus = 4, .num_gpus = 2, .memory = 1000, .resources = {{"ssd", 1.5}, {"none", 0}}});
  amounts const all = {{"CPU", 4}, {"GPU", 2}, {"memory", 1000}, {"ssd", 1.5}};
  CHECK(mb::cluster_resources() == all);
  CHECK(mb::available_resources() == all);
  auto const f = mb::remote([] {
                   return mb::available_resources();
                 }).options({.num_cpus = 1.5, .num_gpus = 0.25, .memory = 100, .resources = {{"ssd", 1}}});
  CHECK(mb::get(f()) == amounts{{"CPU", 2.5}, {"GPU", 1.75}, {"memory", 900}, {"ssd", 0.5}});
  CHECK(mb::available_resources() == all);
}

TEST_CASE("without a runtime there are no resources") {
  CHECK_THROWS_AS(mb::cluster_resources(), mb::no_runtime);
  CHECK_THROWS_AS(mb::available_resources(), mb::no_runtime);
}

TEST_CASE("a runtime with threads has as many CPUs as workers, and the memory of the machine") {
  mb::runtime rt({.num_cpus = 3});
  amounts const all = mb::cluster_resources();
  CHECK(all.at("CPU") == 3);
  CHECK(all.at("memory") > 1e6);
  CHECK(all.count("GPU") == 0);
}

TEST_CASE("tasks that ask begin only when all is free that they ask for") {
  explored(
      [](mb::manual_runtime&) {
        int cpus = 0, most = 0;
        auto const use = [&](int n) -> mb::task<> {
          cpus += n;
          most = std::max(most, cpus);
          mb::get(mb::remote([] {})());  // a plain task: it asks for nothing
          cpus -= n;
          co_return;
        };
        std::vector<mb::future<void>> all;
        for (int i = 0; i < 12; ++i) {
          int const n = 1 + i % 3;
          all.push_back(mb::remote(use).options({.resources = {{"seat", static_cast<double>(n)}}})(n));
        }
        mb::get(all);
        CHECK(cpus == 0);
        CHECK(most <= 4);
        CHECK(most >= 3);
        CHECK(free_of("seat") == 4);
      },
      {.resources = {{"seat", 4}}});
}

TEST_CASE("a large request is not starved by small ones, which pass it only with what it leaves") {
  std::vector<std::string> order;
  auto const hold = [&](std::string name, std::chrono::seconds d) -> mb::task<> {
    order.push_back(name);
    co_await mb::sleep_for(d);
  };
  mb::manual_runtime rt({.resources = {{"unit", 4}, {"disk", 1}}});
  auto const units = [&](double n) { return mb::remote(hold).options({.resources = {{"unit", n}}}); };
  auto a = units(3)("first", 10s);
  rt.run_until_idle();
  auto big = units(4)("big", 1s);
  std::vector<mb::future<void>> small;
  for (int i = 0; i < 8; ++i) small.push_back(units(1)("small", 5s));
  auto apart = mb::remote(hold).options({.resources = {{"disk", 1}}})("apart", 1s);
  rt.run_until_idle();
  CHECK(order == std::vector<std::string>{"first", "apart"});  // the unit that is left over is kept for the big one
  rt.advance(10s);
  CHECK(order.back() == "big");
  mb::get(small);
  mb::get(big);
  mb::get(a);
  mb::get(apart);
  CHECK(std::count(order.begin(), order.end(), "small") == 8);
}

TEST_CASE("a shape that waits leaves others what it does not need") {
  mb::manual_runtime rt({.resources = {{"cup", 3}, {"pot", 1}}});
  std::vector<int> order;
  auto const hold = [&](int n) -> mb::task<> {
    order.push_back(n);
    co_await mb::sleep_for(1s);
  };
  auto a = mb::remote(hold).options({.resources = {{"pot", 1}}})(1);
  rt.run_until_idle();
  auto b =
      mb::remote(hold).options({.resources = {{"cup", 2}, {"pot", 1}}})(2);  // waits for the pot, and keeps two cups
  auto c = mb::remote(hold).options({.resources = {{"cup", 1}}})(3);
  auto d = mb::remote(hold).options({.resources = {{"cup", 1}}})(4);
  rt.run_until_idle();
  CHECK(order == std::vector<int>{1, 3});
  mb::get(std::vector{a, b, c, d});
}

TEST_CASE("what a task has is free again when it ends, fails or is cancelled, before its future is ready") {
  explored(
      [](mb::manual_runtime& rt) {
        mb::task_options const two{.num_cpus = 2, .num_gpus = 1, .cancellable = true};
        auto ok = mb::remote([] { return 1; }).options(two)();
        CHECK(mb::get(ok) == 1);
        CHECK(free_of("GPU") == 1);
        auto bad = mb::remote([]() -> int { throw std::logic_error("bad"); }).options(two)();
        CHECK_THROWS_AS(mb::get(bad), std::logic_error);
        CHECK(free_of("GPU") == 1);
        auto sleeper = mb::remote([]() -> mb::task<> { co_await mb::sleep_for(1h); }).options(two)();
        rt.run_until_idle();
        CHECK(free_of("GPU") == 0);
        mb::cancel(sleeper);
        CHECK_THROWS_AS(mb::get(sleeper), mb::cancelled);
        CHECK(mb::available_resources() == mb::cluster_resources());
      },
      {.num_cpus = 2, .num_gpus = 1});
}

TEST_CASE("a task that waits for resources can be cancelled, and those behind it go on") {
  explored(
      [](mb::manual_runtime& rt) {
        bool ran = false;
        auto holder = mb::remote([]() -> mb::task<> { co_await mb::sleep_for(10s); }).options({.num_gpus = 1})();
        rt.run_until_idle();
        auto big = mb::remote([&] { ran = true; }).options({.num_gpus = 2})();
        auto small = mb::remote([] { return mb::this_task::gpu_ids(); }).options({.num_gpus = 1})();
        rt.run_until_idle();
        CHECK(!small.ready());
        mb::cancel(big);
        CHECK_THROWS_AS(mb::get(big), mb::cancelled);
        CHECK(mb::get(small).size() == 1);
        CHECK(!holder.ready());
        mb::get(holder);
        CHECK(!ran);
        CHECK(free_of("GPU") == 2);
      },
      {.num_gpus = 2});
}

TEST_CASE("a task whose parent is cancelled stops waiting for resources") {
  mb::manual_runtime rt({.num_gpus = 1});
  auto holder = mb::remote([]() -> mb::task<> { co_await mb::sleep_for(10s); }).options({.num_gpus = 1})();
  rt.run_until_idle();
  mb::future<int> child;
  auto parent = mb::remote([&]() -> mb::task<int> {
                  child = mb::remote([] { return 1; }).options({.num_gpus = 1})();
                  co_return co_await child;
                }).options({.cancellable = true})();
  rt.run_until_idle();
  mb::cancel(parent);
  CHECK_THROWS_AS(mb::get(child), mb::cancelled);
  CHECK(!holder.ready());
  rt.run_until_idle();  // the parent looks at its child once more
}

TEST_CASE("deadlines hold for tasks that wait for resources, and each attempt has its own") {
  mb::manual_runtime rt({.num_gpus = 1});
  auto const begin = rt.now();
  auto holder = mb::remote([]() -> mb::task<> { co_await mb::sleep_for(10s); }).options({.num_gpus = 1})();
  rt.run_until_idle();
  auto late = mb::remote([] { return 1; }).options({.num_gpus = 1, .timeout = 2s})();
  CHECK_THROWS_AS(mb::get(late), mb::deadline_error);
  CHECK(rt.now() - begin == 2s);
  auto n = std::make_shared<int>(0);
  auto again = mb::remote([n] {
                 CHECK(free_of("GPU") == 0);
                 if (++*n < 3) throw std::runtime_error("not yet");
                 return *n;
               }).options({.num_gpus = 1, .max_retries = 5, .backoff = {.first = 1s, .jitter = 0}})();
  CHECK(mb::get(again) == 3);
  CHECK(free_of("GPU") == 1);
}

TEST_CASE("a task that waits for its arguments has nothing yet") {
  mb::manual_runtime rt({.num_gpus = 1});
  mb::promise<int> p;
  auto f = mb::remote([](int x) { return x + free_of("GPU"); }).options({.num_gpus = 1})(p.get_future());
  rt.run_until_idle();
  CHECK(free_of("GPU") == 1);
  p.set_value(1);
  CHECK(mb::get(f) == 1);
  auto g = mb::remote([](int x) { return x; }).options({.num_gpus = 1})(mb::remote([] { return 1; })());
  mb::cancel(g);
  CHECK_THROWS_AS(mb::get(g), mb::cancelled);
  CHECK(free_of("GPU") == 1);
}

TEST_CASE("a task knows its GPUs; fractions share one, and whole ones are alone") {
  mb::manual_runtime rt({.num_gpus = 3});
  auto const ids = []() -> mb::task<std::vector<unsigned>> {
    auto mine = mb::this_task::gpu_ids();
    co_await mb::sleep_for(1s);
    CHECK(mb::this_task::gpu_ids() == mine);
    co_return mine;
  };
  auto const with = [&](double n) { return mb::remote(ids).options({.num_gpus = n})(); };
  auto a = with(0.5), b = with(0.5), c = with(2);
  auto const x = mb::get(a), y = mb::get(b), z = mb::get(c);
  CHECK(x.size() == 1);
  CHECK(x == y);
  CHECK(z.size() == 2);
  CHECK(std::find(z.begin(), z.end(), x[0]) == z.end());
  auto d = with(0.6), e = with(0.6);
  CHECK(mb::get(d) != mb::get(e));  // they don't fit on one
  CHECK(mb::get(mb::remote([] { return mb::this_task::gpu_ids(); })()).empty());
  CHECK(mb::this_task::gpu_ids().empty());
  // Half of each is free, but no whole one: it waits.
  auto h = with(0.6), i = with(0.6), j = with(0.6), k = with(1);
  rt.run_until_idle();
  CHECK(free_of("GPU") == 1.2);
  CHECK(mb::get(k).size() == 1);
  mb::get(std::vector{h, i, j});
}

TEST_CASE("what can never be had is refused when it is asked for, with what there is") {
  mb::manual_runtime rt({.num_cpus = 2, .resources = {{"ssd", 1}}});
  auto const f = mb::remote([] {});
  std::string const why = message_of([&] { static_cast<void>(f.options({.name = "load", .num_cpus = 3})()); });
  CHECK(has(why, "the task 'load' asks for 3 of CPU"));
  CHECK(has(why, "2 of CPU"));
  CHECK(has(why, "1 of ssd"));
  CHECK(has(message_of([&] { static_cast<void>(f.options({.num_gpus = 1})()); }), "1 of GPU"));
  CHECK(has(message_of([&] { static_cast<void>(f.options({.resources = {{"sdd", 1}}})()); }), "1 of sdd"));
  CHECK_THROWS_AS(f.options({.num_cpus = 3, .max_retries = 2})(), mb::error);
  CHECK(has(message_of([&] { static_cast<void>(mb::make_actor<nothing>.options({.name = "n", .num_gpus = 1})()); }),
            "the actor 'n'"));
  CHECK(rt.pending().unfinished == 0);
}

TEST_CASE("amounts and names that make no sense are refused, and the message says what is allowed") {
  auto const f = mb::remote([] {});
  CHECK_THROWS_AS(f.options({.num_cpus = -1}), mb::error);
  CHECK_THROWS_AS(f.options({.num_cpus = 0.00001}), mb::error);
  CHECK_THROWS_AS(f.options({.num_gpus = 1.5}), mb::error);
  CHECK_THROWS_AS(f.options({.resources = {{"", 1}}}), mb::error);
  CHECK_THROWS_AS(f.options({.resources = {{"CPU", 1}}}), mb::error);
  CHECK_THROWS_AS(f.options({.resources = {{"x", -1}}}), mb::error);
  CHECK(has(message_of([&] { static_cast<void>(f.options({.num_gpus = 2.5})); }), "task_options::num_gpus is 2.5"));
  CHECK(has(message_of([&] { static_cast<void>(f.options({.resources = {{"GPU", 1}}})); }), "num_gpus"));
  CHECK_THROWS_AS(mb::manual_runtime({.resources = {{"memory", 1}}}), std::invalid_argument);
  CHECK(has(message_of([] { mb::runtime({.num_cpus = 1, .resources = {{"x", -2}}}); }), "runtime_options::resources"));
  CHECK_THROWS_AS(mb::runtime({.num_cpus = 1, .num_gpus = 100'000}), std::invalid_argument);
}
