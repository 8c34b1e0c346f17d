#include "support/catch.hpp"

#include <mobula/core/interruption.hpp>
#include <mobula/mobula.hpp>

#include <chrono>
#include <stop_token>
#include <vector>

namespace mb = mobula;
using namespace std::chrono_literals;

namespace {

struct counting_resumer : mb::detail::resumer {
  counting_resumer() noexcept
      : resumer{[](mb::detail::resumer& r) noexcept { ++static_cast<counting_resumer&>(r).wakes; }} {}
  int wakes = 0;
};

}  // namespace

TEST_CASE("a stop wakes who waits for it, once") {
  std::stop_source source;
  mb::detail::stop_operation op(source.get_token());
  counting_resumer r;
  CHECK_FALSE(op.ready());
  CHECK(op.start(r));
  source.request_stop();
  CHECK(r.wakes == 1);
  CHECK(op.ready());
  CHECK_FALSE(op.cancel());
}

TEST_CASE("a wait for a stop that is given up is not woken") {
  std::stop_source source;
  mb::detail::stop_operation op(source.get_token());
  counting_resumer r;
  CHECK(op.start(r));
  CHECK(op.cancel());
  source.request_stop();
  CHECK(r.wakes == 0);
}

TEST_CASE("what has happened when the stop comes is not lost") {
  mb::explore(
      [](mb::manual_options const& seeded) {
        mb::manual_runtime rt(seeded);
        mb::channel<int> c(8);
        int received = 0;
        auto f = mb::remote([&]() -> mb::task<> {
                   for (;;) received += (co_await c.receive()).has_value() ? 1 : 0;
                 }).options({.cancellable = true})();
        auto sender = mb::remote([&]() -> mb::task<> {
          for (int i = 0; i < 4; ++i) {
            static_cast<void>(co_await c.send(i));
            co_await mb::yield();
          }
        })();
        auto canceller = mb::remote([&]() -> mb::task<> {
          co_await mb::yield();
          mb::cancel(f);
        })();
        rt.run_until_idle();
        if (!f.ready()) throw std::runtime_error("the receiver goes on");
        if (received + static_cast<int>(c.size()) != 4) throw std::runtime_error("an item is lost");
      },
      {.seeds = 300});
}

TEST_CASE("a lock that was waited for in a cancelled task is free for the next") {
  mb::explore(
      [](mb::manual_options const& seeded) {
        mb::manual_runtime rt(seeded);
        mb::mutex m;
        std::vector<mb::future<void>> all;
        for (int i = 0; i < 4; ++i)
          all.push_back(mb::remote([&]() -> mb::task<> {
                          auto const held = co_await m.lock();
                          co_await mb::sleep_for(1ms);
                        }).options({.cancellable = i % 2 == 0})());
        rt.run_until_idle();
        mb::cancel(all[0]);
        mb::cancel(all[2]);
        rt.advance(1s);
        for (auto const& f : all)
          if (!f.ready()) throw std::runtime_error("one waits for ever");
        if (!m.try_lock()) throw std::runtime_error("it is locked");
      },
      {.seeds = 100});
}
