#include "mobula/remote/signature.hpp"

#include <memory>
#include <string>
#include <type_traits>

#include "mobula/mobula.hpp"
#include "support/catch.hpp"

namespace mb = mobula;

namespace {

int overloaded(int x) { return x + 1; }
std::string overloaded(std::string const& s) { return s + "+"; }

struct object {
  int get() { return 1; }
  int get() const { return 2; }
  int operator()(int x) { return x; }
  std::string operator()(std::string const& s) { return s; }
};

}  // namespace

TEST_CASE("a signature chooses among overloaded functions", "[remote]") {
  mb::manual_runtime rt;
  CHECK(mb::get(mb::remote<int(int)>(overloaded)(1)) == 2);
  CHECK(mb::get(mb::remote<std::string(std::string const&)>(overloaded)("a")) == "a+");
  CHECK(mb::get(mb::remote<int(int)>(overloaded)(mb::put(2))) == 3);
}

TEST_CASE("the type of a member pointer chooses among overloaded members", "[remote]") {
  mb::manual_runtime rt;
  CHECK(mb::get(mb::remote<int (object::*)()>(&object::get)(object())) == 1);
  CHECK(mb::get(mb::remote<int (object::*)() const>(&object::get)(object())) == 2);
  CHECK(mb::get(mb::remote(static_cast<int (object::*)() const>(&object::get))(object())) == 2);
}

TEST_CASE("a signature chooses among the calls of an object, and gives a generic one its types", "[remote]") {
  mb::manual_runtime rt;
  CHECK(mb::get(mb::remote<std::string(std::string const&)>(object())("text")) == "text");
  auto const generic = [](auto x) { return x + 1; };
  CHECK(mb::get(mb::remote<int(int)>(generic)(mb::put(2))) == 3);
  mb::future<long> const converted = mb::remote<long(int)>(generic)(1);
  CHECK(mb::get(converted) == 2);
  mb::future<void> const nothing = mb::remote<void(int)>(generic)(1);
  mb::get(nothing);
  auto const moves = [](auto p) { return *p; };
  CHECK(mb::get(mb::remote<int(std::unique_ptr<int>)>(moves)(std::make_unique<int>(4))) == 4);
}

TEST_CASE("a signature may be that of a coroutine", "[remote]") {
  mb::manual_runtime rt;
  auto const generic = [](auto x) -> mb::task<decltype(x)> { co_return x; };
  mb::future<int> const f = mb::remote<mb::task<int>(int)>(generic)(5);
  CHECK(mb::get(f) == 5);
}
