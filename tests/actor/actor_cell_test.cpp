#include "mobula/actor/actor_cell.hpp"

#include <atomic>
#include <memory>
#include <stdexcept>
#include <utility>
#include <vector>

#include "mobula/mobula.hpp"
#include "support/catch.hpp"

namespace mb = mobula;
using namespace std::chrono_literals;

namespace {

mb::task<int> after(mb::detail::duration d, int x) {
  co_await mb::sleep_for(d);
  co_return x;
}

// What happens to it, in order: '(' made, a letter for a call, ')' destroyed.
class traced {
 public:
  explicit traced(std::string& log) : log_(log) { log_ += '('; }
  traced(traced const&) = delete;
  ~traced() { log_ += ')'; }
  void a() { log_ += 'a'; }
  void number(int x) { log_ += static_cast<char>('0' + x); }
  mb::task<> slow() {
    log_ += 's';
    co_await mb::sleep_for(1s);
    log_ += 'S';
  }
  void drop(std::vector<mb::actor<traced>>& handles) {
    handles.clear();
    log_ += 'd';
  }
  mb::task<> drop_slowly(std::vector<mb::actor<traced>>& handles) {
    handles.clear();
    log_ += 'd';
    co_await mb::sleep_for(1s);
    log_ += 'D';
  }
  mb::task<> keep(mb::actor<traced> self) {
    log_ += 'k';
    co_await mb::sleep_for(1s);
    self = {};
    log_ += 'K';
  }

 private:
  std::string& log_;
};

}  // namespace

TEST_CASE("an actor ends when its last handle is gone and its mailbox is empty, its destructor last", "[actor]") {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    mb::manual_runtime rt({.seed = seed});
    std::string log;
    {
      auto const a = mb::make_actor<traced>(std::ref(log));
      static_cast<void>(a.call<&traced::a>());
      static_cast<void>(a.call<&traced::slow>());
      static_cast<void>(a.call<&traced::a>());
      REQUIRE(log.empty());
    }
    rt.run_until_idle();
    REQUIRE(log == "(as");
    rt.advance(1s);
    REQUIRE(log == "(asSa)");
  }
}

TEST_CASE("an actor without calls is made and ended", "[actor]") {
  mb::manual_runtime rt;
  std::string log;
  static_cast<void>(mb::make_actor<traced>(std::ref(log)));
  rt.run_until_idle();
  CHECK(log == "()");
}

TEST_CASE("an idle actor lives as long as any handle, and ends on its runtime", "[actor]") {
  mb::manual_runtime rt;
  std::string log;
  auto a = mb::make_actor<traced>(std::ref(log));
  auto b = a;
  rt.run_until_idle();
  a = {};
  rt.run_until_idle();
  CHECK(log == "(");
  b = {};
  CHECK(log == "(");  // the destructor is the user's code: not in the thread that let go
  rt.run_until_idle();
  CHECK(log == "()");
}

TEST_CASE("a future of a result does not keep the actor", "[actor]") {
  mb::manual_runtime rt;
  std::string log;
  auto const f = mb::make_actor<traced>(std::ref(log)).call<&traced::a>();
  rt.run_until_idle();
  CHECK(log == "(a)");
  CHECK(f.ready());
}

TEST_CASE("calls that wait for dependencies keep the actor", "[actor]") {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    mb::manual_runtime rt({.seed = seed});
    std::string log;
    {
      auto const a = mb::make_actor<traced>(std::ref(log));
      static_cast<void>(a.call<&traced::number>(mb::remote(after)(2s, 1)));
      static_cast<void>(a.call<&traced::number>(mb::remote(after)(1s, 2)));
      static_cast<void>(a.call<&traced::a>());
    }
    rt.advance(1s);
    REQUIRE(log == "(");
    rt.advance(1s);
    REQUIRE(log == "(12a)");
  }
}

TEST_CASE("a method may drop the last handle of its own actor", "[actor]") {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    mb::manual_runtime rt({.seed = seed});
    std::string plain, coroutine, argument;
    std::vector<mb::actor<traced>> first, second;
    first.push_back(mb::make_actor<traced>(std::ref(plain)));
    static_cast<void>(first[0].call<&traced::drop>(std::ref(first)));
    static_cast<void>(first[0].call<&traced::a>());
    second.push_back(mb::make_actor<traced>(std::ref(coroutine)));
    static_cast<void>(second[0].call<&traced::drop_slowly>(std::ref(second)));
    static_cast<void>(second[0].call<&traced::a>());
    auto third = mb::make_actor<traced>(std::ref(argument));
    static_cast<void>(third.call<&traced::keep>(third));
    third = {};
    rt.advance(1s);
    REQUIRE(plain == "(da)");
    REQUIRE(coroutine == "(dDa)");
    REQUIRE(argument == "(kK)");
  }
}

TEST_CASE("handles that are arguments of waiting calls keep their actors", "[actor]") {
  mb::manual_runtime rt;
  std::string log;
  auto const uses = [](mb::actor<traced> a, int x) { static_cast<void>(a.call<&traced::number>(x)); };
  static_cast<void>(mb::remote(uses)(mb::make_actor<traced>(std::ref(log)), mb::remote(after)(1s, 7)));
  rt.run_until_idle();
  CHECK(log == "(");
  rt.advance(1s);
  CHECK(log == "(7)");
}

TEST_CASE("an object whose constructor failed is not destroyed", "[actor]") {
  mb::manual_runtime rt;
  struct fails {
    explicit fails(int& n) : destroyed(n) { throw std::domain_error("no"); }
    ~fails() { ++destroyed; }
    int& destroyed;
  };
  int destroyed = 0;
  static_cast<void>(mb::make_actor<fails>(std::ref(destroyed)));
  rt.shutdown();
  CHECK(destroyed == 0);
}

TEST_CASE("draining handles every call and then the destructor", "[actor]") {
  std::string log;
  {
    mb::manual_runtime rt;
    auto const a = mb::make_actor<traced>(std::ref(log));
    static_cast<void>(a.call<&traced::slow>());
    static_cast<void>(a.call<&traced::number>(mb::remote(after)(5s, 5)));
  }
  CHECK(log == "(sS5)");
}

TEST_CASE("dropping ends the calls that have not begun with cancelled, and destroys the object", "[actor]") {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    mb::manual_runtime rt({.seed = seed});
    std::string log;
    {
      auto const a = mb::make_actor<traced>(std::ref(log));
      auto const begun = a.call<&traced::slow>();
      auto const queued = a.call<&traced::a>();
      auto const waiting = a.call<&traced::number>(mb::remote(after)(5s, 5));
      auto const behind = a.call<&traced::a>();
      rt.run_until_idle();
      rt.shutdown(mb::on_shutdown::drop);
      for (auto const& f : {begun, queued, waiting, behind}) REQUIRE_THROWS_AS(mb::get(f), mb::cancelled);
    }
    REQUIRE(log == "(s)");
  }
}

TEST_CASE("an actor that was dropped before it was made fails its calls with cancelled", "[actor]") {
  mb::manual_runtime rt;
  std::string log;
  auto const a = mb::make_actor<traced>(std::ref(log));
  auto const f = a.call<&traced::a>();
  rt.shutdown(mb::on_shutdown::drop);
  CHECK_THROWS_AS(mb::get(f), mb::cancelled);
  CHECK(log.empty());
}

TEST_CASE("a call after shutdown throws and says why, and the handle may outlive the runtime", "[actor]") {
  std::string log;
  mb::actor<traced> a;
  {
    mb::manual_runtime rt;
    a = mb::make_actor<traced>(std::ref(log));
    rt.shutdown();
    CHECK_THROWS_AS(a.call<&traced::a>(), mb::no_runtime);
    CHECK_THROWS_WITH(a.call<&traced::a>(), Catch::Contains("shut down"));
    CHECK_THROWS_AS(a.call<&traced::number>(mb::put(1)), mb::no_runtime);
  }
  CHECK_THROWS_AS(a.call<&traced::a>(), mb::no_runtime);
  CHECK(log == "()");
  a = {};
  CHECK(log == "()");
}

TEST_CASE("handles may outlive a runtime with threads", "[actor]") {
  std::string log;
  mb::actor<traced> a;
  {
    mb::runtime rt({.num_cpus = 2});
    a = mb::make_actor<traced>(std::ref(log));
    mb::get(a.call<&traced::a>());
  }
  CHECK_THROWS_AS(a.call<&traced::a>(), mb::no_runtime);
  CHECK(log == "(a)");
  a = {};
  CHECK(log == "(a)");
}

TEST_CASE("what an actor's destructor submits is run before its runtime ends", "[actor]") {
  struct last_will {
    explicit last_will(std::atomic<int>& n) : done(n) {}
    ~last_will() {
      for (int volatile spin = 0; spin < 1'000'000;) spin = spin + 1;  // time for the others to find nothing left
      static_cast<void>(mb::remote([&n = done] { ++n; })());
    }
    void nothing() {}
    std::atomic<int>& done;
  };
  std::atomic<int> done{0};
  for (int i = 0; i < 20; ++i) {
    mb::runtime rt({.num_cpus = 2});
    auto a = mb::make_actor<last_will>(std::ref(done));
    static_cast<void>(a.call<&last_will::nothing>());
    a = {};
  }
  CHECK(done == 20);
}

TEST_CASE("actors are made, called and dropped by many tasks at once", "[actor]") {
  mb::runtime rt({.num_cpus = 4});
  static std::atomic<int> living{0};
  struct counted {
    counted() { ++living; }
    ~counted() { --living; }
    int call(int x) { return x; }
    mb::task<int> coroutine(int x) {
      co_return co_await mb::remote([x] { return x; })();
    }
  };
  auto const uses = [](int n) -> mb::task<int> {
    auto const a = mb::make_actor<counted>();
    auto b = a;
    auto const f = b.call<&counted::call>(n);
    auto const g = a.call<&counted::coroutine>(mb::remote([n] { return n; })());
    b = {};
    co_return co_await f + co_await g;
  };
  std::vector<mb::future<int>> tasks;
  for (int i = 0; i < 1000; ++i) tasks.push_back(mb::remote(uses)(i));
  bool right = true;
  for (int i = 0; i < 1000; ++i) right &= mb::get(tasks[static_cast<std::size_t>(i)]) == 2 * i;
  CHECK(right);
  rt.shutdown();
  CHECK(living == 0);
}
