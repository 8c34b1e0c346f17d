#include "mobula/actor/mailbox.hpp"

#include "support/catch.hpp"

namespace {

struct alignas(8) message {
  message* next = nullptr;
};

using kind = mobula::detail::message_kind;
using messages = mobula::detail::message_list<message>;

// A mailbox and what has been taken from it.
struct box : mobula::detail::mailbox<message> {
  message* take() {
    take_all(in_order, urgent);
    return (urgent.empty() ? in_order : urgent).pop().message;
  }
  messages in_order, urgent;
};

}  // namespace

TEST_CASE("at first somebody is at work, on the constructor", "[actor]") {
  box b;
  message m;
  CHECK(b.take() == nullptr);
  CHECK_FALSE(b.push(m));
  CHECK_FALSE(b.rest());
  CHECK(b.take() == &m);
  CHECK(b.rest());
}

TEST_CASE("the first push after a rest finds nobody at work, the others somebody", "[actor]") {
  box b;
  REQUIRE(b.rest());
  message m, n;
  CHECK(b.push(m));
  CHECK_FALSE(b.push(n));
}

TEST_CASE("messages are taken all at once, in the order in which they were pushed", "[actor]") {
  box b;
  REQUIRE(b.rest());
  message m[4];
  CHECK(b.push(m[0]));
  CHECK_FALSE(b.push(m[1]));
  CHECK_FALSE(b.push(m[2]));
  b.take_all(b.in_order, b.urgent);
  CHECK_FALSE(b.push(m[3]));
  for (auto& each : m) CHECK(b.take() == &each);
  CHECK(b.take() == nullptr);
  CHECK(b.rest());
}

TEST_CASE("urgent messages are taken apart, in their order and with their kinds", "[actor]") {
  box b;
  message m[6];
  kind const kinds[] = {kind::normal, kind::high, kind::order, kind::control, kind::stack, kind::last};
  for (int i = 0; i < 6; ++i) CHECK_FALSE(b.push(m[i], kinds[i]));
  b.take_all(b.in_order, b.urgent);
  for (int i : {1, 3, 4}) {
    auto const got = b.urgent.pop();
    CHECK(got.message == &m[i]);
    CHECK(got.kind == kinds[i]);
  }
  for (int i : {0, 2, 5}) {
    auto const got = b.in_order.pop();
    CHECK(got.message == &m[i]);
    CHECK(got.kind == kinds[i]);
  }
  CHECK(b.urgent.empty());
  CHECK(b.in_order.empty());
}

TEST_CASE("a list is put behind another, whichever of them is empty", "[actor]") {
  message m[4];
  messages a, b;
  a.append(b);
  CHECK(a.empty());
  b.push_back(m[1], kind::high);
  b.push_front(m[0], kind::normal);
  a.append(b);
  CHECK(b.empty());
  b.push_back(m[2], kind::control);
  a.append(b);
  a.push_back(m[3], kind::normal);
  for (auto& each : m) CHECK(a.pop().message == &each);
  CHECK(a.empty());
}

TEST_CASE("who is at work stays so while messages come, and rests when there are none", "[actor]") {
  box b;
  REQUIRE(b.rest());
  message m, n;
  CHECK(b.push(m));
  CHECK(b.take() == &m);
  CHECK_FALSE(b.push(n));
  CHECK_FALSE(b.rest());
  CHECK(b.take() == &n);
  CHECK(b.rest());
  CHECK(b.push(m));
}
