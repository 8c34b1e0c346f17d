#include "mobula/future/outcome.hpp"

#include <memory>
#include <stdexcept>
#include <string>

#include "support/catch.hpp"

using mobula::outcome;

TEST_CASE("an outcome destroys its value, and an empty one nothing", "[future]") {
  auto const alive = std::make_shared<int>();
  {
    outcome<std::shared_ptr<int>> empty;
    outcome<std::shared_ptr<int>> o;
    o.set_value(alive);
    CHECK(alive.use_count() == 2);
    CHECK(o.get() == alive);
  }
  CHECK(alive.use_count() == 1);
}

TEST_CASE("an outcome of a function holds what it returned or threw", "[future]") {
  outcome<int> value;
  value.set_from([] { return 5; });
  CHECK_FALSE(value.has_failure());
  CHECK(value.get() == 5);
  outcome<int> error;
  error.set_from([]() -> int { throw std::domain_error("no"); });
  CHECK(error.has_failure());
  CHECK_THROWS_AS(error.get(), std::domain_error);
  CHECK_THROWS_AS(error.take(), std::domain_error);
}

TEST_CASE("an outcome holds references and nothing at all", "[future]") {
  int object = 1;
  outcome<int&> reference;
  reference.set_from([&]() -> int& { return object; });
  CHECK(&reference.get() == &object);
  outcome<void> nothing;
  nothing.set_from([] {});
  CHECK_FALSE(nothing.has_failure());
  nothing.get();
}
