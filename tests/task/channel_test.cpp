#include "mobula/task/channel.hpp"

#include <memory>
#include <numeric>
#include <random>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "mobula/mobula.hpp"
#include "support/catch.hpp"

namespace mb = mobula;
using namespace std::chrono_literals;

namespace {

mb::task<> send_range(mb::channel<int> out, int begin, int end) {
  for (int i = begin; i < end; ++i)
    if (!co_await out.send(i)) co_return;
}

mb::task<std::vector<int>> receive_all(mb::channel<int> in) {
  std::vector<int> got;
  while (auto const x = co_await in.receive()) got.push_back(*x);
  co_return got;
}

std::vector<int> count_to(int n) {
  std::vector<int> v(static_cast<std::size_t>(n));
  std::iota(v.begin(), v.end(), 0);
  return v;
}

// Its moves throw when told to, and it counts those that live.
struct fragile {
  explicit fragile(int v) : value(v) { ++alive; }
  fragile(fragile&& other) : value(other.value) {
    if (throws) throw std::domain_error("moved");
    ++alive;
  }
  ~fragile() { --alive; }
  int value;
  static inline bool throws = false;
  static inline int alive = 0;
};

}  // namespace

TEST_CASE("a channel without room is refused, with words that help", "[channel]") {
  CHECK_THROWS_WITH(mb::channel<int>(0), Catch::Contains("the least is 1"));
  CHECK_THROWS_AS(mb::channel<int>(0), std::invalid_argument);
  CHECK(mb::channel<int>(3).capacity() == 3);
}

TEST_CASE("items come out in the order in which they went in: coroutines, plain tasks and main on either side",
          "[channel]") {
  auto const plain_sender = [](mb::channel<int> const& out) {
    for (int i = 0; i < 30; ++i)
      if (!mb::get(out.send(i))) return;
    out.close();
  };
  auto const coroutine_sender = [](mb::channel<int> out) -> mb::task<> {
    co_await send_range(out, 0, 30);
    out.close();
  };
  auto const plain_receiver = [](mb::channel<int> in) {
    std::vector<int> got;
    for (int const x : mb::each(in)) got.push_back(x);
    return got;
  };
  mb::explore(
      [&](mb::manual_options const& seeded) {
        mb::manual_runtime rt(seeded);
        for (std::size_t const capacity : {1u, 2u, 7u, 100u}) {
          mb::channel<int> a(capacity), b(capacity), c(capacity), d(capacity);
          auto from_coroutine = mb::remote(coroutine_sender)(a);
          auto in_plain = mb::remote(plain_receiver)(a);
          auto from_plain = mb::remote(plain_sender)(b);
          auto in_coroutine = mb::remote(receive_all)(b);
          REQUIRE(mb::get(in_plain) == count_to(30));
          REQUIRE(mb::get(in_coroutine) == count_to(30));
          auto in_c = mb::remote(receive_all)(c);
          plain_sender(c);
          REQUIRE(mb::get(in_c) == count_to(30));
          auto from_d = mb::remote(coroutine_sender)(d);
          REQUIRE(plain_receiver(d) == count_to(30));
          mb::get(from_coroutine, from_plain, from_d);
        }
      },
      {.seeds = 50});
}

TEST_CASE("who sends waits while the channel is full, and is never further ahead than its capacity", "[channel]") {
  mb::manual_runtime rt;
  mb::channel<int> ch(3);
  auto sender = mb::remote(send_range)(ch, 0, 10);
  for (int taken = 0; taken < 7; ++taken) {
    rt.run_until_idle();
    REQUIRE(ch.size() == 3);
    REQUIRE_FALSE(sender.ready());
    REQUIRE(*ch.try_receive() == taken);
  }
  rt.run_until_idle();
  CHECK(sender.ready());
  CHECK(ch.size() == 3);
}

TEST_CASE("senders and receivers have their turns in the order in which they came", "[channel]") {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    mb::manual_runtime rt({.seed = seed});
    mb::channel<int> ch(1);
    std::vector<mb::future<std::optional<int>>> receivers;
    for (int i = 0; i < 5; ++i) {
      if (i % 2 == 0)
        receivers.push_back(mb::remote([ch]() -> mb::task<std::optional<int>> { co_return co_await ch.receive(); })());
      else
        receivers.push_back(mb::remote([ch] { return mb::get(ch.receive()); })());
      rt.run_until_idle();
    }
    for (int i = 0; i < 5; ++i) REQUIRE(ch.try_send(i));
    for (int i = 0; i < 5; ++i) REQUIRE(mb::get(receivers[static_cast<std::size_t>(i)]) == i);

    REQUIRE(ch.try_send(-1));
    std::vector<mb::future<void>> senders;
    for (int i = 0; i < 5; ++i) {
      senders.push_back(mb::remote(send_range)(ch, i, i + 1));
      rt.run_until_idle();
    }
    for (int i = -1; i < 5; ++i) REQUIRE(mb::get(ch.receive()) == i);
    mb::get(senders);
  }
}

TEST_CASE("a closed channel takes nothing more and gives what is left", "[channel]") {
  mb::explore(
      [](mb::manual_options const& seeded) {
        mb::manual_runtime rt(seeded);
        mb::channel<int> ch(2);
        auto sender = mb::remote([ch]() -> mb::task<int> {
          int sent = 0;
          while (co_await ch.send(sent)) ++sent;
          co_return sent;
        })();
        auto plain_sender = mb::remote([ch] { return mb::get(ch.send(7)); })();
        rt.run_until_idle();
        REQUIRE_FALSE(ch.closed());
        ch.close();
        ch.close();
        REQUIRE(ch.closed());
        REQUIRE_FALSE(ch.try_send(1));
        REQUIRE_FALSE(mb::get(ch.send(1)));
        int const sent = mb::get(sender) + (mb::get(plain_sender) ? 1 : 0);
        REQUIRE(sent == 2);
        REQUIRE(mb::get(mb::remote(receive_all)(ch)).size() == 2);
        REQUIRE(mb::get(ch.receive()) == std::nullopt);
        REQUIRE(ch.try_receive() == std::nullopt);
      },
      {.seeds = 50});
}

TEST_CASE("receivers that wait when a channel closes learn that it is over", "[channel]") {
  mb::manual_runtime rt;
  mb::channel<int> ch(2);
  auto coroutine = mb::remote(receive_all)(ch);
  auto plain = mb::remote([ch] { return mb::get(ch.receive()).has_value(); })();
  rt.run_until_idle();
  ch.close();
  CHECK(mb::get(coroutine).empty());
  CHECK_FALSE(mb::get(plain));
}

TEST_CASE("what could not be sent is not moved from, or comes back", "[channel]") {
  mb::manual_runtime rt;
  mb::channel<std::unique_ptr<int>> ch(1);
  auto x = std::make_unique<int>(1), y = std::make_unique<int>(2);
  CHECK(ch.try_send(std::move(x)));
  CHECK(x == nullptr);
  CHECK_FALSE(ch.try_send(std::move(y)));
  REQUIRE(y != nullptr);
  auto sending = ch.send(std::move(y));
  CHECK_THROWS_AS(mb::get(sending, 1s), mb::timeout_error);
  ch.close();
  CHECK_FALSE(mb::get(sending));
  y = std::move(sending).unsent();
  CHECK(*y == 2);
  CHECK_FALSE(ch.try_send(std::move(y)));
  CHECK(y != nullptr);
  CHECK(**mb::get(ch.receive()) == 1);
}

TEST_CASE("a receive or a send that was given up in time can be waited for again", "[channel]") {
  mb::manual_runtime rt;
  mb::channel<int> ch(1);
  auto receiving = ch.receive();
  CHECK_THROWS_AS(mb::get(receiving, 1s), mb::timeout_error);
  CHECK(mb::get(ch.send(1)));
  CHECK(ch.size() == 1);  // who gave up does not get it
  CHECK(mb::get(receiving, 1s) == 1);
  CHECK(mb::get(ch.send(2)));
  auto sending = ch.send(3);
  CHECK_THROWS_AS(mb::get(sending, 0s), mb::timeout_error);
  CHECK(mb::get(mb::remote([&]() -> mb::task<bool> {
    bool timed_out = false;
    try {
      static_cast<void>(co_await mb::timeout(sending, 1s));
    } catch (mb::timeout_error const&) { timed_out = true; }
    co_return timed_out;
  })()));
  CHECK(mb::get(ch.receive()) == 2);
  CHECK(ch.size() == 0);
  CHECK(mb::get(sending, 1s));
  CHECK(mb::get(ch.receive()) == 3);
}

TEST_CASE("nothing has happened to who waits in vain for a channel", "[channel]") {
  mb::manual_runtime rt;
  mb::channel<int> ch(1);
  CHECK_THROWS_AS(mb::get(ch.receive()), mb::deadlock_error);
  REQUIRE(ch.try_send(1));
  CHECK_THROWS_AS(mb::get(ch.send(2)), mb::deadlock_error);
  CHECK(ch.size() == 1);
  CHECK(mb::get(ch.receive()) == 1);
  CHECK(ch.try_receive() == std::nullopt);
}

TEST_CASE("copies of a channel, also moved ones, name the same queue; what is left dies with the last", "[channel]") {
  auto const item = std::make_shared<int>(5);
  {
    mb::channel<std::shared_ptr<int>> a(4);
    auto b = a;
    auto c = std::move(a);
    CHECK(a.try_send(item));  // NOLINT: a moved channel is a copied one
    CHECK(b.try_send(item));
    CHECK(c.size() == 2);
    CHECK(item.use_count() == 3);
    CHECK(c.try_receive() == item);
    CHECK(item.use_count() == 2);
  }
  CHECK(item.use_count() == 1);
}

TEST_CASE("an item whose move throws stays where it is", "[channel]") {
  {
    mb::manual_runtime rt;
    mb::channel<fragile> ch(2);
    fragile x(1);
    fragile::throws = true;
    CHECK_THROWS_AS(ch.try_send(std::move(x)), std::domain_error);
    CHECK_THROWS_AS(mb::get(ch.send(std::move(x))), std::domain_error);
    CHECK(ch.size() == 0);
    fragile::throws = false;
    CHECK(mb::get(ch.send(std::move(x))));
    CHECK(ch.try_send(fragile(2)));
    fragile::throws = true;
    CHECK_FALSE(ch.try_send(std::move(x)));
    auto receiving = ch.receive();
    CHECK_THROWS_AS(mb::get(receiving), std::domain_error);
    fragile::throws = false;
    CHECK(receiving.result()->value == 1);  // it waits in the operation
    CHECK(mb::get(ch.receive())->value == 2);
  }
  CHECK(fragile::alive == 0);
}

TEST_CASE("a select takes one item of many channels, and the others keep theirs", "[channel]") {
  mb::explore(
      [](mb::manual_options const& seeded) {
        mb::manual_runtime rt(seeded);
        mb::channel<int> a(1), b(1), c(1);
        auto const of_two = [](mb::channel<int> x, mb::channel<int> y) -> mb::task<int> {
          for (int sum = 0;;) {
            auto const one = co_await mb::select(x.receive(), y.receive());
            auto const item = one.index() == 0 ? std::get<0>(one) : std::get<1>(one);
            if (!item) co_return sum;
            sum += *item;
          }
        };
        auto const of_three = [=] {  // a plain task
          for (int sum = 0;;) {
            auto const one = mb::get(mb::select(a.receive(), b.receive(), c.receive()));
            auto const item = std::visit([](auto const& x) { return x; }, one);
            if (!item) return sum;
            sum += *item;
          }
        };
        auto s1 = mb::remote(send_range)(a, 0, 10);
        auto s2 = mb::remote(send_range)(b, 10, 20);
        auto s3 = mb::remote(send_range)(c, 20, 30);
        auto r1 = mb::remote(of_two)(a, b);
        auto r2 = mb::remote(of_two)(b, c);
        auto r3 = mb::remote(of_three)();
        mb::get(s1, s2, s3);
        for (auto const& ch : {a, b, c}) ch.close();
        int sum = mb::get(r1) + mb::get(r2) + mb::get(r3);
        for (auto const& ch : {a, b, c})
          while (auto const x = ch.try_receive()) sum += *x;
        REQUIRE(sum == 29 * 30 / 2);
      },
      {.seeds = 200});
}

TEST_CASE("a send that loses its select has not sent", "[channel]") {
  mb::explore(
      [](mb::manual_options const& seeded) {
        mb::manual_runtime rt(seeded);
        mb::channel<int> ch(1), quit(1);
        auto sender = mb::remote([=]() -> mb::task<int> {
          for (int sent = 0;; ++sent) {
            auto const done = co_await mb::select(ch.send(sent), quit.receive());
            if (done.index() == 1) co_return sent;
          }
        })();
        auto receiver = mb::remote([=]() -> mb::task<int> {
          int in_order = 0;
          for (int got = 0; got < 5; ++got) {
            auto const x = co_await ch.receive();
            if (x == got) ++in_order;
          }
          quit.close();
          co_return in_order;
        })();
        int const sent = mb::get(sender);
        int received = mb::get(receiver);
        while (auto const x = ch.try_receive()) REQUIRE(*x == received++);
        REQUIRE(sent == received);
      },
      {.seeds = 300});
}

TEST_CASE("a select that sends to a channel and receives from it does not serve itself", "[channel]") {
  mb::manual_runtime rt;
  mb::channel<int> ch(1);
  auto first_sends = mb::get(mb::select(ch.send(1), ch.receive()));
  CHECK(first_sends.index() == 0);
  auto then_receives = mb::get(mb::select(ch.send(2), ch.receive()));
  CHECK(then_receives.index() == 1);
  CHECK(*std::get<1>(then_receives) == 1);
  CHECK(ch.size() == 0);
}

TEST_CASE("each item is received once, whatever gives up meanwhile", "[channel]") {
  mb::explore(
      [](mb::manual_options const& seeded) {
        std::vector<int> seen(60);
        mb::manual_runtime rt(seeded);
        mb::channel<int> a(1), b(2);
        std::mt19937_64 random(seeded.seed);
        std::vector<mb::future<void>> senders, receivers;
        for (int s = 0; s < 6; ++s)
          senders.push_back(mb::remote([=](std::uint64_t r) -> mb::task<> {
            for (int i = s * 10; i < s * 10 + 10;) {
              bool sent = true;
              try {
                if (r++ % 3 == 0)
                  static_cast<void>(co_await mb::select(a.send(i), b.send(i)));
                else if (r % 3 == 0)
                  sent = co_await mb::timeout(a.send(i), std::chrono::milliseconds(r % 7));
                else
                  sent = co_await b.send(i);
              } catch (mb::timeout_error const&) { sent = false; }
              if (sent) ++i;
            }
          })(random()));
        for (int n = 0; n < 5; ++n)
          receivers.push_back(mb::remote([&seen, a, b](std::uint64_t r) -> mb::task<> {
            for (;;) {
              std::optional<int> got;
              try {
                if (r++ % 2 == 0) {
                  auto const one = co_await mb::select(b.receive(), a.receive(), mb::sleep_for(1ms));
                  if (one.index() == 2) continue;
                  got = one.index() == 0 ? std::get<0>(one) : std::get<1>(one);
                } else {
                  got = co_await mb::timeout(r % 4 == 1 ? a.receive() : b.receive(), std::chrono::milliseconds(r % 5));
                }
              } catch (mb::timeout_error const&) { continue; }
              if (!got) co_return;
              ++seen[static_cast<std::size_t>(*got)];
            }
          })(random()));
        mb::get(senders);
        auto drain = [&](mb::channel<int>& ch) {
          while (auto const x = ch.try_receive()) ++seen[static_cast<std::size_t>(*x)];
        };
        drain(a), drain(b);
        a.close(), b.close();
        mb::get(receivers);
        for (int n : seen) REQUIRE(n == 1);
      },
      {.seeds = 300});
}
