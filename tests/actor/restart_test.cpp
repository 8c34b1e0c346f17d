#include "mobula/actor/actor_lives.hpp"

#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "mobula/mobula.hpp"
#include "support/catch.hpp"

namespace mb = mobula;
using namespace std::chrono_literals;

namespace {

// What happens to it, in order: '(' made, a digit for a call, '!' for a crash, ')' destroyed.
class worker {
 public:
  explicit worker(std::string& log) : log_(log) { log_ += '('; }
  worker(worker const&) = delete;
  ~worker() { log_ += ')'; }
  int work(int n) {
    log_ += static_cast<char>('0' + n);
    return n;
  }
  void crash() {
    log_ += '!';
    throw std::runtime_error("crash");
  }
  void complain() {
    log_ += '?';
    throw std::invalid_argument("complaint");
  }
  // Crashes as often as said.
  int crash_first(int& times) {
    log_ += times > 0 ? '!' : 'x';
    if (times-- > 0) throw std::runtime_error("crash");
    return 7;
  }
  mb::task<int> crash_late(int& times) {
    co_await mb::sleep_for(1s);
    co_return crash_first(times);
  }
  mb::task<int> slow(int n) {
    log_ += static_cast<char>('0' + n);
    co_await mb::sleep_for(1s);
    co_return n;
  }
  int count() {
    mb::save_state(++n_);
    return n_;
  }
  void set(int n) { n_ = n; }
  int take(std::string& text, int& times) {
    std::string const mine = std::move(text);
    if (times-- > 0) throw std::runtime_error("crash");
    return static_cast<int>(mine.size());
  }

 private:
  std::string& log_;
  int n_ = 0;
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
    std::string log;
    mb::manual_runtime rt({.seed = seed});
    f(rt, log);
  }
}

}  // namespace

TEST_CASE("an exception of a method is a result, unless the actor dies on it", "[actor]") {
  with_seeds([](mb::manual_runtime&, std::string& log) {
    auto const a = mb::make_actor<worker>.options({.max_restarts = 1, .dies_on = mb::dies_on<std::runtime_error>()})(
        std::ref(log));
    auto const complaint = a.call<&worker::complain>();
    auto const one = a.call<&worker::work>(1);
    auto const crash = a.call<&worker::crash>();
    auto const two = a.call<&worker::work>(2);
    CHECK(mb::get(one) == 1);
    CHECK(mb::get(two) == 2);
    CHECK_THROWS_AS(mb::get(complaint), std::invalid_argument);
    CHECK_THROWS_AS(mb::get(crash), std::runtime_error);
    CHECK(log == "(?1!)(2");
  });
}

TEST_CASE("without dies_on no exception is a death", "[actor]") {
  std::string log;
  mb::manual_runtime const rt;
  auto const a = mb::make_actor<worker>.options({.max_restarts = 1})(std::ref(log));
  CHECK_THROWS_AS(mb::get(a.call<&worker::crash>()), std::runtime_error);
  CHECK(mb::get(a.call<&worker::work>(1)) == 1);
  CHECK(log == "(!1");
}

TEST_CASE("beyond max_restarts the actor dies, and calls tell of what", "[actor]") {
  with_seeds([](mb::manual_runtime& rt, std::string& log) {
    auto const a = mb::make_actor<worker>.options({.max_restarts = 2, .dies_on = mb::dies_on_any()})(std::ref(log));
    auto const end = mb::monitor(a);
    std::vector<mb::future<void>> crashes;
    for (int i = 0; i < 3; ++i) crashes.push_back(a.call<&worker::crash>());
    auto const late = a.call<&worker::work>(1);
    rt.run_until_idle();
    for (auto const& c : crashes) CHECK_THROWS_AS(mb::get(c), std::runtime_error);
    CHECK_THROWS_WITH(mb::get(late), Catch::Contains("worker") && Catch::Contains("crash"));
    CHECK(reason_of(late) == mb::end_reason::failed);
    CHECK(late.failure()->cause()->message() == "crash");
    CHECK(reason_of(a.call<&worker::work>(1)) == mb::end_reason::failed);
    CHECK(mb::get(end).reason == mb::end_reason::failed);
    CHECK(mb::get(end).restarts == 2);
    CHECK(mb::get(end).failure->message() == "crash");
    CHECK(log == "(!)(!)(!)");
  });
}

TEST_CASE("a call that was the death of its actor is made again first, with what it was given", "[actor]") {
  with_seeds([](mb::manual_runtime&, std::string& log) {
    auto const a = mb::make_actor<worker>.options(
        {.max_restarts = -1, .dies_on = mb::dies_on_any(), .max_task_retries = 2})(std::ref(log));
    int twice = 2, thrice = 3, late = 2, taken = 1;
    auto const again = a.call<&worker::crash_first>(std::ref(twice));
    auto const depends = a.call<&worker::work>(again);
    auto const one = a.call<&worker::work>(1);
    auto const too_often = a.call<&worker::crash_first>(std::ref(thrice));
    auto const two = a.call<&worker::work>(2);
    auto const coroutine = a.call<&worker::crash_late>(std::ref(late));
    auto const given = a.call([](worker& w, std::string text, int& times) { return w.take(text, times); },
                              std::string("a text that lies on the heap"), std::ref(taken));
    CHECK(mb::get(again) == 7);
    CHECK(mb::get(depends) == 7);
    CHECK(mb::get(one) == 1);
    CHECK_THROWS_AS(mb::get(too_often), std::runtime_error);
    CHECK(mb::get(two) == 2);
    CHECK(mb::get(coroutine) == 7);
    CHECK(mb::get(given) == 28);
    CHECK(log == "(!)(!)(x71!)(!)(!)(2!)(!)(x)(");
  });
}

TEST_CASE("a post is made again too, and only its last failure is reported", "[actor]") {
  std::vector<std::string> reports;
  mb::manual_runtime rt({.on_unread_failure = [&](mb::failure const& f) { reports.push_back(f.message()); }});
  std::string log;
  {
    auto const a = mb::make_actor<worker>.options(
        {.max_restarts = -1, .dies_on = mb::dies_on_any(), .max_task_retries = 1})(std::ref(log));
    int once = 1;
    a.post<&worker::crash_first>(std::ref(once));
    rt.run_until_idle();
    CHECK(reports.empty());
    a.post<&worker::crash>();
    rt.run_until_idle();
    CHECK(reports == std::vector<std::string>{"crash"});
  }
  rt.run_until_idle();
  CHECK(log == "(!)(x!)(!)()");
}

TEST_CASE("what is saved comes to the next life", "[actor]") {
  with_seeds([](mb::manual_runtime&, std::string& log) {
    bool first_was_empty = false;
    auto const a = mb::make_actor<worker>.options(
        {.max_restarts = -1, .dies_on = mb::dies_on_any(), .on_restart = [&](worker& w, mb::saved_state const& last) {
           if (last.empty())
             first_was_empty = true;
           else
             w.set(last.get<int>());
         }})(std::ref(log));
    CHECK_THROWS_AS(mb::get(a.call<&worker::crash>()), std::runtime_error);
    CHECK(mb::get(a.call<&worker::count>()) == 1);
    CHECK(mb::get(a.call<&worker::count>()) == 2);
    a.kill({.restart = true});
    CHECK(mb::get(a.call<&worker::count>()) == 3);
    CHECK(first_was_empty);
  });
}

TEST_CASE("a saved state of another type, or none, is an error that names the types", "[actor]") {
  mb::saved_state const none;
  mb::saved_state const text(std::string("x"));
  CHECK(none.empty());
  CHECK_THROWS_WITH(none.get<int>(), Catch::Contains("nothing was saved"));
  CHECK_THROWS_WITH(text.get<int>(), Catch::Contains("string") && Catch::Contains("int"));
  CHECK(text.get<std::string>() == "x");
  CHECK_THROWS_AS(mb::save_state(1), mb::error);
}

TEST_CASE("save_state of an actor with one life does nothing", "[actor]") {
  std::string log;
  mb::manual_runtime const rt;
  CHECK(mb::get(mb::make_actor<worker>(std::ref(log)).call<&worker::count>()) == 1);
}

TEST_CASE("a kill that restarts is a death, and waits for what runs; without restarts left it kills", "[actor]") {
  with_seeds([](mb::manual_runtime& rt, std::string& log) {
    auto const a = mb::make_actor<worker>.options({.max_restarts = 1})(std::ref(log));
    auto const end = mb::monitor(a);
    auto const one = a.call<&worker::slow>(1);
    auto const two = a.call<&worker::work>(2);
    rt.run_until_idle();
    a.kill({.restart = true});
    a.kill({.restart = true});  // that may be the same life's
    rt.run_until_idle();
    CHECK(log == "(1");
    rt.advance(1s);
    CHECK(mb::get(one) == 1);
    if (log == "(1)(2") {
      CHECK(mb::get(two) == 2);
      a.kill({.restart = true});
    } else {
      CHECK(reason_of(two) == mb::end_reason::killed);
    }
    rt.run_until_idle();
    CHECK(mb::get(end).reason == mb::end_reason::killed);
    CHECK(mb::get(end).restarts == 1);
  });
}

TEST_CASE("a kill that asks for a restart kills an actor that has one life", "[actor]") {
  std::string log;
  mb::manual_runtime const rt;
  auto const a = mb::make_actor<worker>(std::ref(log));
  a.kill({.restart = true});
  CHECK(reason_of(a.call<&worker::work>(1)) == mb::end_reason::killed);
}

TEST_CASE("a constructor that fails at a restart is another death; at first it is the end", "[actor]") {
  struct picky {
    explicit picky(std::vector<bool>& works) {
      bool const fine = works.back();
      works.pop_back();
      if (!fine) throw std::logic_error("not now");
    }
    void crash() { throw std::runtime_error("crash"); }
    int work() { return 1; }
  };
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    mb::manual_runtime const rt({.seed = seed, .on_unread_failure = [](mb::failure const&) {}});
    mb::actor_options<picky> const options{.max_restarts = 3, .dies_on = mb::dies_on_any()};
    std::vector<bool> third{true, false, false, true}, never{false, false, false, true}, not_at_first{true, false};
    auto const a = mb::make_actor<picky>.options(options)(std::ref(third));
    auto const b = mb::make_actor<picky>.options(options)(std::ref(never));
    auto const c = mb::make_actor<picky>.options(options)(std::ref(not_at_first));
    auto const end = mb::monitor(b);
    CHECK_THROWS_AS(mb::get(a.call<&picky::crash>()), std::runtime_error);
    CHECK_THROWS_AS(mb::get(b.call<&picky::crash>()), std::runtime_error);
    CHECK(mb::get(a.call<&picky::work>()) == 1);
    CHECK(reason_of(b.call<&picky::work>()) == mb::end_reason::failed);
    CHECK(mb::get(end).restarts == 3);
    CHECK(mb::get(end).failure->message() == "not now");
    CHECK_THROWS_AS(mb::get(c.call<&picky::work>()), std::logic_error);
    CHECK(not_at_first.size() == 1);
  }
}

TEST_CASE("calls that run beside the death end by themselves; what dies with it is one death", "[actor]") {
  with_seeds([](mb::manual_runtime& rt, std::string& log) {
    auto const a = mb::make_actor<worker>.options({.concurrency = mb::reentrant,
                                                   .concurrency_groups = {{"io", 2}},
                                                   .max_restarts = 1,
                                                   .dies_on = mb::dies_on_any()})(std::ref(log));
    auto const end = mb::monitor(a);
    int once = 1, here = 1, there = 1;
    auto const io = a.options({.concurrency_group = "io"});
    std::vector const slow{a.call<&worker::slow>(1), io.call<&worker::slow>(2)};
    std::vector const dies{a.call<&worker::crash_late>(std::ref(here)), io.call<&worker::crash_late>(std::ref(there))};
    rt.run_until_idle();
    auto const soon = io.call<&worker::slow>(3);
    rt.advance(1s);
    auto const after = a.call<&worker::crash_first>(std::ref(--once));
    rt.advance(2s);
    CHECK(mb::get(slow) == std::vector{1, 2});
    for (auto const& f : dies) CHECK_THROWS_AS(mb::get(f), std::runtime_error);
    CHECK(mb::get(soon) == 3);
    CHECK(mb::get(after) == 7);
    CHECK(std::count(log.begin(), log.end(), '(') == 2);
    CHECK_FALSE(end.ready());
  });
}

TEST_CASE("of a group that handles one call at a time, the calls stay in order over a restart", "[actor]") {
  with_seeds([](mb::manual_runtime& rt, std::string& log) {
    auto const a = mb::make_actor<worker>.options(
        {.concurrency_groups = {{"io", 1}}, .max_restarts = -1, .dies_on = mb::dies_on_any(), .max_task_retries = -1})(
        std::ref(log));
    auto const io = a.options({.concurrency_group = "io"});
    int often = 3;
    std::vector<mb::future<int>> fs;
    fs.push_back(io.call<&worker::work>(1));
    fs.push_back(io.call<&worker::crash_first>(std::ref(often)));
    for (int i = 2; i < 6; ++i) fs.push_back(io.call<&worker::work>(i));
    a.stop();
    CHECK(mb::get(fs) == std::vector{1, 7, 2, 3, 4, 5});
    rt.run_until_idle();
    CHECK(log == "(1!)(!)(!)(x2345)");
  });
}

TEST_CASE("calls that come back for the next life keep to the bound of the mailbox", "[actor]") {
  with_seeds([](mb::manual_runtime&, std::string& log) {
    auto const a = mb::make_actor<worker>.options({.concurrency_groups = {{"io", 2}},
                                                   .mailbox = 2,
                                                   .max_restarts = -1,
                                                   .dies_on = mb::dies_on_any(),
                                                   .max_task_retries = -1})(std::ref(log));
    int here = 2, there = 2;
    std::vector<mb::future<int>> fs;
    for (int i = 0; i < 4; ++i) {
      fs.push_back(a.call<&worker::crash_first>(std::ref(here)));
      fs.push_back(a.options({.concurrency_group = "io"}).call<&worker::crash_first>(std::ref(there)));
    }
    CHECK(mb::get(fs) == std::vector(8, 7));
    auto const until = a.call<&worker::slow>(1);
    CHECK(mb::get(until) == 1);
  });
}

TEST_CASE("the last handle may go, stop or kill may come while a restart is due", "[actor]") {
  for (int const way : {0, 1, 2})
    with_seeds([way](mb::manual_runtime& rt, std::string& log) {
      auto a = mb::make_actor<worker>.options(
          {.max_restarts = -1, .dies_on = mb::dies_on_any(), .max_task_retries = 1})(std::ref(log));
      auto const end = mb::monitor(a);
      int once = 1;
      auto const again = a.call<&worker::crash_late>(std::ref(once));
      auto const one = a.call<&worker::work>(1);
      rt.run_until_idle();
      if (way == 0)
        a = {};
      else if (way == 1)
        a.stop();
      else
        a.kill();
      rt.advance(3s);
      REQUIRE(end.ready());
      if (way == 2) {
        CHECK(reason_of(again) == mb::end_reason::killed);
        CHECK(reason_of(one) == mb::end_reason::killed);
        CHECK(log == "(!)");
      } else {
        CHECK(mb::get(again) == 7);
        CHECK(mb::get(one) == 1);
        CHECK(log == "(!)(x1)");
      }
    });
}

TEST_CASE("a runtime that drops restarts nothing", "[actor]") {
  with_seeds([](mb::manual_runtime& rt, std::string& log) {
    auto const a = mb::make_actor<worker>.options({.max_restarts = -1, .dies_on = mb::dies_on_any()})(std::ref(log));
    auto const crash = a.call<&worker::crash>();
    auto const one = a.call<&worker::work>(1);
    for (int i = 0; i < static_cast<int>(rt.seed() % 4); ++i) rt.run_one();
    rt.shutdown(mb::on_shutdown::drop);
    CHECK(crash.failure().has_value());
    CHECK((one.failure() || mb::get(one) == 1));
    CHECK(std::count(log.begin(), log.end(), '(') <= 2);
  });
}

TEST_CASE("options of lives that make no sense, and arguments that can't be copied, are refused in words", "[actor]") {
  std::string log;
  mb::manual_runtime const rt;
  auto const made = [&](mb::actor_options<worker> const& o) {
    return mb::make_actor<worker>.options(o)(std::ref(log));
  };
  CHECK_THROWS_WITH(made({.max_restarts = -2}), Catch::Contains("-1"));
  CHECK_THROWS_WITH(made({.max_task_retries = 1}), Catch::Contains("max_restarts or a supervisor"));
  CHECK_THROWS_WITH(made({.max_restarts = 1, .supervisor = mb::supervise()}), Catch::Contains("supervisor"));
  struct holder {
    explicit holder(std::vector<std::unique_ptr<int>> p) : owned(std::move(p)) {}
    void take(std::unique_ptr<int>) {}
    void give(std::vector<std::unique_ptr<int>>) {}
    std::vector<std::unique_ptr<int>> owned;
  };
  using pointers = std::vector<std::unique_ptr<int>>;
  CHECK_THROWS_WITH(mb::make_actor<holder>.options({.max_restarts = 1})(pointers()), Catch::Contains("shared_ptr"));
  auto const plain = mb::make_actor<holder>(pointers());
  mb::get(plain.call<&holder::take>(std::make_unique<int>(1)));
  mb::get(plain.call<&holder::give>(pointers()));
  auto const kept = mb::make_actor<worker>.options({.max_restarts = 1, .max_task_retries = 1})(std::ref(log));
  CHECK_THROWS_WITH(kept.call([](worker&, pointers) {}, pointers()), Catch::Contains("shared_ptr"));
  CHECK(mb::get(kept.call<&worker::work>(1)) == 1);
}
