#include "mobula/task/co_invoke.hpp"

#include <functional>
#include <memory>
#include <stdexcept>
#include <utility>

#include "mobula/mobula.hpp"
#include "support/catch.hpp"

namespace mb = mobula;
using namespace std::chrono_literals;

TEST_CASE("co_invoke keeps a lambda's captures and the arguments until the task is over, and no longer", "[task]") {
  mb::manual_runtime rt;
  auto const captured = std::make_shared<int>(1);
  auto const argument = std::make_shared<int>(2);
  auto f = mb::remote([](mb::task<int> later) { return later; })(mb::co_invoke(
      [captured](std::shared_ptr<int> const& p) -> mb::task<int> {
        co_await mb::sleep_for(1s);
        co_return *captured + *p;
      },
      argument));
  CHECK(captured.use_count() == 2);
  CHECK(argument.use_count() == 2);
  rt.advance(1s);
  CHECK(captured.use_count() == 1);
  CHECK(argument.use_count() == 1);
  CHECK(mb::get(f) == 3);
}

TEST_CASE("co_invoke passes what can only be moved, references by std::ref, and members", "[task]") {
  struct adder {
    int base;
    mb::task<int> add(int x) { co_return base += x; }
  };
  mb::manual_runtime rt;
  auto const read = [](std::unique_ptr<int> p) -> mb::task<int> { co_return *p; };
  CHECK(mb::get(mb::co_invoke(read, std::make_unique<int>(5))) == 5);
  adder a{1};
  CHECK(mb::get(mb::co_invoke(&adder::add, &a, 2)) == 3);
  CHECK(mb::get(mb::co_invoke(&adder::add, std::ref(a), 2)) == 5);
  int x = 1;
  mb::get(mb::co_invoke(
      [](int& r) -> mb::task<> {
        ++r;
        co_return;
      },
      std::ref(x)));
  CHECK(x == 2);
}

TEST_CASE("an error of a task that co_invoke made comes out as it is", "[task]") {
  mb::manual_runtime rt;
  auto const fail = [](bool really) -> mb::task<> {
    if (really) throw std::domain_error("no");
    co_return;
  };
  CHECK_THROWS_AS(mb::get(mb::co_invoke(fail, true)), std::domain_error);
}

TEST_CASE("a lambda that has a name needs no co_invoke while its scope awaits it", "[task]") {
  mb::manual_runtime rt;
  auto const alive = std::make_shared<int>(5);
  CHECK(mb::get(mb::remote([alive]() -> mb::task<bool> {
    auto const read = [copy = alive]() -> mb::task<int> {
      co_await mb::sleep_for(1s);
      co_return *copy;
    };
    auto later = read();
    co_return co_await std::move(later) == 5;
  })()));
  CHECK(alive.use_count() == 1);
}
