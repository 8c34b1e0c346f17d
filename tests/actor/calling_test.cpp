#include "support/catch.hpp"

#include <mobula/mobula.hpp>

#include <stdexcept>
#include <utility>

namespace mb = mobula;

namespace {

struct counter {
  int count() { return ++n; }
  int n = 0;
};

struct caller {
  explicit caller(mb::actor<counter> c) : other(std::move(c)) {}
  int count() { return mb::get(other.call<&counter::count>()); }
  void crash() { throw std::runtime_error("crash"); }
  mb::actor<counter> other;
};

}  // namespace

TEST_CASE("a task that is tried again calls an actor again", "[actor]") {
  mb::manual_runtime rt;
  auto a = mb::make_actor<counter>();
  auto const f = mb::remote([&] {
    int const n = mb::get(a.call<&counter::count>());
    return n < 3 ? throw std::runtime_error("once more") : n;
  });
  CHECK(mb::get(f.options({.max_retries = 5})()) == 3);
  CHECK(mb::get(a.call<&counter::count>()) == 4);
}

TEST_CASE("an actor that calls others is restarted; their state stays", "[actor]") {
  mb::manual_runtime rt;
  auto other = mb::make_actor<counter>();
  auto a = mb::make_actor<caller>.options({.max_restarts = 1, .dies_on = mb::dies_on<std::runtime_error>()})(other);
  CHECK(mb::get(a.call<&caller::count>()) == 1);
  CHECK_THROWS(mb::get(a.call<&caller::crash>()));
  CHECK(mb::get(a.call<&caller::count>()) == 2);
}
