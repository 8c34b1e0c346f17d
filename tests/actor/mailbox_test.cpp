#include "mobula/actor/mailbox.hpp"

#include "support/catch.hpp"

namespace {

struct message {
  message* next = nullptr;
};

using mailbox = mobula::detail::mailbox<message>;

}  // namespace

TEST_CASE("at first somebody is at work, on the constructor", "[actor]") {
  mailbox box;
  message a;
  CHECK(box.take_all() == nullptr);
  CHECK_FALSE(box.push(a));
  CHECK_FALSE(box.rest());
  CHECK(box.take_all() == &a);
  CHECK(box.rest());
}

TEST_CASE("the first push after a rest finds nobody at work, the others somebody", "[actor]") {
  mailbox box;
  REQUIRE(box.rest());
  message a, b;
  CHECK(box.push(a));
  CHECK_FALSE(box.push(b));
}

TEST_CASE("messages are taken all at once, in the order in which they were pushed", "[actor]") {
  mailbox box;
  REQUIRE(box.rest());
  message m[3];
  CHECK(box.push(m[0]));
  CHECK_FALSE(box.push(m[1]));
  CHECK_FALSE(box.push(m[2]));
  message* const first = box.take_all();
  REQUIRE(first == &m[0]);
  CHECK(first->next == &m[1]);
  CHECK(m[1].next == &m[2]);
  CHECK(m[2].next == nullptr);
  CHECK(box.take_all() == nullptr);
}

TEST_CASE("who is at work stays so while messages come, and rests when there are none", "[actor]") {
  mailbox box;
  REQUIRE(box.rest());
  message a, b;
  CHECK(box.push(a));
  CHECK(box.take_all() == &a);
  CHECK_FALSE(box.push(b));
  CHECK_FALSE(box.rest());
  CHECK(box.take_all() == &b);
  CHECK(b.next == nullptr);
  CHECK(box.rest());
  CHECK(box.push(a));
}
