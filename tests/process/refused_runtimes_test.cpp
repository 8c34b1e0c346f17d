// Memory refused to runtimes: as they begin, and as they end.
#include <atomic>
#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "process/refused_memory.hpp"

namespace mb = mobula;
using mobula::test::inc;
using mobula::test::nap;
using mobula::test::spare_boost_fiber;
using mobula::test::survive;
using namespace std::chrono_literals;

namespace {

struct counter {
  explicit counter(int s) : v(s) {}
  mb::task<int> slow(int n) {
    co_await mb::sleep_for(1ms);
    co_return v += n;
  }
  int v;
};

}  // namespace

TEST_CASE("a runtime that is refused memory is not made, or works", "[process]") {
  survive(
      {
          {"runtime",
           [] {
             mb::runtime r({.num_cpus = 2, .on_thread_start = spare_boost_fiber});
             return mb::get(mb::remote(inc)(1)) == 2;
           }},
          {"runtime all",
           [] {
             mb::runtime r({.num_cpus = 2,
                            .num_gpus = 1,
                            .resources = {{"ssd", 1}},
                            .thread_name = "a",
                            .on_thread_start = spare_boost_fiber,
                            .cancellable = true,
                            .track_tasks = true,
                            .stall_after = 1s});
             return mb::get(mb::remote(inc)(1)) == 2;
           }},
          {"init",
           [] {
             try {
               mb::init({.num_cpus = 2, .on_thread_start = spare_boost_fiber});
             } catch (...) {
               mb::shutdown();
               throw;
             }
             bool ok = false;
             try {
               ok = mb::get(mb::remote(inc)(1)) == 2;
             } catch (...) {
               mb::shutdown();
               throw;
             }
             mb::shutdown();
             return ok;
           }},
          {"drop",
           [] {
             mb::runtime r({.num_cpus = 2, .on_thread_start = spare_boost_fiber});
             auto g = mb::remote([]() -> mb::task<int> {
               co_await mb::sleep_for(100s);
               co_return 1;
             })();
             auto h = mb::remote(inc)(g);
             auto a = mb::make_actor<counter>(1);
             auto k = a.call<&counter::slow>(2);
             auto m = mb::monitor(a);
             r.shutdown(mb::on_shutdown::drop);
             return g.ready() && h.ready();
           }},
      },
      false);
}

TEST_CASE("a manual runtime that is refused memory is not made, or works", "[process]") {
  survive(
      {
          {"manual",
           [] {
             mb::manual_runtime r({.seed = 1});
             auto g = mb::remote(nap)(1);
             r.run_until_idle();
             r.advance(1s);
             return mb::get(g) == 1;
           }},
          {"manual tasks",
           [] {
             mb::manual_runtime r({.seed = 1, .track_tasks = true});
             auto g = mb::remote([] {
               mb::get(mb::sleep_for(1s));
               return mb::get(mb::remote(nap)(1));
             })();
             auto a = mb::make_actor<counter>(1);
             bool ok = mb::get(a.call<&counter::slow>(1)) == 2;
             return mb::get(g) == 1 && ok && mb::to_string(r.pending()).size() > 2;
           }},
          {"manual faults",
           [] {
             mb::manual_runtime r({.seed = 1});
             mb::faults fa(r);
             fa.at("x", {.times = 1, .error = mb::fault_of(std::domain_error("bad"))});
             try {
               static_cast<void>(mb::get(mb::fault_point("x")));
             } catch (std::domain_error const&) { return true; }
             return false;
           }},
          {"explore",
           [] {
             mb::explore(
                 [](mb::manual_options const& o) {
                   mb::manual_runtime r(o);
                   mb::get(mb::remote(nap)(1));
                 },
                 {.seeds = 2});
             return true;
           }},
      },
      false);
}
