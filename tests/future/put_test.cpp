#include "mobula/future/put.hpp"

#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "mobula/mobula.hpp"
#include "support/catch.hpp"

namespace mb = mobula;

TEST_CASE("put makes a future that is ready, without a runtime", "[future]") {
  auto const f = mb::put(5);
  CHECK(f.ready());
  CHECK(mb::get(f) == 5);
}

TEST_CASE("put moves an rvalue and copies an lvalue", "[future]") {
  std::vector<int> const v(100, 1);
  CHECK(mb::get(mb::put(v)) == v);
  auto w = v;
  int const* const place = w.data();
  auto const f = mb::put(std::move(w));
  CHECK(mb::get(f).data() == place);
  CHECK(*mb::get(mb::put(std::make_unique<int>(3))) == 3);
}

TEST_CASE("what is put decays: arrays of characters become pointers, references values", "[future]") {
  STATIC_REQUIRE(std::is_same_v<decltype(mb::put("text")), mb::future<char const*>>);
  int const x = 1;
  STATIC_REQUIRE(std::is_same_v<decltype(mb::put(x)), mb::future<int>>);
}

TEST_CASE("tasks share what was put without copying it", "[future]") {
  mb::manual_runtime rt;
  auto const data = mb::put(std::vector<int>(1000, 1));
  std::vector<int> const* const object = &mb::get(data);
  auto const address = [](std::vector<int> const& v) { return &v; };
  CHECK(mb::get(mb::remote(address)(data)) == object);
  CHECK(mb::get(mb::remote(address)(data)) == object);
}

TEST_CASE("what was put goes with the last handle or the last task that depends on it", "[future]") {
  mb::manual_runtime rt;
  auto const alive = std::make_shared<int>(1);
  auto f = mb::put(alive);
  auto const sum = mb::remote([](std::shared_ptr<int> const& p) { return *p; })(f);
  f = {};
  CHECK(alive.use_count() == 2);
  rt.run_until_idle();
  CHECK(alive.use_count() == 1);
  CHECK(mb::get(sum) == 1);
}
