#include <mobula/mobula.hpp>

#include "support/catch.hpp"

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace mb = mobula;
using namespace std::chrono_literals;

namespace {

class keeper {
 public:
  explicit keeper(std::string& log, int n = 0) : log_(log), n_(n) { log_ += '('; }
  keeper(keeper const&) = delete;
  ~keeper() { log_ += ')'; }
  int number() const { return n_; }
  mb::task<int> slow() {
    co_await mb::sleep_for(1s);
    log_ += 's';
    co_return n_;
  }
  void leave() { mb::exit_actor(); }
  mb::actor<keeper> self() { return mb::current_actor<keeper>(); }

 private:
  std::string& log_;
  int n_;
};

struct other {
  explicit other(std::string&) {}
};

struct fails {
  explicit fails(bool really) {
    if (really) throw std::domain_error("no");
  }
  int one() const { return 1; }
};

template <class F>
void with_seeds(F f) {
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    mb::manual_runtime rt({.seed = seed, .on_unread_failure = [](mb::failure const&) {}});
    std::string log;
    f(rt, log);
  }
}

auto named(char const* name) { return mb::actor_options<keeper>{.name = name}; }

}  // namespace

TEST_CASE("an actor is found by its name, also by tasks, before it is constructed too", "[actor]") {
  with_seeds([](mb::manual_runtime&, std::string& log) {
    auto const a = mb::make_actor<keeper>.options({.name = "k"})(std::ref(log), 7);
    auto const b = mb::get_actor<keeper>("k");
    CHECK(a == b);
    CHECK(mb::get(b.call<&keeper::number>()) == 7);
    CHECK(mb::get(mb::remote([] { return mb::get(mb::get_actor<keeper>("k").call<&keeper::number>()); })()) == 7);
    CHECK(log == "(");
  });
}

TEST_CASE("names belong to a namespace and to a runtime", "[actor]") {
  std::string log;
  mb::manual_runtime const outer;
  auto const a = mb::make_actor<keeper>.options({.name = "k"})(std::ref(log), 1);
  auto const b = mb::make_actor<keeper>.options({.name = "k", .name_space = "n"})(std::ref(log), 2);
  CHECK(mb::get_actor<keeper>("k") == a);
  CHECK(mb::get_actor<keeper>("k", "n") == b);
  CHECK_THROWS_AS(mb::get_actor<keeper>("k", "m"), mb::actor_not_found);
  {
    mb::manual_runtime const inner;
    CHECK_THROWS_AS(mb::get_actor<keeper>("k"), mb::actor_not_found);
    auto const c = mb::make_actor<keeper>.options({.name = "k"})(std::ref(log), 3);
    CHECK(mb::get_actor<keeper>("k") == c);
  }
  CHECK(mb::get_actor<keeper>("k") == a);
}

TEST_CASE("who asks for a name that is not there is told what there is, the closest first", "[actor]") {
  std::string log;
  mb::manual_runtime const rt;
  CHECK_THROWS_WITH(mb::get_actor<keeper>("k"), Catch::Contains("no actor 'k'") && Catch::Contains("nor any other"));
  std::vector<mb::actor<keeper>> all;
  for (char const* const name : {"zebra", "alpha", "beta", "counter", "zoo", "yak", "xerus"})
    all.push_back(mb::make_actor<keeper>.options(named(name))(std::ref(log)));
  auto const elsewhere = mb::make_actor<keeper>.options({.name = "countess", .name_space = "n"})(std::ref(log));
  CHECK_THROWS_WITH(mb::get_actor<keeper>("couter"), Catch::Contains("there are: 'counter', ") &&
                                                         Catch::Contains("and 2 more") && !Catch::Contains("countess"));
  CHECK_THROWS_WITH(mb::get_actor<keeper>("x", "n"), Catch::Contains("in the namespace 'n'; there are: 'countess'"));
  CHECK(mb::list_named_actors("n") == std::vector<std::string>{"countess"});
  CHECK(mb::list_named_actors().front() == "alpha");
  CHECK(mb::list_named_actors().size() == 7);
}

TEST_CASE("an actor is found only by its own class, and errors name both", "[actor]") {
  std::string log;
  mb::manual_runtime const rt;
  auto const a = mb::make_actor<keeper>.options({.name = "k"})(std::ref(log));
  CHECK_THROWS_WITH(mb::get_actor<other>("k"),
                    Catch::Contains("'k'") && Catch::Contains("keeper") && Catch::Contains("other"));
  CHECK_THROWS_WITH(mb::make_actor<other>.options({.name = "k", .get_if_exists = true})(std::ref(log)),
                    Catch::Contains("'k'") && Catch::Contains("keeper") && Catch::Contains("other"));
}

TEST_CASE("a name is taken while its actor lives, and errors call the actor by it", "[actor]") {
  with_seeds([](mb::manual_runtime& rt, std::string& log) {
    auto const make = mb::make_actor<keeper>.options({.name = "k"});
    auto a = make(std::ref(log), 1);
    CHECK_THROWS_WITH(make(std::ref(log), 2), Catch::Contains("'k' already") && Catch::Contains("get_if_exists"));
    CHECK_THROWS_AS(make(mb::remote([&log] { return std::ref(log); })(), 2), mb::error);
    if (rt.seed() % 3 == 0) a.kill();
    if (rt.seed() % 3 == 1) a.stop();
    if (rt.seed() % 3 == 2) a.post<&keeper::leave>();
    rt.run_until_idle();
    CHECK_THROWS_WITH(mb::get(a.call<&keeper::number>()), Catch::Contains("'k' (") && Catch::Contains("keeper"));
    CHECK_THROWS_AS(mb::get_actor<keeper>("k"), mb::actor_not_found);
    auto const b = make(std::ref(log), 3);
    CHECK(mb::get(mb::get_actor<keeper>("k").call<&keeper::number>()) == 3);
    a = {};
    rt.run_until_idle();
    CHECK(mb::get_actor<keeper>("k") == b);
    CHECK(rt.pending().unfinished == 0);
  });
}

TEST_CASE("get_if_exists gives the one that is there, else makes one, and the arguments are not used", "[actor]") {
  with_seeds([](mb::manual_runtime&, std::string& log) {
    struct holder {
      explicit holder(std::unique_ptr<int> p) : n(*p) {}
      int value() const { return n; }
      int n;
    };
    auto const make = mb::make_actor<holder>.options({.name = "h", .get_if_exists = true});
    auto p = std::make_unique<int>(1);
    auto q = std::make_unique<int>(2);
    auto const a = make(std::move(p));
    auto const b = make(std::move(q));
    CHECK(a == b);
    CHECK(q != nullptr);
    CHECK(mb::get(b.call<&holder::value>()) == 1);
    static_cast<void>(log);
  });
}

TEST_CASE("an actor that get_if_exists finds stays as it was made, whatever other options say", "[actor]") {
  with_seeds([](mb::manual_runtime& rt, std::string& log) {
    auto const make = [&](mb::lifetime life) {
      return mb::make_actor<keeper>.options({.name = "k", .get_if_exists = true, .lifetime = life})(std::ref(log), 1);
    };
    auto a = make(mb::lifetime::handles);
    CHECK(a == make(mb::lifetime::detached));
    a = {};
    rt.run_until_idle();
    CHECK_THROWS_AS(mb::get_actor<keeper>("k"), mb::actor_not_found);
  });
}

TEST_CASE("the name of an actor whose constructor failed is free", "[actor]") {
  with_seeds([](mb::manual_runtime& rt, std::string&) {
    auto const make = mb::make_actor<fails>.options({.name = "f", .get_if_exists = true});
    auto const a = make(true);
    rt.run_until_idle();
    CHECK_THROWS_AS(mb::get(a.call<&fails::one>()), std::domain_error);
    auto const b = make(false);
    CHECK_FALSE(a == b);
    CHECK(mb::get(b.call<&fails::one>()) == 1);
  });
}

TEST_CASE("a name does not keep its actor, and is free when the last handle is gone", "[actor]") {
  with_seeds([](mb::manual_runtime& rt, std::string& log) {
    auto const make = mb::make_actor<keeper>.options({.name = "k"});
    auto const last = make(std::ref(log), 1).call<&keeper::slow>();
    CHECK_THROWS_AS(mb::get_actor<keeper>("k"), mb::actor_not_found);
    CHECK(mb::list_named_actors().empty());
    auto const b = make(std::ref(log), 2);
    rt.advance(1s);
    CHECK(mb::get(last) == 1);
    CHECK(log == "((s)");
    CHECK(mb::get_actor<keeper>("k") == b);
  });
}

TEST_CASE("an actor that a method gives a new handle to keeps its name, unless another has it now", "[actor]") {
  with_seeds([](mb::manual_runtime& rt, std::string& log) {
    auto const make = mb::make_actor<keeper>.options({.name = "k"});
    auto const self = make(std::ref(log), 1).call<&keeper::self>();
    if (rt.seed() % 2 == 0) {
      auto const a = mb::get(self);
      CHECK(mb::get_actor<keeper>("k") == a);
      CHECK_THROWS_AS(make(std::ref(log), 2), mb::error);
    } else {
      auto const b = make(std::ref(log), 2);
      CHECK(mb::get(mb::get(self).call<&keeper::number>()) == 1);
      CHECK(mb::get(mb::get_actor<keeper>("k").call<&keeper::number>()) == 2);
    }
  });
}

TEST_CASE("a detached actor lives without handles until it is ended", "[actor]") {
  with_seeds([](mb::manual_runtime& rt, std::string& log) {
    auto const make = mb::make_actor<keeper>.options({.name = "k", .lifetime = mb::lifetime::detached});
    static_cast<void>(make(std::ref(log), 5));
    rt.run_until_idle();
    CHECK(log == "(");
    CHECK(mb::get(mb::get_actor<keeper>("k").call<&keeper::number>()) == 5);
    if (rt.seed() % 3 == 0) mb::get_actor<keeper>("k").kill();
    if (rt.seed() % 3 == 1) mb::get_actor<keeper>("k").stop();
    if (rt.seed() % 3 == 2) mb::get_actor<keeper>("k").post<&keeper::leave>();
    rt.run_until_idle();
    CHECK(log == "()");
    CHECK_THROWS_AS(mb::get_actor<keeper>("k"), mb::actor_not_found);
    CHECK(rt.pending().unfinished == 0);
    static_cast<void>(make(std::ref(log), 6));
    CHECK(mb::get(mb::get_actor<keeper>("k").call<&keeper::number>()) == 6);
  });
}

TEST_CASE("at the end of their runtime detached actors finish what they have, and are destroyed", "[actor]") {
  for (mb::on_shutdown const how : {mb::on_shutdown::drain, mb::on_shutdown::drop})
    for (std::uint64_t seed = 0; seed < 40; ++seed) {
      std::string log;
      mb::future<int> f, g;
      {
        mb::manual_runtime rt({.seed = seed});
        auto const options = mb::actor_options<keeper>{.name = "k", .lifetime = mb::lifetime::detached};
        static_cast<void>(mb::make_actor<keeper>.options(options)(std::ref(log), 5));
        static_cast<void>(
            mb::make_actor<keeper>.options({.name = "l", .lifetime = mb::lifetime::detached})(std::ref(log), 6));
        rt.run_until_idle();
        f = mb::get_actor<keeper>("k").call<&keeper::slow>();
        g = mb::remote([]() -> mb::task<int> {  // still found while tasks run
          co_await mb::sleep_for(2s);
          co_return co_await mb::get_actor<keeper>("k").call<&keeper::number>();
        })();
        if (seed % 2 == 0) rt.run_until_idle();
        rt.shutdown(how);
        CHECK(rt.pending().unfinished == 0);
        CHECK(log == (how == mb::on_shutdown::drain ? "((s))" : "(())"));
      }
      if (how == mb::on_shutdown::drain) {
        CHECK(mb::get(f) == 5);
        CHECK(mb::get(g) == 5);
      } else {
        CHECK_THROWS_AS(mb::get(f), mb::cancelled);
        CHECK_THROWS_AS(mb::get(g), mb::cancelled);
      }
    }
}

TEST_CASE("a detached actor does not outlive its runtime by a handle, as others don't", "[actor]") {
  std::string log;
  {
    mb::actor<keeper> a;
    {
      mb::manual_runtime const rt;
      a = mb::make_actor<keeper>.options({.name = "k", .lifetime = mb::lifetime::detached})(std::ref(log));
    }
    CHECK(log == "()");
    CHECK_THROWS_AS(a.call<&keeper::number>(), mb::no_runtime);
  }
  CHECK(log == "()");
}

TEST_CASE("with threads, detached actors are destroyed on workers before the runtime has ended", "[actor]") {
  struct one {
    explicit one(std::atomic<int>& n) : destroyed(n) {}
    ~one() {
      destroyed += mb::get(mb::remote([] { return 1; })());
    }
    std::atomic<int>& destroyed;
  };
  for (int round = 0; round < 20; ++round) {
    std::atomic<int> destroyed{0};
    {
      mb::runtime const rt({.num_cpus = 2});
      for (int i = 0; i < 20; ++i)
        static_cast<void>(mb::make_actor<one>.options({.name = std::to_string(i), .lifetime = mb::lifetime::detached})(
            std::ref(destroyed)));
      if (round % 2 == 0) mb::get(mb::get_actor<one>("7").call([](one&) {}));
    }
    CHECK(destroyed == 20);
  }
}

TEST_CASE("what needs a name says so", "[actor]") {
  mb::manual_runtime const rt;
  std::string log;
  CHECK_THROWS_WITH(mb::make_actor<keeper>.options({.lifetime = mb::lifetime::detached})(std::ref(log)),
                    Catch::Contains("detached") && Catch::Contains("give it a name"));
  CHECK_THROWS_WITH(mb::make_actor<keeper>.options({.get_if_exists = true})(std::ref(log)), Catch::Contains("name"));
  CHECK_THROWS_WITH(mb::make_actor<keeper>.options({.name_space = "n"})(std::ref(log)), Catch::Contains("name"));
}
