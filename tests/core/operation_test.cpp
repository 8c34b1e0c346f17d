#include "mobula/core/operation.hpp"

#include <coroutine>
#include <exception>

#include "mobula/mobula.hpp"
#include "support/catch.hpp"

namespace mb = mobula;
using namespace std::chrono_literals;

namespace {

// A coroutine that somebody else owns, who may destroy it at any time.
struct owned {
  struct promise_type {
    owned get_return_object() { return {std::coroutine_handle<promise_type>::from_promise(*this)}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_always final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() { std::terminate(); }
  };
  std::coroutine_handle<promise_type> handle;
};

template <class A>
owned wait_for(A& waitable, bool& reached) {
  co_await waitable;
  reached = true;
}
owned wait_for_first(mb::future<int> const& f, bool& reached) {
  co_await mb::select(f, mb::sleep_for(1h), mb::timeout(f, 2h));
  reached = true;
}

// Starts a coroutine in a task, and destroys it in another while it waits.
template <class F>
void destroy_while_it_waits(mb::manual_runtime& rt, F start) {
  owned waiting{};
  mb::get(mb::remote([&] { waiting = start(); })());
  CHECK_FALSE(waiting.handle.done());
  mb::get(mb::remote([&] { waiting.handle.destroy(); })());
  rt.run_until_idle();
}

}  // namespace

TEST_CASE("a coroutine that is destroyed while it waits leaves nothing behind", "[core]") {
  mb::manual_runtime rt;
  bool reached = false;
  auto const slow = mb::remote([]() -> mb::task<int> {
    co_await mb::sleep_for(1s);
    co_return 1;
  })();
  auto const nap = mb::sleep_for(1h);
  destroy_while_it_waits(rt, [&] { return wait_for(nap, reached); });
  CHECK(rt.pending().timers == 1);  // that of `slow`
  destroy_while_it_waits(rt, [&] { return wait_for(slow, reached); });
  destroy_while_it_waits(rt, [&] { return wait_for_first(slow, reached); });
  CHECK(rt.pending().timers == 1);
  CHECK(mb::get(slow) == 1);  // notifies nobody who is gone
  CHECK_FALSE(reached);
}

TEST_CASE("what is complete when it is started is not cancelled when its time is over right then", "[core]") {
  struct complete_when_started {
    bool ready() { return false; }
    bool start(mb::detail::resumer& r) noexcept { return !r.try_claim(); }
    bool cancel() noexcept { return true; }  // nobody will be woken by it, if that means anything
    void result() {}
  };
  struct counts : mb::detail::resumer {
    counts() : resumer{[](resumer& r) noexcept { ++static_cast<counts&>(r).woken; }} {}
    int woken = 0;
  };
  using blocking = mb::detail::blocking<complete_when_started>;
  complete_when_started op;
  blocking b{op};
  counts waiting;
  blocking::publish(&b, waiting);
  CHECK(waiting.woken == 1);
  CHECK_FALSE(blocking::cancel(&b));  // as a timer would, on another thread
}
