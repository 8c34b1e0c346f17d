#include "mobula/future/waiter_list.hpp"

#include <vector>

#include "support/catch.hpp"

namespace {

using mobula::detail::waiter;

struct named : waiter {
  named(std::vector<int>& l, int n)
      : waiter([](waiter& w) noexcept {
          auto& me = static_cast<named&>(w);
          me.log.push_back(me.name);
        }),
        log(l),
        name(n) {}
  std::vector<int>& log;
  int name;
};

}  // namespace

TEST_CASE("those who wait are notified once, first come first served", "[future]") {
  mobula::detail::waiter_list<> list;
  std::vector<int> log;
  named a(log, 1), b(log, 2), c(log, 3);
  CHECK_FALSE(list.done());
  CHECK(list.add(a));
  CHECK(list.add(b));
  CHECK(list.add(c));
  list.complete();
  CHECK(list.done());
  CHECK(log == std::vector{1, 2, 3});
}

TEST_CASE("who comes after the event is turned away", "[future]") {
  mobula::detail::waiter_list<> list;
  std::vector<int> log;
  named a(log, 1);
  list.complete();
  CHECK_FALSE(list.add(a));
  CHECK_FALSE(list.remove(a));
  CHECK(log.empty());
}

TEST_CASE("who is taken out, from wherever in the list, is not notified", "[future]") {
  for (int out = 1; out <= 3; ++out) {
    mobula::detail::waiter_list<> list;
    std::vector<int> log;
    named a(log, 1), b(log, 2), c(log, 3);
    named* const all[] = {&a, &b, &c};
    for (auto* w : all) REQUIRE(list.add(*w));
    REQUIRE(list.remove(*all[out - 1]));
    list.complete();
    REQUIRE(log.size() == 2);
    for (int n : log) REQUIRE(n != out);
  }
}

TEST_CASE("a list from which all were taken out is as good as new", "[future]") {
  mobula::detail::waiter_list<> list;
  std::vector<int> log;
  named a(log, 1);
  REQUIRE(list.add(a));
  REQUIRE(list.remove(a));
  CHECK_FALSE(list.done());
  REQUIRE(list.add(a));
  list.complete();
  CHECK(log == std::vector{1});
}
