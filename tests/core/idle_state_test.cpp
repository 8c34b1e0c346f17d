#include "mobula/core/idle_state.hpp"

#include "support/catch.hpp"

using state = mobula::detail::idle_state<>;

TEST_CASE("somebody is woken only if one sleeps and nobody searches", "[core]") {
  state s;
  CHECK_FALSE(s.should_wake());
  s.begin_sleep();
  CHECK(s.should_wake());
  s.begin_search();
  CHECK_FALSE(s.should_wake());
  CHECK(s.end_search());
  CHECK(s.should_wake());
  s.end_sleep();
  CHECK_FALSE(s.should_wake());
}

TEST_CASE("waking turns a sleeper into a searcher", "[core]") {
  state s;
  s.begin_sleep();
  s.begin_sleep();
  s.sleeper_to_searcher();
  CHECK(s.sleepers() == 1);
  CHECK(s.searchers() == 1);
  CHECK_FALSE(s.should_wake());
}

TEST_CASE("the last searcher learns that it was the last", "[core]") {
  state s;
  s.begin_search();
  s.begin_search();
  CHECK_FALSE(s.end_search());
  CHECK(s.end_search());
}
