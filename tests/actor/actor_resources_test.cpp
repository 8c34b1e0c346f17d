#include "support/catch.hpp"
#include "support/resources.hpp"

#include <mobula/mobula.hpp>

#include <stdexcept>
#include <vector>

namespace mb = mobula;
using mobula::test::explored;
using mobula::test::free_of;

TEST_CASE("an actor has its resources from before its constructor to the end of its life") {
  struct device {
    device() { CHECK(mb::this_task::gpu_ids().size() == 1); }
    ~device() { CHECK(free_of("GPU") == 0); }
    mb::task<std::vector<unsigned>> use() {
      co_await mb::yield();
      co_return mb::this_task::gpu_ids();
    }
    void fail() { throw std::runtime_error("fails"); }
  };
  explored(
      [](mb::manual_runtime& rt) {
        auto const make = mb::make_actor<device>.options({.num_cpus = 1, .num_gpus = 1});
        auto a = make();
        CHECK(mb::get(a.call<&device::use>()).size() == 1);
        CHECK(free_of("CPU") == 0);
        auto b = make();
        auto f = b.call<&device::use>();
        rt.run_until_idle();
        CHECK(!f.ready());
        a = {};
        CHECK(mb::get(f).size() == 1);
        b.kill();
        rt.run_until_idle();
        CHECK(mb::available_resources() == mb::cluster_resources());
      },
      {.num_cpus = 1, .num_gpus = 1});
}

TEST_CASE("an actor whose constructor throws, or waits for an argument, has no more than it needs") {
  struct fails {
    explicit fails(int) { throw std::runtime_error("no"); }
    int one() { return 1; }
  };
  mb::manual_runtime rt({.num_gpus = 1});
  mb::promise<int> p;
  auto a = mb::make_actor<fails>.options({.num_gpus = 1})(p.get_future());
  auto f = a.call<&fails::one>();
  rt.run_until_idle();
  CHECK(free_of("GPU") == 1);
  p.set_value(1);
  CHECK_THROWS_AS(mb::get(f), std::runtime_error);
  rt.run_until_idle();
  CHECK(free_of("GPU") == 1);
}

TEST_CASE("an actor keeps its resources when it is restarted") {
  struct mortal {
    void die() { throw std::runtime_error("dead"); }
    double left() { return free_of("GPU"); }
  };
  mb::manual_runtime rt({.num_gpus = 1});
  auto a = mb::make_actor<mortal>.options({.num_gpus = 1, .max_restarts = 1, .dies_on = mb::dies_on_any()})();
  CHECK_THROWS_AS(mb::get(a.call<&mortal::die>()), std::runtime_error);
  CHECK(mb::get(a.call<&mortal::left>()) == 0);
  CHECK_THROWS_AS(mb::get(a.call<&mortal::die>()), std::runtime_error);
  rt.run_until_idle();
  CHECK(free_of("GPU") == 1);
}
