// When callers of an actor that is killed, or has exited, are told so: at once, whatever runs in it and for how long.
#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "mobula/mobula.hpp"
#include "support/catch.hpp"

namespace mb = mobula;
using namespace std::chrono_literals;

namespace {

// Its methods run until they are told to end.
struct slow {
  std::atomic<bool>& go;
  std::atomic<int>& begun;

  void run() {
    ++begun;
    while (!go) std::this_thread::sleep_for(1ms);
  }
  mb::task<> sleep() {
    ++begun;
    co_await mb::sleep_for(1h);
  }
  void leave() {
    ++begun;
    try {
      mb::exit_actor();
    } catch (...) {  // it has other things to do before
      while (!go) std::this_thread::sleep_for(1ms);
      throw;
    }
  }
  int quick(int n) {
    ++begun;
    return n;
  }
};

struct fixture {
  std::atomic<bool> go{false};
  std::atomic<int> begun{0};
  mb::runtime rt{{.num_cpus = 3, .on_unread_failure = [](mb::failure const&) {}}};

  void wait_for(int n) const {
    while (begun < n) std::this_thread::yield();
  }
};

mb::end_reason how_it_ended(mb::future<int> const& f) {
  try {
    mb::get(f, 20s);
  } catch (mb::actor_died const& e) { return e.reason(); }
  throw std::logic_error("it has not died");
}

// Ends the actor when it is copied, as it is for a call that may be made again.
struct kills_when_copied {
  std::function<void()> kill;
  explicit kills_when_copied(std::function<void()> f) : kill(std::move(f)) {}
  kills_when_copied(kills_when_copied&&) = default;
  kills_when_copied(kills_when_copied const& other) : kill(other.kill) { kill(); }
  kills_when_copied& operator=(kills_when_copied const&) = delete;
};
struct taker {
  int take(kills_when_copied const&) { return 1; }
  void hold(std::shared_ptr<void> const&) {}
};

struct ends_at_exit {
  std::atomic<bool>& go;
  ~ends_at_exit() { go = true; }
};

}  // namespace

TEST_CASE("calls that wait are answered when kill has returned, whatever runs", "[actor]") {
  enum how { plain, coroutine, reentrant, blocking };
  for (how const h : {plain, coroutine, reentrant, blocking}) {
    CAPTURE(static_cast<int>(h));
    fixture f;
    ends_at_exit const end{f.go};
    mb::actor_options<slow> o;
    if (h == reentrant) o.concurrency = mb::reentrant;
    o.blocking = h == blocking;
    auto const a = mb::make_actor<slow>.options(o)(std::ref(f.go), std::ref(f.begun));
    mb::get(a.call<&slow::quick>(0));
    f.begun = 0;
    auto gate = std::make_unique<mb::promise<int>>();
    std::vector<mb::future<int>> calls;
    mb::future<void> running;
    // All are there before it is at work on the first, so it has taken them out of the mailbox; the last ones come later.
    mb::future<void> const all = mb::remote([&] {
      running = h == coroutine ? a.call<&slow::sleep>() : a.call<&slow::run>();
      for (int i = 0; i < 5; ++i) calls.push_back(a.call<&slow::quick>(i));
    })();
    mb::get(all);
    f.wait_for(1);
    for (int i = 0; i < 5; ++i) calls.push_back(a.call<&slow::quick>(i));
    calls.push_back(a.options({.high_priority = true}).call<&slow::quick>(5));
    auto const copy = a;
    calls.push_back(copy.call<&slow::quick>(gate->get_future()));
    calls.push_back(copy.call<&slow::quick>(7));
    int const before = f.begun;
    a.kill();
    for (auto const& c : calls) CHECK(how_it_ended(c) == mb::end_reason::killed);
    CHECK(how_it_ended(a.call<&slow::quick>(8)) == mb::end_reason::killed);
    CHECK(how_it_ended(copy.call<&slow::quick>(9)) == mb::end_reason::killed);
    CHECK(f.begun == before);
    CHECK_FALSE(running.ready());
    auto const ended = mb::monitor(a);
    if (h != coroutine) CHECK_FALSE(ended.ready());
    f.go = true;
    if (h == coroutine) {
      f.rt.shutdown(mb::on_shutdown::drop);
    } else {
      mb::get(running);
      CHECK(mb::get(ended).reason == mb::end_reason::killed);
    }
  }
}

TEST_CASE("calls of a reentrant actor that has been killed are answered while its methods wait", "[actor]") {
  fixture f;
  auto const a = mb::make_actor<slow>.options({.concurrency = mb::reentrant})(std::ref(f.go), std::ref(f.begun));
  auto const waits = a.call<&slow::sleep>();
  f.wait_for(1);
  a.kill();
  for (int i = 0; i < 300; ++i) {
    CHECK(how_it_ended(a.call<&slow::quick>(i)) == mb::end_reason::killed);
    CHECK(how_it_ended(a.options({.high_priority = true}).call<&slow::quick>(i)) == mb::end_reason::killed);
  }
  CHECK_FALSE(waits.ready());
  f.rt.shutdown(mb::on_shutdown::drop);
}

TEST_CASE("calls that wait are answered when a method has called exit_actor, though it has not ended", "[actor]") {
  fixture f;
  ends_at_exit const end{f.go};
  auto const a = mb::make_actor<slow>(std::ref(f.go), std::ref(f.begun));
  std::vector<mb::future<int>> calls;
  mb::future<void> const leaves = a.call<&slow::leave>();
  for (int i = 0; i < 5; ++i) calls.push_back(a.call<&slow::quick>(i));
  for (auto const& c : calls) CHECK(how_it_ended(c) == mb::end_reason::exited);
  CHECK(how_it_ended(a.call<&slow::quick>(6)) == mb::end_reason::exited);
  CHECK_FALSE(leaves.ready());
  f.go = true;
  CHECK_THROWS_AS(mb::get(leaves), mb::actor_died);
}

TEST_CASE("who waits for room in the mailbox of an actor that is killed is answered", "[actor]") {
  fixture f;
  ends_at_exit const end{f.go};
  auto const a = mb::make_actor<slow>.options({.mailbox = 2})(std::ref(f.go), std::ref(f.begun));
  auto const running = a.call<&slow::run>();
  f.wait_for(1);
  std::vector<mb::future<int>> calls{a.call<&slow::quick>(1), a.call<&slow::quick>(2)};
  auto const waits = mb::remote([a] { return a.call<&slow::quick>(3); })();
  auto const awaits = mb::remote([a]() -> mb::task<int> {
    mb::future<int> const c = co_await a.async_call<&slow::quick>(4);
    co_return co_await c;
  })();
  std::this_thread::sleep_for(20ms);
  a.kill();
  calls.push_back(waits);
  calls.push_back(awaits);
  for (auto const& c : calls) CHECK(how_it_ended(c) == mb::end_reason::killed);
  f.go = true;
  mb::get(running);
}

TEST_CASE("queued calls of parallel actors and groups are answered by kill, but the next in line", "[actor]") {
  fixture f;
  ends_at_exit const end{f.go};
  auto const a = mb::make_actor<slow>.options({.concurrency_groups = {{"g", 2}}})(std::ref(f.go), std::ref(f.begun));
  auto const g = a.options({.concurrency_group = "g"});
  std::vector<mb::future<void>> running{g.call<&slow::run>(), g.call<&slow::run>()};
  f.wait_for(2);
  std::vector<mb::future<int>> calls;
  for (int i = 0; i < 6; ++i) calls.push_back(g.call<&slow::quick>(i));
  a.kill();
  for (auto const& c : std::vector(calls.begin() + 1, calls.end())) CHECK(how_it_ended(c) == mb::end_reason::killed);
  CHECK(how_it_ended(g.call<&slow::quick>(6)) == mb::end_reason::killed);
  f.go = true;
  CHECK(how_it_ended(calls.front()) == mb::end_reason::killed);
  mb::get(running);
  CHECK(f.begun == 2);
}

TEST_CASE("a call whose actor is killed while its arguments are copied does not begin", "[actor]") {
  mb::manual_runtime rt({.on_unread_failure = [](mb::failure const&) {}});
  auto const a = mb::make_actor<taker>.options({.max_restarts = 1, .max_task_retries = 1})();
  rt.run_until_idle();
  auto const f = a.call<&taker::take>(kills_when_copied([a] { a.kill(); }));
  rt.run_until_idle();
  CHECK(how_it_ended(f) == mb::end_reason::killed);
}

TEST_CASE("what refused calls leave may call the actor again, one after the other, without end", "[actor]") {
  mb::manual_runtime rt({.on_unread_failure = [](mb::failure const&) {}});
  auto const a = mb::make_actor<taker>();
  int left = 100'000;
  // Its end posts the next.
  std::function<std::shared_ptr<void>()> const link = [&] {
    return std::shared_ptr<void>(nullptr, [&](void*) {
      if (--left > 0) a.post<&taker::hold>(link());
    });
  };
  a.post<&taker::hold>(link());
  a.kill();
  CHECK(left == 0);
  rt.run_until_idle();
}

TEST_CASE("a shutdown that drops begins no queued call of a serial actor after the one that runs", "[actor]") {
  fixture f;
  ends_at_exit const end{f.go};
  auto const a = mb::make_actor<slow>(std::ref(f.go), std::ref(f.begun));
  std::vector<mb::future<int>> calls;
  mb::get(mb::remote([&] {
    static_cast<void>(a.call<&slow::run>());
    for (int i = 0; i < 5; ++i) calls.push_back(a.call<&slow::quick>(i));
  })());
  auto const sleeps = mb::remote([]() -> mb::task<> { co_await mb::sleep_for(1h); })();
  f.wait_for(1);
  std::thread ends([&] { f.rt.shutdown(mb::on_shutdown::drop); });
  while (!sleeps.ready()) std::this_thread::yield();  // the drop has come this far
  f.go = true;
  ends.join();
  CHECK(f.begun == 1);
  for (auto const& c : calls) CHECK_THROWS_AS(mb::get(c), mb::cancelled);
}
