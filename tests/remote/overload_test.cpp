#include "mobula/core/overload.hpp"

#include <string>
#include <type_traits>
#include <vector>

#include "mobula/mobula.hpp"
#include "support/catch.hpp"

namespace mb = mobula;

namespace {

int twice(int x) { return 2 * x; }
std::string twice(std::string const& s) { return s + s; }
template <class T>
T thrice(T x) {
  return x + x + x;
}

struct counter {
  int value = 0;
  int add(int by) { return value += by; }
  int add() { return ++value; }
  int get() { return value; }
  int get() const noexcept { return -value; }
  static int of_class(int x) { return x; }
  static std::string of_class(std::string const& s) { return s; }
};

}  // namespace

TEST_CASE("an overload is chosen by its signature wherever a function goes", "[remote]") {
  mb::manual_runtime rt;
  std::vector<int> const xs{1, 2, 3};
  // [overload]
  auto four = mb::remote(mb::overload<int(int)>(twice))(2);  // or mb::remote<int(int)>(twice)(2)
  auto six = four.then([](int x) { return twice(x) - 2; });  // what fits the arguments
  std::vector<int> ys = mb::map(mb::overload<int(int)>(twice), xs);
  std::vector<int> zs = mb::map([](auto const& x) { return twice(x); }, xs);
  // [/overload]
  CHECK(mb::get(four) == 4);
  CHECK(mb::get(six) == 6);
  CHECK(ys == std::vector{2, 4, 6});
  CHECK(zs == ys);
  CHECK(mb::get(mb::put(std::string("a")).then(mb::overload<std::string(std::string const&)>(twice))) == "aa");
  CHECK(mb::get(mb::submit_all(mb::overload<int(int)>(twice), xs)) == ys);
  CHECK(mb::transform_reduce(mb::overload<int(int)>(twice), xs, 0, std::plus<>()) == 12);
}

TEST_CASE("a function template is chosen by the signature that it comes to", "[remote]") {
  mb::manual_runtime rt;
  CHECK(mb::get(mb::remote(mb::overload<int(int)>(thrice))(2)) == 6);
  CHECK(mb::get(mb::remote<std::string(std::string)>(thrice)("a")) == "aaa");
}

TEST_CASE("a method is chosen by its signature, with its const, and a static one as a function", "[remote]") {
  STATIC_REQUIRE(mb::overload<int(int)>(&counter::add) == static_cast<int (counter::*)(int)>(&counter::add));
  STATIC_REQUIRE(std::is_same_v<decltype(mb::overload<int()>(&counter::get)), int (counter::*)()>);
  STATIC_REQUIRE(std::is_same_v<decltype(mb::overload<int(int)>(&counter::of_class)), int (*)(int)>);
  mb::manual_runtime rt;
  CHECK(mb::get(mb::remote(mb::overload<int() const noexcept>(&counter::get))(counter{3})) == -3);
  auto a = mb::make_actor<counter>();
  CHECK(mb::get(a.call<mb::overload<int(int)>(&counter::add)>(5)) == 5);
  CHECK(mb::get(a.call(mb::overload<int()>(&counter::add))) == 6);
  CHECK(mb::get(mb::remote(mb::overload<int(int)>(&counter::of_class))(7)) == 7);
}
