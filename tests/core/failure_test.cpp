#include "mobula/core/failure.hpp"

#include <stdexcept>
#include <string>
#include <vector>

#include "mobula/mobula.hpp"
#include "support/catch.hpp"

namespace mb = mobula;

namespace {

int broken(int) { throw std::runtime_error("disk is full"); }
int pass(int x) { return x; }
mb::task<int> broken_coroutine() {
  co_await mb::sleep_for(std::chrono::milliseconds(1));
  throw std::out_of_range("too far");
}

struct account {
  int withdraw(int) { throw std::logic_error("not enough"); }
};
struct unmakable {
  unmakable() { throw std::runtime_error("no simulator"); }
  int value() { return 1; }
};

// Collects what nobody has read.
struct unread {
  std::vector<std::string> messages;
  [[nodiscard]] mb::manual_options options(std::uint64_t seed = 1) {
    return {.seed = seed, .on_unread_failure = [this](mb::failure const& f) { messages.push_back(f.message()); }};
  }
};

}  // namespace

TEST_CASE("a failure tells the exception, the name, the place and the worker", "[core]") {
  mb::manual_runtime rt;
  auto const f = mb::remote(broken).options({.name = "load"})(1);
  unsigned const line = __LINE__ - 1;
  CHECK_FALSE(f.failure());  // it runs only now
  rt.run_until_idle();
  auto const why = f.failure();
  REQUIRE(why);
  CHECK(why->task() == "load");
  CHECK(why->message() == "disk is full");
  CHECK(why->submitted().line() == line);
  CHECK(std::string(why->submitted().file_name()).ends_with("failure_test.cpp"));
  CHECK(why->worker() == 0U);
  CHECK_FALSE(why->cause());
  CHECK_THROWS_AS(why->rethrow(), std::runtime_error);
  CHECK(why->report().starts_with("mobula: task 'load' failed: std::runtime_error: disk is full\n  submitted at "));
}

TEST_CASE("a value has no failure", "[core]") {
  mb::manual_runtime rt;
  auto const f = mb::remote(pass)(1);
  CHECK(mb::get(f) == 1);
  CHECK_FALSE(f.failure());
}

TEST_CASE("causes are followed through dependencies, blocking gets, awaits and actors", "[core]") {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    mb::manual_runtime rt({.seed = seed});
    auto const source = mb::remote(broken).options({.name = "source"})(1);
    auto const dependent = mb::remote(pass).options({.name = "dependent"})(source);
    auto const blocking =
        mb::remote([](mb::future<int> f) { return mb::get(f); }).options({.name = "blocking"})(dependent);
    auto const awaiting = mb::remote([](mb::future<int> f) -> mb::task<int> {
                            co_return co_await f + 1;
                          }).options({.name = "awaiting"})(blocking);
    auto const list = mb::remote([](std::vector<int> const& v) {
                        return int(v.size());
                      }).options({.name = "list"})(std::vector{mb::put(1), awaiting});
    CHECK_THROWS_AS(mb::get(list), std::runtime_error);
    std::vector<std::string> names;
    for (auto f = list.failure(); f; f = f->cause()) names.emplace_back(f->task());
    CHECK(names == std::vector<std::string>{"list", "awaiting", "blocking", "dependent", "source"});
  }
}

TEST_CASE("each dependent of one failure has that as its cause, not another dependent", "[core]") {
  mb::manual_runtime rt;
  auto const source = mb::remote(broken).options({.name = "source"})(1);
  auto const left = mb::remote(pass).options({.name = "left"})(source);
  auto const right = mb::remote(pass).options({.name = "right"})(source);
  auto const after = mb::remote(pass).options({.name = "after"})(left);
  rt.run_until_idle();
  CHECK(left.failure()->cause()->task() == "source");
  CHECK(right.failure()->cause()->task() == "source");
  CHECK(after.failure()->cause()->task() == "left");
}

TEST_CASE("a cause is known also if its only future ends while the exception is on its way", "[core]") {
  mb::manual_runtime rt;
  auto const awaiting = mb::remote([]() -> mb::task<int> {
    auto const source = mb::remote(broken).options({.name = "source"});
    co_return co_await source(1);
  });
  auto const blocking = mb::remote([] { return mb::get(mb::remote(broken).options({.name = "source"})(1)); });
  for (auto const& f : {awaiting(), blocking()}) {
    CHECK_THROWS_AS(mb::get(f), std::runtime_error);
    REQUIRE(f.failure()->cause());
    CHECK(f.failure()->cause()->task() == "source");
  }
}

TEST_CASE("an exception of its own has no cause", "[core]") {
  mb::manual_runtime rt;
  auto const source = mb::remote(broken)(1);
  auto const other = mb::remote([](mb::future<int> f) -> int {
    try {
      return mb::get(f);
    } catch (std::runtime_error const&) { throw std::invalid_argument("mine"); }
  })(source);
  CHECK_THROWS_AS(mb::get(other), std::invalid_argument);
  CHECK_FALSE(other.failure()->cause());
}

TEST_CASE("an actor's method and constructor are named", "[core]") {
  mb::manual_runtime rt;
  auto const a = mb::make_actor<account>();
  auto const f = a.call<&account::withdraw>(5);
  unsigned const line = __LINE__ - 1;
  CHECK_THROWS_AS(mb::get(f), std::logic_error);
  CHECK(std::string(f.failure()->task()).find("account::withdraw") != std::string::npos);
  CHECK(f.failure()->submitted().line() == line);
  auto const b = mb::make_actor<unmakable>();
  auto const g = b.call<&unmakable::value>();
  CHECK_THROWS_AS(mb::get(g), std::runtime_error);
  REQUIRE(g.failure()->cause());
  CHECK(std::string(g.failure()->cause()->task()).find("unmakable (constructor)") != std::string::npos);
}

TEST_CASE("the coroutine's name is that of the remote call, not of what it awaited", "[core]") {
  mb::manual_runtime rt;
  auto const f =
      mb::remote([]() -> mb::task<int> { co_return co_await broken_coroutine(); }).options({.name = "outer"})();
  CHECK_THROWS_AS(mb::get(f), std::out_of_range);
  CHECK(f.failure()->task() == "outer");
  CHECK_FALSE(f.failure()->cause());
}

TEST_CASE("a failure that nobody has read is reported once, when its last future goes", "[core]") {
  unread seen;
  mb::manual_runtime rt(seen.options());
  {
    auto const f = mb::remote(broken)(1);
    auto const copy = f;
    rt.run_until_idle();
    CHECK(f.ready());
    CHECK(seen.messages.empty());
  }
  CHECK(seen.messages == std::vector<std::string>{"disk is full"});
  static_cast<void>(mb::remote(broken)(1));  // nobody even waits
  rt.run_until_idle();
  CHECK(seen.messages.size() == 2);
}

TEST_CASE("a failure that was read in any way is not reported", "[core]") {
  unread seen;
  mb::manual_runtime rt(seen.options());
  CHECK_THROWS_AS(mb::get(mb::remote(broken)(1)), std::runtime_error);
  {
    auto const asked = mb::remote(broken)(1);
    rt.run_until_idle();
    CHECK(asked.failure()->message() == "disk is full");
  }
  CHECK_THROWS_AS(mb::get(mb::remote(pass)(mb::remote(broken)(1))), std::runtime_error);  // it is the cause
  CHECK(seen.messages.empty());
}

TEST_CASE("of a chain that nobody has read only the end is reported", "[core]") {
  unread seen;
  mb::manual_runtime rt(seen.options());
  static_cast<void>(mb::remote(pass)(mb::remote(pass)(mb::remote(broken)(1))));
  rt.run_until_idle();
  CHECK(seen.messages.size() == 1);
}

TEST_CASE("tasks that are dropped at shutdown are no failures to report", "[core]") {
  unread seen;
  {
    mb::manual_runtime rt(seen.options());
    static_cast<void>(mb::remote(pass)(1));
    auto const f = mb::remote(pass)(2);
    rt.shutdown(mb::on_shutdown::drop);
    CHECK_THROWS_AS(mb::get(f), mb::cancelled);
  }
  CHECK(seen.messages.empty());
}

TEST_CASE("what a handler of failures throws is lost, and nothing else", "[core]") {
  mb::manual_runtime rt({.on_unread_failure = [](mb::failure const&) { throw 1; }});
  static_cast<void>(mb::remote(broken)(1));
  rt.run_until_idle();
  CHECK(mb::get(mb::remote(pass)(3)) == 3);
}

TEST_CASE("a failure outlives its future and its runtime", "[core]") {
  std::optional<mb::failure> why;
  {
    mb::manual_runtime rt;
    auto f = mb::remote(broken).options({.name = "load"})(1);
    rt.run_until_idle();
    why = f.failure();
  }
  CHECK(why->task() == "load");
  CHECK(why->message() == "disk is full");
}

TEST_CASE("an exception that is no std::exception is told by its type", "[core]") {
  mb::manual_runtime rt;
  auto const f = mb::remote([]() -> int { throw 5; })();
  rt.run_until_idle();
  CHECK(f.failure()->message() == "int");
}

TEST_CASE("a report has the beginning of a long message, and nothing that a terminal would obey") {
  mb::manual_runtime rt;
  auto const failure_of = [](std::string const& what, std::string const& name = "f") {
    auto const f = mb::remote([&what]() -> int { throw std::runtime_error(what); }).options({.name = name})();
    static_cast<void>(mb::wait(std::vector{f}));
    return *f.failure();
  };
  std::string const start = "mobula: task 'f' failed: std::runtime_error: ";
  std::string const endless(5'000'000, 'x');
  mb::failure const longest = failure_of(endless);
  CHECK(longest.message() == endless);
  CHECK(longest.report().starts_with(start + std::string(1000, 'x') + "... (5,000,000 bytes in all)\n  submitted at"));
  CHECK(failure_of(std::string(1000, 'x')).report().starts_with(start + std::string(1000, 'x') + "\n  submitted at"));
  std::string const umlauts = std::string(999, 'x') + "\u00e4\u00e4";  // cut before a character, not within
  CHECK(failure_of(umlauts).report().starts_with(start + std::string(999, 'x') + "... (1,003 bytes in all)\n"));
  CHECK(failure_of("\x1b[2Jred\x07\tas\r\nblood\x7f\u009b31m \u00e4")
            .report()
            .starts_with(start + "\\x1b[2Jred\\x07\tas\\x0d\nblood\\x7f\\xc2\\x9b31m \u00e4\n"));
  CHECK(failure_of("", "\x1b[2J").report().starts_with("mobula: task '\\x1b[2J' failed: std::runtime_error\n"));
}
