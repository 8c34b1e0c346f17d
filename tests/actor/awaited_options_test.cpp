// Options that stand in a co_await expression, where g++ 12 copies temporaries byte by byte and destroys both copies.
#include <mobula/mobula.hpp>

#include "support/catch.hpp"

#include <exception>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace mb = mobula;

namespace {

std::string const long_name = "a name that is too long for a string to keep in itself";

struct counter {
  int add(int n) { return sum += n; }
  int sum = 0;
};

mb::task<int> with_group(mb::actor<counter> a) {
  co_return co_await a.options({.concurrency_group = long_name}).call<&counter::add>(1);
}

std::vector<mb::concurrency_group> groups() { return {{long_name, 2}}; }
std::vector<mb::method_options> methods() {
  return {{.method = mb::method<&counter::add>, .concurrency_group = long_name}};
}

mb::task<int> with_actor(std::shared_ptr<int> const held) {
  auto const deadly = [held](std::exception_ptr const&) { return *held == 7; };
  auto const on_restart = [held](counter&, mb::saved_state const&) { ++*held; };
  std::map<std::string, double> const some{{long_name, 1}};
  co_return co_await mb::make_actor<counter>
      .options({.name = long_name,
                .name_space = long_name,
                .resources = some,
                .concurrency_groups = groups(),
                .methods = methods(),
                .max_restarts = 1,
                .dies_on = deadly,
                .on_restart = on_restart})()
      .template call<&counter::add>(2);
}

mb::task<int> with_lists() {
  co_return co_await mb::make_actor<counter>
      .options({.concurrency_groups = std::vector(1, mb::concurrency_group{.name = long_name}),
                .methods = std::vector(1, mb::method_options{.method = mb::method<&counter::add>,
                                                             .concurrency_group = long_name})})()
      .template call<&counter::add>(3);
}

mb::task<int> with_supervisor(mb::supervisor const above) {
  co_return co_await mb::make_actor<counter>
      .options({.dies_on = mb::dies_on_any(), .supervisor = mb::supervise({.max_restarts = 1, .parent = above})})()
      .template call<&counter::add>(4);
}

}  // namespace

TEST_CASE("call_options in a co_await expression are destroyed once") {
  mb::manual_runtime rt;
  auto const a = mb::make_actor<counter>.options({.concurrency_groups = groups()})();
  for (int i = 1; i < 20; ++i) CHECK(mb::get(mb::remote(with_group)(a)) == i);
}

TEST_CASE("actor_options in a co_await expression are destroyed once") {
  mb::manual_runtime rt({.resources = {{long_name, 1}}});
  auto const held = std::make_shared<int>(7);
  for (int i = 0; i < 20; ++i) CHECK(mb::get(mb::remote(with_actor)(held)) == 2);
  rt.run_until_idle();
  CHECK(held.use_count() == 1);
}

TEST_CASE("a concurrency_group and method_options in a co_await expression are destroyed once") {
  mb::manual_runtime rt;
  for (int i = 0; i < 20; ++i) CHECK(mb::get(mb::remote(with_lists)()) == 3);
}

TEST_CASE("supervisor_options in a co_await expression are destroyed once") {
  mb::manual_runtime rt;
  auto const above = mb::supervise();
  for (int i = 0; i < 20; ++i) CHECK(mb::get(mb::remote(with_supervisor)(above)) == 4);
}
