#include <mobula/mobula.hpp>

#include "support/catch.hpp"

#include <algorithm>
#include <chrono>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace mb = mobula;
using namespace std::chrono_literals;

namespace {

// Writes down what it does.
class recorder {
 public:
  explicit recorder(std::string& log) : log_(log) {}
  int put(int n) {
    log_ += static_cast<char>('0' + n);
    return n;
  }
  mb::task<int> slow(int n) {
    co_await mb::sleep_for(1s);
    co_return put(n);
  }
  int sum(int a, int b, int c, int d, int e) { return put(a + b + c + d + e); }
  void again(int n) {
    put(n);
    if (n > 0) mb::current_actor<recorder>().post<&recorder::again>(n - 1);
    if (n > 1) mb::current_actor<recorder>().post<&recorder::again>(0);
  }
  mb::task<> again_later(int n) {
    put(n);
    if (n == 0) co_return;
    auto const me = mb::current_actor<recorder>();
    co_await me.async_post<&recorder::again_later>(0);
    co_await me.async_post<&recorder::again_later>(n - 1);
  }
  mb::task<std::string> ask_itself() {
    auto const me = mb::current_actor<recorder>();
    co_await me.async_post<&recorder::put>(1);
    try {
      co_await me.async_post<&recorder::put>(2);
    } catch (mb::deadlock_error const& e) { co_return e.what(); }
    co_return "";
  }
  // Is given a place only when the one that runs now has ended, unless somebody else has it.
  void post_through(mb::actor<recorder> other) { other.post<&recorder::put>(9); }
  mb::task<> wait_for_post(mb::actor<recorder> helper) {
    co_await mb::sleep_for(1s);
    co_await helper.call<&recorder::post_through>(mb::current_actor<recorder>());
  }

 private:
  std::string& log_;
};

template <class F>
void with_seeds(F f) {
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    mb::manual_runtime rt({.seed = seed});
    std::string log;
    f(rt, log);
  }
}

template <class F>
mb::end_reason reason_of(mb::future<F> const& f) {
  try {
    static_cast<void>(mb::get(f));
  } catch (mb::actor_died const& e) { return e.reason(); }
  FAIL("the call was handled");
  return {};
}

}  // namespace

TEST_CASE("try_call and try_post send as long as there is room, and tell", "[actor]") {
  with_seeds([](mb::manual_runtime& rt, std::string& log) {
    auto const a = mb::make_actor<recorder>.options({.mailbox = 3})(std::ref(log));
    auto const one = a.try_call<&recorder::put>(1);
    REQUIRE(one);
    REQUIRE(a.try_post<&recorder::put>(2));
    REQUIRE(a.try_post([](recorder& r) { r.put(3); }));
    CHECK_FALSE(a.try_call<&recorder::put>(4));
    CHECK_FALSE(a.try_call([](recorder& r, int n) { return r.put(n); }, 4));
    CHECK_FALSE(a.try_post<&recorder::put>(4));
    CHECK_FALSE(a.try_post([](recorder&) {}));
    CHECK_FALSE(a.options({.high_priority = true}).try_post<&recorder::put>(4));
    rt.run_until_idle();
    CHECK(mb::get(*one) == 1);
    CHECK(mb::get(*a.try_call<&recorder::sum>(1, 1, 1, 1, 1)) == 5);
    CHECK(log == "1235");
  });
}

TEST_CASE("without a limit there is always room", "[actor]") {
  with_seeds([](mb::manual_runtime& rt, std::string& log) {
    auto const a = mb::make_actor<recorder>(std::ref(log));
    for (int i = 0; i < 100; ++i) REQUIRE(a.try_post<&recorder::put>(1));
    REQUIRE(a.try_call<&recorder::put>(2));
    auto const f = mb::remote([](mb::actor<recorder> b) -> mb::task<int> {
      co_await b.async_post<&recorder::put>(3);
      co_return co_await co_await b.async_call<&recorder::sum>(0, 1, 1, 1, 1);
    })(a);
    rt.run_until_idle();
    CHECK(mb::get(f) == 4);
    CHECK(log.substr(100) == "234");
  });
}

TEST_CASE("arguments of a call that finds no room are left as they were", "[actor]") {
  with_seeds([](mb::manual_runtime&, std::string& log) {
    auto const a = mb::make_actor<recorder>.options({.mailbox = 1})(std::ref(log));
    auto take = [](recorder& r, std::unique_ptr<int> n) { r.put(*n); };
    auto n = std::make_unique<int>(7);
    a.post<&recorder::put>(1);
    CHECK_FALSE(a.try_post(take, std::move(n)));
    REQUIRE(n != nullptr);
    mb::get(a.call(take, std::move(n)));
    CHECK(log == "17");
  });
}

TEST_CASE("what runs takes no place, what waits does", "[actor]") {
  with_seeds([](mb::manual_runtime& rt, std::string& log) {
    auto const a = mb::make_actor<recorder>.options({.mailbox = 1})(std::ref(log));
    auto const runs = a.call<&recorder::slow>(1);
    rt.run_until_idle();
    auto const waits = a.try_call<&recorder::slow>(2);
    REQUIRE(waits);
    CHECK_FALSE(a.try_post<&recorder::put>(3));
    rt.advance(1s);
    REQUIRE(a.try_post<&recorder::put>(3));
    rt.advance(1s);
    CHECK(log == "123");
  });
}

TEST_CASE("the groups of an actor share its mailbox, and a call that waits for an argument is in it", "[actor]") {
  with_seeds([](mb::manual_runtime& rt, std::string& log) {
    auto const a = mb::make_actor<recorder>.options({.concurrency_groups = {{"io", 2}}, .mailbox = 2})(std::ref(log));
    mb::promise<int> p;
    auto const io = a.options({.concurrency_group = "io"});
    auto const one = io.call<&recorder::put>(p.get_future());
    auto const two = a.call<&recorder::put>(2);  // behind the one before
    rt.run_until_idle();
    CHECK_FALSE(a.try_post<&recorder::put>(3));
    CHECK_FALSE(io.try_post<&recorder::put>(3));
    p.set_value(1);
    rt.run_until_idle();
    CHECK(io.try_post<&recorder::put>(3));
    rt.run_until_idle();
    std::sort(log.begin(), log.begin() + 2);
    CHECK(log == "123");
  });
}

TEST_CASE("a thread, plain tasks and coroutines wait for room, and each caller's calls stay in order", "[actor]") {
  with_seeds([](mb::manual_runtime& rt, std::string& log) {
    auto const a = mb::make_actor<recorder>.options({.mailbox = 2})(std::ref(log));
    auto const plain = mb::remote([](mb::actor<recorder> b) {
      for (int i = 0; i < 3; ++i) b.post<&recorder::put>(i);
      return mb::get(b.call<&recorder::put>(3));
    })(a);
    auto const coroutine = mb::remote([](mb::actor<recorder> b) -> mb::task<int> {
      for (int i = 4; i < 6; ++i) co_await b.async_post([](recorder& r, int n) { r.put(n); }, i);
      mb::future<int> f = co_await b.async_call<&recorder::slow>(6);
      co_return co_await f;
    })(a);
    a.post<&recorder::slow>(7);
    a.post<&recorder::put>(8);
    CHECK(mb::get(a.call<&recorder::put>(9)) == 9);
    CHECK(mb::get(plain) == 3);
    CHECK(mb::get(coroutine) == 6);
    rt.run_until_idle();
    CHECK(log.size() == 10);
    for (std::string const mine : {"0123", "456", "789"}) {
      std::string of_it;
      for (char c : log)
        if (mine.find(c) != std::string::npos) of_it += c;
      CHECK(of_it == mine);
    }
  });
}

TEST_CASE("who waits for room gets in first come first served", "[actor]") {
  with_seeds([](mb::manual_runtime& rt, std::string& log) {
    auto const a = mb::make_actor<recorder>.options({.mailbox = 1})(std::ref(log));
    a.post<&recorder::slow>(0);
    rt.run_until_idle();
    a.post<&recorder::put>(1);
    std::vector<mb::future<void>> all;
    for (int i = 2; i < 7; ++i) {
      all.push_back(mb::remote([](mb::actor<recorder> b, int n) -> mb::task<> {
        if (n % 2 == 0)
          co_await b.async_post<&recorder::put>(n);
        else
          b.post<&recorder::put>(n);
      })(a, i));
      rt.run_until_idle();
    }
    CHECK_FALSE(a.try_post<&recorder::put>(9));
    mb::get(all);
    rt.run_until_idle();
    CHECK(log == "0123456");
  });
}

TEST_CASE("waiting for room may have a time limit, and then nothing is sent", "[actor]") {
  with_seeds([](mb::manual_runtime& rt, std::string& log) {
    auto const a = mb::make_actor<recorder>.options({.mailbox = 1})(std::ref(log));
    a.post<&recorder::slow>(1);
    rt.run_until_idle();
    a.post<&recorder::put>(2);
    CHECK_THROWS_AS(mb::get(a.async_post<&recorder::put>(3), 500ms), mb::timeout_error);
    auto const f = mb::get(a.async_call<&recorder::put>(4), 1s);
    CHECK(mb::get(f) == 4);
    CHECK(log == "124");
  });
}

TEST_CASE("with when_full::fail a call that finds no room throws, and names the actor and its limit", "[actor]") {
  with_seeds([](mb::manual_runtime& rt, std::string& log) {
    auto const a = mb::make_actor<recorder>.options({.mailbox = 2, .when_full = mb::when_full::fail})(std::ref(log));
    a.post<&recorder::put>(1);
    a.post<&recorder::put>(2);
    try {
      a.post<&recorder::put>(3);
      FAIL("it was sent");
    } catch (mb::mailbox_full const& e) {
      CHECK(e.limit() == 2);
      CHECK_THAT(e.what(), Catch::Contains("recorder") && Catch::Contains("2 calls"));
    }
    CHECK_THROWS_AS(a.call<&recorder::put>(3), mb::mailbox_full);
    CHECK_THROWS_AS(mb::get(a.async_call<&recorder::put>(3)), mb::mailbox_full);
    CHECK_FALSE(a.try_post<&recorder::put>(3));
    rt.run_until_idle();
    CHECK(mb::get(a.call<&recorder::put>(4)) == 4);
    CHECK(log == "124");
  });
}

TEST_CASE("a method that would wait for room in its own actor's mailbox is told what to do", "[actor]") {
  mb::failure_handler const quiet = [](mb::failure const&) {};
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    mb::manual_runtime rt({.seed = seed, .on_unread_failure = quiet});
    std::string log;
    auto const a = mb::make_actor<recorder>.options({.mailbox = 1})(std::ref(log));
    CHECK_THAT(mb::get(a.call<&recorder::ask_itself>()), Catch::Contains("its own methods") && Catch::Contains("try_"));
    CHECK_THROWS_AS(mb::get(a.call<&recorder::again>(2)), mb::deadlock_error);
    rt.run_until_idle();
    CHECK(log == "1210");
  }
}

TEST_CASE("a reentrant method may wait for room in its own actor's mailbox", "[actor]") {
  with_seeds([](mb::manual_runtime& rt, std::string& log) {
    auto const a = mb::make_actor<recorder>.options({.concurrency = mb::reentrant, .mailbox = 1})(std::ref(log));
    mb::get(a.call<&recorder::again_later>(4));
    mb::get(a.call<&recorder::again>(4));
    rt.run_until_idle();
    CHECK(std::count(log.begin(), log.end(), '0') == 9);
    CHECK(log.size() == 17);
  });
}

TEST_CASE("who waits for room in the mailbox of an actor that is ended gets actor_died", "[actor]") {
  with_seeds([](mb::manual_runtime& rt, std::string& log) {
    auto const a = mb::make_actor<recorder>.options({.mailbox = 1})(std::ref(log));
    auto const one = a.call<&recorder::slow>(1);
    rt.run_until_idle();
    auto const two = a.call<&recorder::put>(2);
    std::vector<mb::future<int>> others;
    for (int i = 3; i < 8; ++i)
      others.push_back(mb::remote([](mb::actor<recorder> b, int n) { return b.call<&recorder::put>(n); })(a, i));
    rt.run_until_idle();
    bool const kills = rt.seed() % 2 == 0;
    kills ? a.kill() : a.stop();
    rt.advance(1s);
    CHECK(mb::get(one) == 1);
    if (kills) {
      CHECK(log == "1");
      CHECK(reason_of(two) == mb::end_reason::killed);
    } else {
      CHECK(log == "12");
    }
    for (auto const& f : others) CHECK(reason_of(f) == (kills ? mb::end_reason::killed : mb::end_reason::stopped));
    CHECK(reason_of(a.call<&recorder::put>(8)) == (kills ? mb::end_reason::killed : mb::end_reason::stopped));
  });
}

TEST_CASE("an actor that waits for its calls to end lets in what these wait for", "[actor]") {
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    mb::manual_runtime rt({.seed = seed, .on_unread_failure = [](mb::failure const&) {}});
    std::string log;
    auto const a = mb::make_actor<recorder>.options(
        {.concurrency = seed % 2 == 0 ? mb::reentrant : mb::parallel(1), .mailbox = 1})(std::ref(log));
    auto const helper = mb::make_actor<recorder>(std::ref(log));
    auto const waits = a.call<&recorder::wait_for_post>(helper);
    rt.run_until_idle();
    a.kill();
    a.post<&recorder::put>(5);  // takes the only place
    rt.run_until_idle();
    CHECK(a.try_post<&recorder::put>(6));
    rt.advance(1s);
    mb::get(waits);
    rt.run_until_idle();
    CHECK(rt.pending().unfinished == 0);
    CHECK(log.empty());
    CHECK(reason_of(a.call<&recorder::put>(7)) == mb::end_reason::killed);
  }
}

TEST_CASE("the constructor takes no place, also if it fails or waits", "[actor]") {
  with_seeds([](mb::manual_runtime& rt, std::string& log) {
    auto const a = mb::make_actor<recorder>.options({.mailbox = 1})(
        mb::remote([&log]() -> mb::task<std::reference_wrapper<std::string>> {
          co_await mb::sleep_for(1s);
          co_return log;
        })());
    REQUIRE(a.try_post<&recorder::put>(1));
    rt.run_until_idle();
    CHECK_FALSE(a.try_post<&recorder::put>(2));
    rt.advance(1s);
    REQUIRE(a.try_post<&recorder::put>(2));
    CHECK_FALSE(a.try_post<&recorder::put>(3));
    rt.run_until_idle();
    CHECK(log == "12");
  });
}

TEST_CASE("a call that can't be made leaves its place", "[actor]") {
  struct fails_to_copy {
    fails_to_copy() = default;
    fails_to_copy(fails_to_copy const&) { throw std::runtime_error("no copy"); }
  };
  with_seeds([](mb::manual_runtime&, std::string& log) {
    auto const a = mb::make_actor<recorder>.options({.mailbox = 1})(std::ref(log));
    fails_to_copy const x;
    for (int i = 0; i < 3; ++i) {
      CHECK_THROWS_WITH(a.post([](recorder&, fails_to_copy const&) {}, x), "no copy");
      CHECK_THROWS_WITH(a.try_post([](recorder&, fails_to_copy const&) {}, x), "no copy");
    }
    CHECK(a.try_post<&recorder::put>(1));
  });
}

TEST_CASE("shutdown ends those who wait for room", "[actor]") {
  for (mb::on_shutdown const how : {mb::on_shutdown::drain, mb::on_shutdown::drop})
    for (std::uint64_t seed = 0; seed < 40; ++seed) {
      std::string log;
      std::vector<mb::future<int>> all;
      {
        mb::manual_runtime rt({.seed = seed});
        auto const a = mb::make_actor<recorder>.options({.mailbox = 1})(std::ref(log));
        for (int i = 0; i < 5; ++i)
          all.push_back(mb::remote([](mb::actor<recorder> b, int n) -> mb::task<int> {
            if (n % 2 == 0) co_return co_await b.call<&recorder::slow>(n);
            co_return co_await co_await b.async_call<&recorder::slow>(n);
          })(a, i));
        if (seed % 3 != 0) rt.run_until_idle();
        rt.shutdown(how);
        CHECK(rt.pending().unfinished == 0);
        CHECK_THROWS_AS(a.call<&recorder::put>(1), mb::no_runtime);
        CHECK_THROWS_AS(a.try_call<&recorder::put>(1), mb::no_runtime);
        CHECK_THROWS_AS(mb::get(a.async_call<&recorder::put>(1)), mb::no_runtime);
      }
      for (auto const& f : all) {
        if (how == mb::on_shutdown::drop)
          CHECK_THROWS_AS(mb::get(f), mb::cancelled);
        else
          CHECK_NOTHROW(mb::get(f));
      }
      CHECK(log.size() == (how == mb::on_shutdown::drop ? 0 : 5));
    }
}

TEST_CASE("limits of mailboxes that make no sense are refused", "[actor]") {
  mb::manual_runtime const rt;
  std::string log;
  CHECK_THROWS_WITH(mb::make_actor<recorder>.options({.mailbox = -1})(std::ref(log)), Catch::Contains("mailbox is -1"));
  CHECK_THROWS_WITH(mb::make_actor<recorder>.options({.when_full = mb::when_full::fail})(std::ref(log)),
                    Catch::Contains("set mailbox too"));
}
