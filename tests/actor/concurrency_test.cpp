#include "mobula/actor/concurrency.hpp"

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "mobula/mobula.hpp"
#include "support/catch.hpp"

namespace mb = mobula;
using namespace std::chrono_literals;

namespace {

// Notes what runs when: a letter when a call begins and the capital when it ends; and how many do at the same time.
class stage {
 public:
  explicit stage(std::string& log) : log_(log) {}
  mb::task<> slow(char c) {
    begin(c);
    co_await mb::sleep_for(1s);
    end(c);
  }
  void blocking(char c) {
    begin(c);
    mb::get(mb::sleep_for(1s));
    end(c);
  }
  void quick(char c) { log_ += c; }
  mb::task<int> wait_for(mb::future<int> f) { co_return co_await f; }
  mb::task<> together(char c) {
    begin(c);
    co_await mb::when_all(child(), child());
    end(c);
  }
  mb::task<> poll_until_set() {
    while (!set_) co_await mb::yield();
    log_ += '!';
  }
  void set() { set_ = true; }

  static inline int most = 0;
  static inline int overlaps = 0;

 private:
  void begin(char c) {
    log_ += c;
    most = std::max(most, ++running_);
  }
  void end(char c) {
    --running_;
    log_ += static_cast<char>(c - 'a' + 'A');
  }
  mb::task<> child() {
    for (int i = 0; i < 3; ++i) {
      if (inside_++ != 0) ++overlaps;
      --inside_;
      co_await mb::yield();
    }
  }

  std::string& log_;
  int running_ = 0;
  int inside_ = 0;
  bool set_ = false;
};

template <class F>
void with_seeds(F f) {
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    mb::manual_runtime rt({.seed = seed});
    std::string log;
    f(rt, log);
  }
}

}  // namespace

TEST_CASE("while a reentrant call waits, others have their turn, and it goes on between them", "[actor]") {
  with_seeds([](mb::manual_runtime& rt, std::string& log) {
    auto const a = mb::make_actor<stage>.options({.concurrency = mb::reentrant})(std::ref(log));
    auto const one = a.call<&stage::slow>('a');
    auto const two = a.call<&stage::blocking>('b');
    a.post<&stage::quick>('x');
    rt.run_until_idle();
    CHECK(log == "abx");
    rt.advance(1s);
    CHECK((log == "abxAB" || log == "abxBA"));
    CHECK(one.ready());
    CHECK(two.ready());
  });
}

TEST_CASE("one method may be reentrant among serial ones, which hold the actor", "[actor]") {
  with_seeds([](mb::manual_runtime& rt, std::string& log) {
    auto const a = mb::make_actor<stage>.options(
        {.methods = {{.method = mb::method<&stage::slow>, .concurrency = mb::reentrant}}})(std::ref(log));
    auto const one = a.call<&stage::slow>('a');
    a.post<&stage::quick>('x');
    auto const two = a.call<&stage::blocking>('b');
    a.post<&stage::quick>('y');
    rt.run_until_idle();
    CHECK(log == "axb");
    rt.advance(1s);
    CHECK(log.substr(0, 3) == "axb");
    CHECK(log.find('B') < log.find('y'));
    CHECK(log.find('B') < log.find('A'));  // it goes on when the serial one is over
    CHECK(log.size() == 6);
  });
}

TEST_CASE("a reentrant call that waits in a loop for what another call does gets it", "[actor]") {
  with_seeds([](mb::manual_runtime& rt, std::string& log) {
    auto const a = mb::make_actor<stage>.options({.concurrency = mb::reentrant})(std::ref(log));
    auto const waits = a.call<&stage::poll_until_set>();
    for (int i = 0; i < 20; ++i) a.post<&stage::quick>('.');
    a.post<&stage::set>();
    mb::get(waits);
    CHECK(log.find('!') != std::string::npos);
    static_cast<void>(rt);
  });
}

TEST_CASE("children of a reentrant call take turns, also with other calls", "[actor]") {
  with_seeds([](mb::manual_runtime& rt, std::string& log) {
    stage::overlaps = 0;
    auto const a = mb::make_actor<stage>.options({.concurrency = mb::reentrant})(std::ref(log));
    auto const both = std::vector{a.call<&stage::together>('a'), a.call<&stage::together>('b')};
    mb::get(both);
    CHECK(stage::overlaps == 0);
    CHECK(log.size() == 4);
    static_cast<void>(rt);
  });
}

TEST_CASE("up to n calls run at the same time, and the next begin as they end", "[actor]") {
  with_seeds([](mb::manual_runtime& rt, std::string& log) {
    stage::most = 0;
    auto const a = mb::make_actor<stage>.options({.concurrency = mb::parallel(3)})(std::ref(log));
    std::vector<mb::future<void>> all;
    for (char c = 'a'; c < 'k'; ++c) all.push_back(c % 2 == 0 ? a.call<&stage::slow>(c) : a.call<&stage::blocking>(c));
    rt.run_until_idle();
    CHECK(log.size() == 3);
    rt.advance(1s);
    CHECK(log.size() == 9);
    rt.advance(1s);
    rt.advance(1s);
    rt.advance(1s);
    CHECK(log.size() == 20);
    CHECK(stage::most == 3);
    mb::get(all);
  });
}

TEST_CASE("groups are handled beside each other and beside the rest, each in order up to its limit", "[actor]") {
  with_seeds([](mb::manual_runtime& rt, std::string& log) {
    auto const a = mb::make_actor<stage>.options(
        {.concurrency_groups = {{"io", 2}, {"one", 1}},
         .methods = {{.method = mb::method<&stage::slow>, .concurrency_group = "io"}}})(std::ref(log));
    for (char c = 'a'; c < 'd'; ++c) a.post<&stage::slow>(c);
    a.post<&stage::blocking>('m');
    a.options({.concurrency_group = "one"}).post<&stage::blocking>('x');
    a.options({.concurrency_group = "one"}).post<&stage::quick>('y');
    rt.run_until_idle();
    CHECK(log.size() == 4);
    CHECK(log.find('c') == std::string::npos);
    CHECK(log.find('y') == std::string::npos);
    rt.advance(1s);
    rt.advance(1s);
    CHECK(log.find('X') < log.find('y'));
    CHECK(log.size() == 11);
  });
}

TEST_CASE("an actor with groups and suspended calls ends when all is over, its destructor last", "[actor]") {
  struct watched : stage {
    watched(std::string& log, std::string& l) : stage(log), log_(l) {}
    watched(watched const&) = delete;
    ~watched() { log_ += ')'; }
    std::string& log_;
  };
  with_seeds([](mb::manual_runtime& rt, std::string& log) {
    {
      auto const a = mb::make_actor<watched>.options({.concurrency = mb::reentrant, .concurrency_groups = {{"io", 2}}})(
          std::ref(log), std::ref(log));
      a.post<&watched::slow>('a');
      a.options({.concurrency_group = "io"}).post<&watched::slow>('b');
      a.options({.concurrency_group = "io"}).post<&watched::blocking>('c');
      a.options({.concurrency_group = "io"}).post<&watched::blocking>('d');
    }
    rt.run_until_idle();
    rt.advance(1s);
    CHECK(log.size() < 9);
    rt.advance(1s);
    CHECK(log.size() == 9);
    CHECK(log.back() == ')');
  });
}

TEST_CASE("a call of high priority comes before those that wait", "[actor]") {
  with_seeds([](mb::manual_runtime& rt, std::string& log) {
    auto const a = mb::make_actor<stage>(std::ref(log));
    a.post<&stage::blocking>('a');
    rt.run_until_idle();
    a.post<&stage::quick>('x');
    a.options({.high_priority = true}).post<&stage::quick>('y');
    a.options({.high_priority = true}).post<&stage::quick>('z');
    rt.advance(1s);
    CHECK(log == "aAyzx");
  });
}

TEST_CASE("of 16 urgent calls in a row one other is handled", "[actor]") {
  struct recorder {
    void urgent() { log += 'u'; }
    void other() { log += 'o'; }
    std::string log;
  };
  // How long each run of urgent calls is before another call.
  auto const runs = [](std::string const& log) {
    std::vector<int> lengths(1);
    for (char const c : log)
      if (c == 'u')
        ++lengths.back();
      else
        lengths.push_back(0);
    return lengths;
  };
  mb::manual_runtime rt;
  auto const a = mb::make_actor<recorder>();
  rt.run_until_idle();  // its constructor counts as urgent
  for (int i = 0; i < 40; ++i) a.options({.high_priority = true}).post<&recorder::urgent>();
  for (int i = 0; i < 3; ++i) a.post<&recorder::other>();
  CHECK(runs(mb::get(a.call<&recorder::log>())) == std::vector{16, 16, 8, 0});
}

TEST_CASE("a call that comes while many urgent ones wait is handled after 16 of them", "[actor]") {
  struct recorder {
    void begin(mb::actor<recorder> const& self) { self.post<&recorder::other>(); }
    void urgent() { ++before; }
    void other() { found = before; }
    int before = 0, found = -1;
  };
  mb::manual_runtime rt;
  auto const a = mb::make_actor<recorder>();
  rt.run_until_idle();  // its constructor counts as urgent
  auto const urgent = a.options({.high_priority = true});
  urgent.post<&recorder::begin>(a);
  for (int i = 0; i < 100; ++i) urgent.post<&recorder::urgent>();
  rt.run_until_idle();
  CHECK(mb::get(a.call<&recorder::found>()) == 15);
}

TEST_CASE("settings that can't be are refused with words that help", "[actor]") {
  mb::manual_runtime rt;
  std::string log;
  using options = mb::actor_options<stage>;
  auto const why = [&](options const& o) -> std::string {
    try {
      static_cast<void>(mb::make_actor<stage>.options(o)(std::ref(log)));
    } catch (mb::error const& e) { return e.what(); }
    return {};
  };
  CHECK(why({.concurrency_groups = {{"io", 0}}}).find("limit of 0") != std::string::npos);
  CHECK(why({.concurrency_groups = {{"", 1}}}).find("needs a name") != std::string::npos);
  CHECK(why({.concurrency_groups = {{"io", 1}, {"io", 1}}}).find("two") != std::string::npos);
  CHECK(why({.concurrency_groups = {{"io", 1}},
             .methods = {{.method = mb::method<&stage::quick>, .concurrency_group = "oi"}}})
            .find("there are: io") != std::string::npos);
  CHECK(why({.methods = {{.method = {}, .concurrency = mb::reentrant}}}).find("method is missing") !=
        std::string::npos);
  CHECK_THROWS_AS(mb::parallel(0), mb::error);
  auto const a = mb::make_actor<stage>(std::ref(log));
  CHECK_THROWS_AS(a.options({.concurrency_group = "io"}), mb::error);
}

TEST_CASE("a call for a group that is not there is refused, and the actor goes on", "[actor]") {
  mb::manual_runtime rt;
  std::string log;
  auto const a = mb::make_actor<stage>.options({.concurrency_groups = {{"io", 1}}})(std::ref(log));
  CHECK_THROWS_WITH(a.options({.concurrency_group = "oi"}).call<&stage::quick>('1'), Catch::Contains("there are: io"));
  mb::get(a.options({.concurrency_group = "io"}).call<&stage::quick>('2'));
  mb::get(a.call<&stage::quick>('3'));
  CHECK(log == "23");
}
