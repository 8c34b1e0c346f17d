#include "mobula/actor/actor_died.hpp"

#include <algorithm>
#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "mobula/mobula.hpp"
#include "support/catch.hpp"

namespace mb = mobula;
using namespace std::chrono_literals;

namespace {

class worker {
 public:
  explicit worker(std::string& log) : log_(log) {}
  worker(worker const&) = delete;
  ~worker() { log_ += ')'; }
  int work(int n) {
    log_ += static_cast<char>('0' + n);
    return n;
  }
  mb::task<int> slow(int n) {
    log_ += static_cast<char>('0' + n);
    co_await mb::sleep_for(1s);
    co_return n;
  }
  int leave() {
    log_ += 'l';
    mb::exit_actor();
  }
  mb::task<> leave_later() {
    co_await mb::sleep_for(1s);
    mb::exit_actor();
  }
  void again(int n) {
    log_ += static_cast<char>('0' + n);
    if (n > 0) mb::current_actor<worker>().post<&worker::again>(n - 1);
  }
  mb::task<mb::actor<worker>> self_after_wait() {
    co_await mb::sleep_for(1s);
    co_return mb::current_actor<worker>();
  }
  mb::task<int> by_way_of_itself(int n) {
    co_await mb::sleep_for(1s);
    mb::actor<worker> const self = mb::current_actor<worker>();
    int const m = co_await self.call<&worker::work>(n);
    co_return m + co_await self.call<&worker::slow>(n + 1);
  }

 private:
  std::string& log_;
};

template <class F>
mb::end_reason reason_of(mb::future<F> const& f) {
  try {
    static_cast<void>(mb::get(f));
  } catch (mb::actor_died const& e) { return e.reason(); }
  FAIL("the call was handled");
  return {};
}

template <class F>
void with_seeds(F f) {
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    mb::manual_runtime rt({.seed = seed});
    std::string log;
    f(rt, log);
  }
}

}  // namespace

TEST_CASE("stop handles what was sent before, and what comes after ends with actor_died", "[actor]") {
  with_seeds([](mb::manual_runtime& rt, std::string& log) {
    auto const a = mb::make_actor<worker>(std::ref(log));
    auto const one = a.call<&worker::slow>(1);
    auto const two = a.call<&worker::work>(2);
    a.stop();
    a.stop();
    auto const three = a.call<&worker::work>(3);
    rt.run_until_idle();
    rt.advance(1s);
    CHECK(log == "12)");
    CHECK(mb::get(one) == 1);
    CHECK(mb::get(two) == 2);
    CHECK(reason_of(three) == mb::end_reason::stopped);
    CHECK(reason_of(a.call<&worker::work>(4)) == mb::end_reason::stopped);
  });
}

TEST_CASE("kill ends what waits; what runs ends by itself before the destructor", "[actor]") {
  with_seeds([](mb::manual_runtime& rt, std::string& log) {
    auto const a = mb::make_actor<worker>(std::ref(log));
    auto const one = a.call<&worker::slow>(1);
    auto const two = a.call<&worker::work>(2);
    rt.run_until_idle();
    a.kill();
    a.kill();
    auto const three = a.call<&worker::work>(3);
    rt.run_until_idle();
    CHECK(log == "1");
    rt.advance(1s);
    CHECK(log == "1)");
    CHECK(mb::get(one) == 1);
    CHECK(reason_of(two) == mb::end_reason::killed);
    CHECK(reason_of(three) == mb::end_reason::killed);
  });
}

TEST_CASE("kill of an actor with groups and suspended calls waits for those that run", "[actor]") {
  with_seeds([](mb::manual_runtime& rt, std::string& log) {
    auto const a = mb::make_actor<worker>.options({.concurrency = mb::reentrant, .concurrency_groups = {{"io", 1}}})(
        std::ref(log));
    auto const one = a.call<&worker::slow>(1);
    auto const two = a.options({.concurrency_group = "io"}).call<&worker::slow>(2);
    auto const three = a.options({.concurrency_group = "io"}).call<&worker::slow>(3);
    rt.run_until_idle();
    a.kill();
    rt.run_until_idle();
    auto const four = a.call<&worker::work>(4);
    rt.run_until_idle();
    CHECK(log.size() == 2);
    rt.advance(1s);
    CHECK(log.size() == 3);
    CHECK(log.back() == ')');
    CHECK(mb::get(one) == 1);
    CHECK(mb::get(two) == 2);
    CHECK(reason_of(three) == mb::end_reason::killed);
    CHECK(reason_of(four) == mb::end_reason::killed);
  });
}

TEST_CASE("exit_actor ends the method, its call and those that wait", "[actor]") {
  with_seeds([](mb::manual_runtime& rt, std::string& log) {
    auto const a = mb::make_actor<worker>(std::ref(log));
    auto const one = a.call<&worker::work>(1);
    auto const leaves = a.call<&worker::leave>();
    auto const two = a.call<&worker::work>(2);
    rt.run_until_idle();
    CHECK(log == "1l)");
    CHECK(mb::get(one) == 1);
    CHECK(reason_of(leaves) == mb::end_reason::exited);
    CHECK(reason_of(two) == mb::end_reason::exited);
    auto const b = mb::make_actor<worker>(std::ref(log));
    auto const later = b.call<&worker::leave_later>();
    rt.run_until_idle();
    rt.advance(1s);
    CHECK(reason_of(later) == mb::end_reason::exited);
  });
}

TEST_CASE("who is told to end, or ends itself, is not restarted", "[actor]") {
  with_seeds([](mb::manual_runtime& rt, std::string& log) {
    auto const make =
        mb::make_actor<worker>.options({.max_restarts = -1, .dies_on = mb::dies_on_any(), .max_task_retries = -1});
    auto const killed = make(std::ref(log)), stopped = make(std::ref(log)), left = make(std::ref(log));
    killed.kill();
    stopped.stop();
    CHECK(reason_of(left.call<&worker::leave>()) == mb::end_reason::exited);
    CHECK(reason_of(killed.call<&worker::work>(1)) == mb::end_reason::killed);
    CHECK(reason_of(stopped.call<&worker::work>(2)) == mb::end_reason::stopped);
    rt.run_until_idle();
    CHECK(std::count(log.begin(), log.end(), ')') == 2);  // of two first lives; the one that was killed had none
    CHECK(log.size() == 3);
  });
}

TEST_CASE("an actor may call itself, and lives until those calls are handled", "[actor]") {
  with_seeds([](mb::manual_runtime& rt, std::string& log) {
    mb::make_actor<worker>(std::ref(log)).post<&worker::again>(5);
    rt.run_until_idle();
    CHECK(log == "543210)");
  });
}

TEST_CASE("a handle that a method makes after the last one is gone keeps the actor", "[actor]") {
  with_seeds([](mb::manual_runtime& rt, std::string& log) {
    mb::future<mb::actor<worker>> self;
    {
      auto const a = mb::make_actor<worker>(std::ref(log));
      self = a.call<&worker::self_after_wait>();
    }
    rt.run_until_idle();
    rt.advance(1s);
    {
      mb::actor<worker> const a = mb::get(std::move(self));
      CHECK(mb::get(a.call<&worker::work>(7)) == 7);
      CHECK(log == "7");
    }
    rt.run_until_idle();
    CHECK(log == "7)");
  });
}

TEST_CASE("a call that lets others run may wait for them also when it alone keeps the actor", "[actor]") {
  for (mb::concurrency const c : {mb::reentrant, mb::parallel(2)})
    for (bool const all : {false, true})
      with_seeds([&](mb::manual_runtime& rt, std::string& log) {
        mb::actor_options<worker> o;
        if (all)
          o.concurrency = c;
        else
          o.methods = {{mb::method<&worker::by_way_of_itself>, c}};
        auto const f = mb::make_actor<worker>.options(o)(std::ref(log)).call<&worker::by_way_of_itself>(3);
        rt.advance(1s);
        rt.advance(1s);
        REQUIRE(f.ready());
        CHECK(mb::get(f) == 7);
        rt.run_until_idle();
        CHECK(log == "34)");
      });
}

TEST_CASE("current_actor and exit_actor say where they make sense", "[actor]") {
  mb::manual_runtime rt;
  CHECK_THROWS_AS(mb::current_actor<worker>(), mb::error);
  CHECK_THROWS_AS(mb::exit_actor(), mb::error);
  struct other {
    bool is_worker() {
      try {
        static_cast<void>(mb::current_actor<worker>());
      } catch (mb::error const& e) { return std::string(e.what()).find("other") == std::string::npos; }
      return true;
    }
  };
  CHECK_FALSE(mb::get(mb::make_actor<other>().call<&other::is_worker>()));
}

TEST_CASE("what is urgent comes after the constructor too", "[actor]") {
  with_seeds([](mb::manual_runtime& rt, std::string& log) {
    {
      auto const a = mb::make_actor<worker>(std::ref(log));
      auto const two = a.call<&worker::work>(2);
      auto const one = a.options({.high_priority = true}).call<&worker::work>(1);
      CHECK(mb::get(one) == 1);
      CHECK(mb::get(two) == 2);
    }
    rt.run_until_idle();
    CHECK(log == "12)");
    log.clear();
    auto const b = mb::make_actor<worker>(mb::remote([&log] { return std::ref(log); })());
    b.kill();
    CHECK(reason_of(b.call<&worker::work>(1)) == mb::end_reason::killed);
    rt.run_until_idle();
    CHECK(log.empty());  // it was never constructed
  });
}

TEST_CASE("a failed constructor's error reaches every call, and stop and kill change nothing", "[actor]") {
  struct broken {
    broken() { throw std::logic_error("no"); }
    void f() {}
  };
  mb::manual_runtime rt;
  auto const a = mb::make_actor<broken>();
  CHECK_THROWS_AS(mb::get(a.call<&broken::f>()), std::logic_error);
  a.stop();
  a.kill();
  CHECK_THROWS_AS(mb::get(a.call<&broken::f>()), std::logic_error);
}

TEST_CASE("overloads, lambdas, const methods, futures of futures and posts", "[actor]") {
  struct thing {
    int add(int by) { return value += by; }
    int add() { return ++value; }
    int get() const { return value; }
    mb::future<int> later() {
      return mb::remote([this_value = value] { return this_value * 2; })();
    }
    void fail() { throw std::runtime_error("posted"); }
    int value = 0;
  };
  std::vector<std::string> reports;
  mb::manual_runtime rt({.on_unread_failure = [&](mb::failure const& f) { reports.push_back(f.message()); }});
  auto const a = mb::make_actor<thing>();
  a.post<mb::overload<int(int)>(&thing::add)>(5);
  CHECK(mb::get(a.call<mb::overload<int()>(&thing::add)>()) == 6);
  CHECK(mb::get(a.call<&thing::get>()) == 6);
  CHECK(mb::get(a.call([](thing& t, int by) { return t.value * by; }, 3)) == 18);
  CHECK(mb::get(a.call<&thing::later>()) == 12);
  a.post([](thing const& t) { return t.value; });
  a.post<&thing::fail>();
  rt.run_until_idle();
  CHECK(reports == std::vector<std::string>{"posted"});
}

TEST_CASE("an actor that keeps a handle of itself lives until it is ended", "[actor]") {
  struct keeper {
    explicit keeper(std::string& l) : log(l) {}
    keeper(keeper const&) = delete;
    ~keeper() { log += ')'; }
    void keep() { self = mb::current_actor<keeper>(); }
    std::string& log;
    std::optional<mb::actor<keeper>> self;
  };
  std::string log;
  mb::manual_runtime rt;
  std::optional<mb::actor<keeper>> a = mb::make_actor<keeper>(std::ref(log));
  mb::get(a->call<&keeper::keep>());
  mb::actor<keeper> const other = *a;
  a.reset();
  rt.run_until_idle();
  CHECK(log.empty());
  other.stop();
  rt.run_until_idle();
  CHECK(log == ")");
}
