#include "support/catch.hpp"

#include <mobula/mobula.hpp>

#include <chrono>
#include <cstdint>
#include <stdexcept>
#include <vector>

namespace mb = mobula;
using namespace std::chrono_literals;

namespace {

int passes_of(int n) {
  int passed = 0;
  for (int i = 0; i < n; ++i) passed += mb::get(mb::fault_point("point")) ? 1 : 0;
  return passed;
}

}  // namespace

TEST_CASE("without faults a point is passed, also outside of manual runtimes") {
  CHECK(mb::get(mb::fault_point("point")));
  mb::runtime rt({.num_cpus = 1});
  CHECK(mb::get(mb::remote([] { return mb::get(mb::fault_point("point")); })()));
}

TEST_CASE("a fault is thrown with its own type, so many times") {
  mb::manual_runtime rt;
  mb::faults faults(rt);
  faults.at("point", {.times = 2, .error = mb::fault_of(std::domain_error("bad"))});
  auto const passes = []() -> mb::task<bool> { co_return co_await mb::fault_point("point"); };
  CHECK_THROWS_AS(mb::get(mb::remote(passes)()), std::domain_error);
  CHECK_THROWS_AS(mb::get(mb::fault_point("point")), std::domain_error);
  CHECK(mb::get(mb::remote(passes)()));
  CHECK(mb::get(mb::fault_point("elsewhere")));
  CHECK(faults.happened("point") == 2);
  CHECK(faults.happened("elsewhere") == 0);
}

TEST_CASE("a fault takes its time, and may be waited for with a limit") {
  mb::manual_runtime rt;
  mb::faults faults(rt);
  auto const begin = rt.now();
  faults.at("point", {.delay = 1s});
  auto const passes = []() -> mb::task<> { co_await mb::fault_point("point"); };
  mb::get(mb::remote(passes)());
  CHECK(rt.now() - begin == 1s);
  CHECK_THROWS_AS(mb::get(mb::fault_point("point"), 100ms), mb::timeout_error);
  auto f = mb::remote(passes).options({.cancellable = true})();
  rt.run_until_idle();
  mb::cancel(f);
  CHECK_THROWS_AS(mb::get(f), mb::cancelled);
}

TEST_CASE("a fault may leave things out, or kill an actor") {
  struct idle {};
  mb::manual_runtime rt;
  mb::faults faults(rt);
  faults.at("point", {.drop = true});
  CHECK_FALSE(mb::get(mb::fault_point("point")));
  auto a = mb::make_actor<idle>();
  faults.at("point", {.action = [&] { a.kill(); }});
  auto const passes = []() -> mb::task<bool> { co_return co_await mb::fault_point("point"); };
  CHECK(mb::get(mb::remote(passes)()));
  CHECK_THROWS_AS(mb::get(a.call([](idle&) {})), mb::actor_died);
}

TEST_CASE("the seed decides what goes wrong") {
  auto const passes = [](std::uint64_t seed) {
    mb::manual_runtime rt({.seed = seed});
    mb::faults faults(rt);
    faults.at("point", {.probability = 0.5, .drop = true});
    std::vector<bool> all;
    for (int i = 0; i < 64; ++i) all.push_back(mb::get(mb::fault_point("point")));
    return all;
  };
  CHECK(passes(1) == passes(1));
  CHECK(passes(1) != passes(2));
  mb::manual_runtime rt;
  mb::faults faults(rt);
  faults.at("point", {.probability = 0.25, .drop = true});
  int const passed = passes_of(1000);
  CHECK(passed > 650);
  CHECK(passed < 850);
}

TEST_CASE("faults are one at a time, and their probabilities are checked") {
  mb::manual_runtime rt;
  mb::faults faults(rt);
  CHECK_THROWS_AS(mb::faults(rt), mb::error);
  CHECK_THROWS_AS(faults.at("point", {.probability = 1.5}), mb::error);
}
