#include "support/catch.hpp"

#include <mobula/mobula.hpp>

#include <chrono>
#include <stdexcept>
#include <vector>

namespace mb = mobula;
using namespace std::chrono_literals;

namespace {

struct log_of_calls {
  int add(int n) {
    done.push_back(n);
    return n;
  }
  mb::task<int> wait(int n) {
    done.push_back(n);
    co_await mb::sleep_for(1h);
    done.push_back(-n);
    co_return n;
  }
  mb::task<int> wait_for_child(mb::future<int>* child) {
    *child = mb::remote([]() -> mb::task<int> {
      co_await mb::sleep_for(1h);
      co_return 1;
    })();
    co_return co_await mb::future<int>(*child);
  }
  std::vector<int> all() { return done; }
  std::vector<int> done;
};

template <class T>
void check_cancelled(mb::future<T> const& f) {
  REQUIRE(f.ready());
  CHECK_THROWS_AS(mb::get(f), mb::cancelled);
}

}  // namespace

TEST_CASE("a queued call that is cancelled is skipped, those behind it are handled") {
  mb::manual_runtime rt;
  auto a = mb::make_actor<log_of_calls>();
  auto first = a.call<&log_of_calls::add>(1);
  auto second = a.call<&log_of_calls::add>(2);
  auto third = a.call<&log_of_calls::add>(3);
  mb::cancel(second);
  CHECK(mb::get(a.call<&log_of_calls::all>()) == std::vector{1, 3});
  check_cancelled(second);
  CHECK(mb::get(third) == 3);
}

TEST_CASE("a call that waits for its arguments is cancelled, and no longer in the way of others") {
  mb::manual_runtime rt;
  mb::promise<int> never;
  auto a = mb::make_actor<log_of_calls>();
  auto first = a.call<&log_of_calls::add>(never.get_future());
  auto second = a.call<&log_of_calls::add>(2);
  rt.run_until_idle();
  CHECK_FALSE(second.ready());
  mb::cancel(first);
  CHECK(mb::get(second) == 2);
  check_cancelled(first);
  CHECK(mb::get(a.call<&log_of_calls::all>()) == std::vector{2});
  never.set_value(1);
}

TEST_CASE("a running method that waits is asked to stop, and the actor goes on") {
  for (auto const how : {mb::serial, mb::reentrant, mb::parallel(2)}) {
    mb::manual_runtime rt;
    auto a = mb::make_actor<log_of_calls>.options({.concurrency = how})();
    auto f = a.options({.cancellable = true}).call<&log_of_calls::wait>(1);
    rt.run_until_idle();
    mb::cancel(f);
    CHECK(mb::get(a.call<&log_of_calls::all>()) == std::vector{1});
    check_cancelled(f);
  }
}

TEST_CASE("calls of a task that is cancelled are cancelled with it, and what they have started") {
  mb::explore(
      [](mb::manual_options const& seeded) {
        mb::future<int> child, call, queued;
        mb::manual_runtime rt(seeded);
        auto a = mb::make_actor<log_of_calls>();
        auto task = mb::remote([&]() -> mb::task<int> {
                      call = a.call<&log_of_calls::wait_for_child>(&child);
                      queued = a.call<&log_of_calls::add>(1);
                      co_return co_await mb::future<int>(call);
                    }).options({.cancellable = true})();
        rt.run_until_idle();
        mb::cancel(task);
        rt.run_until_idle();
        if (!task.ready() || !call.ready() || !queued.ready() || !child.ready())
          throw std::runtime_error("one goes on");
        if (!mb::get(a.call<&log_of_calls::all>()).empty()) throw std::runtime_error("the queued call was handled");
      },
      {.seeds = 50});
}

TEST_CASE("current_actor and deadlocks are known in calls that can be stopped") {
  struct self_caller {
    int answer() { return 1; }
    mb::task<int> ask_itself() {
      auto me = mb::current_actor<self_caller>();
      co_return co_await me.call<&self_caller::answer>();
    }
  };
  mb::manual_runtime rt;
  auto a = mb::make_actor<self_caller>();
  auto f = a.options({.cancellable = true}).call<&self_caller::ask_itself>();
  CHECK_THROWS_AS(mb::get(f), mb::deadlock_error);
}

TEST_CASE("an actor does not die of a method's being cancelled") {
  mb::manual_runtime rt;
  auto a = mb::make_actor<log_of_calls>.options({.dies_on = mb::dies_on_any()})();
  auto f = a.options({.cancellable = true}).call<&log_of_calls::wait>(1);
  rt.run_until_idle();
  mb::cancel(f);
  CHECK(mb::get(a.call<&log_of_calls::add>(2)) == 2);
  check_cancelled(f);
}

TEST_CASE("a cancelled call gives its place in a bounded mailbox back") {
  mb::manual_runtime rt;
  auto a = mb::make_actor<log_of_calls>.options({.mailbox = 2})();
  rt.run_until_idle();
  auto f = a.call<&log_of_calls::add>(1);
  auto g = a.call<&log_of_calls::add>(2);
  CHECK_FALSE(a.try_call<&log_of_calls::add>(3));
  mb::cancel(f);
  rt.run_until_idle();
  CHECK(a.try_call<&log_of_calls::add>(3));
}
