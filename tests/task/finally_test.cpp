#include "mobula/task/finally.hpp"

#include <stdexcept>
#include <string>
#include <vector>

#include "mobula/mobula.hpp"
#include "support/catch.hpp"

namespace mb = mobula;
using namespace std::chrono_literals;

namespace {

mb::task<int> body(std::vector<std::string>& log, bool fails) {
  co_await mb::sleep_for(1s);
  log.push_back("body");
  if (fails) throw std::domain_error("body");
  co_return 5;
}

}  // namespace

TEST_CASE("finally cleans up after success and after failure, and may wait", "[task]") {
  mb::manual_runtime rt;
  for (bool const fails : {false, true}) {
    std::vector<std::string> log;
    auto const all = [&]() -> mb::task<int> {
      auto const cleanup = [&]() -> mb::task<> {
        co_await mb::sleep_for(1s);
        log.push_back("cleanup");
      };
      co_return co_await mb::finally(body(log, fails), cleanup);
    };
    if (fails)
      CHECK_THROWS_AS(mb::get(mb::remote(all)()), std::domain_error);
    else
      CHECK(mb::get(mb::remote(all)()) == 5);
    CHECK(log == std::vector<std::string>{"body", "cleanup"});
  }
}

TEST_CASE("of an error in the task and one in its cleanup the first is thrown; alone, the second is", "[task]") {
  int unread = 0;
  mb::manual_runtime rt({.on_unread_failure = [&](mb::failure const&) { ++unread; }});
  std::vector<std::string> log;
  auto const fail = [] { throw std::length_error("cleanup"); };
  auto const run = [&](bool fails) -> mb::task<int> { co_return co_await mb::finally(body(log, fails), fail); };
  CHECK_THROWS_AS(mb::get(mb::remote(run)(true)), std::domain_error);
  CHECK(unread == 1);
  CHECK_THROWS_AS(mb::get(mb::remote(run)(false)), std::length_error);
  CHECK(unread == 1);
}

TEST_CASE("with gives a resource to its body and then to its exit", "[task]") {
  mb::manual_runtime rt;
  std::vector<std::string> log;
  auto const use = [&](std::string& s) -> mb::task<std::size_t> {
    s += "!";
    co_await mb::sleep_for(1s);
    if (s.empty()) throw std::domain_error("empty");
    co_return s.size();
  };
  auto const leave = [&](std::string& s) -> mb::task<> {
    co_await mb::sleep_for(1s);
    log.push_back(s);
  };
  CHECK(mb::get(mb::remote(
            [&]() -> mb::task<std::size_t> { co_return co_await mb::with(std::string("file"), use, leave); })()) == 5);
  auto const throws_at_once = [](std::string&) -> mb::task<> { throw std::domain_error("before it is a task"); };
  CHECK_THROWS_AS(
      mb::get(mb::remote([&]() -> mb::task<> { co_await mb::with(std::string("other"), throws_at_once, leave); })()),
      std::domain_error);
  CHECK(log == std::vector<std::string>{"file!", "other"});
}
