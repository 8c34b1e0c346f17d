// Channels, generators and streams: each item is received once, whatever closes, times out or loses a select meanwhile.
#include <mobula/mobula.hpp>

#include "support/catch.hpp"
#include "support/watchdog.hpp"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <random>
#include <thread>
#include <vector>

namespace mb = mobula;
using mobula::test::repeats;
using mobula::test::watchdog;
using mobula::test::workers;
using namespace std::chrono_literals;

namespace {

mb::runtime_options options() { return {.num_cpus = static_cast<unsigned>(workers())}; }

struct item {
  int sender;
  int number;
};

// What has been sent and received, by sender and number.
class ledger {
 public:
  ledger(int senders, int numbers)
      : numbers_(static_cast<std::size_t>(numbers)), counts_(static_cast<std::size_t>(senders) * numbers_) {}
  void sent(item const& i) { at(i) += 1000; }
  void received(item const& i) { ++at(i); }
  // How many items are neither untouched nor sent and received once.
  [[nodiscard]] int wrong() const {
    int n = 0;
    for (auto const& c : counts_) n += c != 0 && c != 1001 ? 1 : 0;
    return n;
  }
  [[nodiscard]] int exchanged() const {
    int n = 0;
    for (auto const& c : counts_) n += c == 1001 ? 1 : 0;
    return n;
  }

 private:
  std::atomic<int>& at(item const& i) {
    return counts_[static_cast<std::size_t>(i.sender) * numbers_ + static_cast<std::size_t>(i.number)];
  }
  std::size_t numbers_;
  std::vector<std::atomic<int>> counts_;
};

// Whether a receiver finds each sender's items in order.
class order {
 public:
  explicit order(int senders) : last_(static_cast<std::size_t>(senders), -1) {}
  bool keeps(item const& i) { return i.number > std::exchange(last_[static_cast<std::size_t>(i.sender)], i.number); }

 private:
  std::vector<int> last_;
};

mb::task<> send_all(mb::channel<item> to, ledger& book, int sender, int n) {
  for (int i = 0; i < n; ++i) {
    item const x{sender, i};
    book.sent(x);
    static_cast<void>(co_await to.send(x));
  }
}

}  // namespace

TEST_CASE("many senders and receivers: coroutines, plain tasks and threads") {
  watchdog const dog("senders and receivers");
  mb::runtime const rt(options());
  for (int r = 0; r < 5 * repeats(); ++r) {
    constexpr int senders = 6, numbers = 500;
    ledger book(senders, numbers);
    std::atomic<int> disorder{0};
    mb::channel<item> ch(static_cast<std::size_t>(1 + r * 3));
    auto const receive = [&, ch] {
      order in_order(senders);
      for (item const x : mb::each(ch)) {
        book.received(x);
        if (!in_order.keeps(x)) ++disorder;
      }
    };
    auto const receive_in_coroutine = [&, ch]() -> mb::task<> {
      order in_order(senders);
      while (auto const x = co_await ch.receive()) {
        book.received(*x);
        if (!in_order.keeps(*x)) ++disorder;
      }
    };
    std::vector<mb::future<void>> sending, receiving;
    for (int s = 0; s < senders - 1; ++s) {
      if (s % 2 == 0)
        sending.push_back(mb::remote(send_all)(ch, std::ref(book), s, numbers));
      else
        sending.push_back(mb::remote([&book, ch, s] {
          for (int i = 0; i < numbers; ++i) {
            book.sent({s, i});
            static_cast<void>(mb::get(ch.send(item{s, i})));
          }
        })());
      receiving.push_back(s % 2 == 0 ? mb::remote(receive)() : mb::remote(receive_in_coroutine)());
    }
    std::thread receiver(receive);
    for (int i = 0; i < numbers; ++i) {
      book.sent({senders - 1, i});
      static_cast<void>(mb::get(ch.send(item{senders - 1, i})));
    }
    mb::get(sending);
    ch.close();
    mb::get(receiving);
    receiver.join();
    REQUIRE(book.exchanged() == senders * numbers);
    REQUIRE(disorder == 0);
  }
}

TEST_CASE("senders and receivers give up at random, select, and a channel closes at any moment") {
  watchdog const dog("giving up at random");
  mb::runtime const rt(options());
  for (unsigned r = 0; r < 40 * static_cast<unsigned>(repeats()); ++r) {
    constexpr int senders = 6, numbers = 100;
    ledger book(senders, numbers);
    mb::channel<item> a(1 + r % 3), b(1);
    mb::channel<int> quit(1);
    auto const send = [&book, a, b, quit](int s, unsigned seed) -> mb::task<> {
      std::mt19937 random(seed);
      for (int i = 0; i < numbers; ++i) {
        item const x{s, i};
        bool sent = false;
        try {
          switch (random() % 4) {
            case 0: sent = co_await a.send(x); break;
            case 1: sent = co_await mb::timeout(b.send(x), std::chrono::microseconds(random() % 100)); break;
            case 2: {
              auto const one = co_await mb::select(b.send(x), a.send(x));
              sent = one.index() == 0 ? std::get<0>(one) : std::get<1>(one);
              break;
            }
            default: {
              auto const one = co_await mb::select(a.send(x), quit.receive());
              sent = one.index() == 0 && std::get<0>(one);
            }
          }
        } catch (mb::timeout_error const&) {}
        if (sent) book.sent(x);
      }
    };
    auto const receive = [&book, a, b](unsigned seed) {  // a plain task
      std::mt19937 random(seed);
      for (;;) {
        std::optional<item> x;
        try {
          if (random() % 2 == 0) {
            auto const one = mb::get(mb::select(a.receive(), b.receive()));
            x = one.index() == 0 ? std::get<0>(one) : std::get<1>(one);
          } else {
            x = mb::get(random() % 2 == 0 ? a.receive() : b.receive(), std::chrono::microseconds(random() % 100));
          }
        } catch (mb::timeout_error const&) { continue; }
        if (!x) return;
        book.received(*x);
      }
    };
    std::vector<mb::future<void>> sending, receiving;
    for (int s = 0; s < senders; ++s) {
      sending.push_back(mb::remote(send)(s, r * 100 + static_cast<unsigned>(s)));
      if (s < 4) receiving.push_back(mb::remote(receive)(r * 100 + 50 + static_cast<unsigned>(s)));
    }
    if (r % 2 == 0) mb::get(sending);
    std::this_thread::sleep_for(std::chrono::microseconds(r * 37 % 3000));
    quit.close(), a.close(), b.close();
    mb::get(sending);
    mb::get(receiving);
    for (auto const& ch : {a, b})
      while (auto const x = ch.try_receive()) book.received(*x);
    REQUIRE(book.wrong() == 0);
  }
}

TEST_CASE("a plain task's steps of a generator give up while it goes on, and it is dropped at any moment") {
  watchdog const dog("generators");
  mb::runtime const rt(options());
  std::atomic<int> alive{0};
  struct counted {
    explicit counted(std::atomic<int>& n) : n_(n) { ++n_; }
    ~counted() { --n_; }
    std::atomic<int>& n_;
  };
  auto const numbers = [&alive](unsigned seed) -> mb::generator<int> {
    counted const c(alive);
    std::mt19937 random(seed);
    for (int i = 0;; ++i) {
      if (random() % 4 == 0) co_await mb::sleep_for(std::chrono::microseconds(random() % 100));
      if (random() % 4 == 0) co_await mb::yield();
      co_yield i;
    }
  };
  auto const read = [&numbers](unsigned seed) {
    std::mt19937 random(seed);
    auto g = numbers(seed);
    for (int next = 0, last = static_cast<int>(random() % 200); next < last;) {
      try {
        auto const x =
            random() % 2 == 0 ? mb::get(g.next()) : mb::get(g.next(), std::chrono::microseconds(random() % 60));
        if (x != next) return 1;
        ++next;
      } catch (mb::timeout_error const&) {
        if (random() % 50 == 0) return 0;  // drops it while the step runs
      }
    }
    return 0;
  };
  auto const read_in_coroutine = [&numbers](unsigned seed) -> mb::task<int> {
    std::mt19937 random(seed);
    auto g = numbers(seed);
    for (int next = 0, last = static_cast<int>(random() % 200); next < last;) {
      std::optional<int> x;
      bool timed_out = false;
      try {
        if (random() % 2 == 0)
          x = co_await g.next();
        else
          x = co_await mb::timeout(g.next(), std::chrono::microseconds(random() % 60));
      } catch (mb::timeout_error const&) { timed_out = true; }
      if (timed_out && random() % 50 == 0) co_return 0;
      if (timed_out) continue;
      if (x != next) co_return 1;
      ++next;
    }
    co_return 0;
  };
  int wrong = 0;
  for (unsigned r = 0; r < 10 * static_cast<unsigned>(repeats()); ++r) {
    std::vector<mb::future<int>> readers;
    for (unsigned i = 0; i < 10; ++i) {
      readers.push_back(mb::remote(read)(r * 100 + i));
      readers.push_back(mb::remote(read_in_coroutine)(r * 100 + 50 + i));
    }
    wrong += read(r);
    for (int const w : mb::get(readers)) wrong += w;
  }
  REQUIRE(wrong == 0);
  auto const limit = std::chrono::steady_clock::now() + 10s;
  while (alive != 0 && std::chrono::steady_clock::now() < limit) std::this_thread::yield();
  REQUIRE(alive == 0);
}

TEST_CASE("streams are read, selected over and dropped while their tasks run") {
  watchdog const dog("streams");
  for (unsigned r = 0; r < 10 * static_cast<unsigned>(repeats()); ++r) {
    mb::runtime const rt(options());
    auto const numbers = [](int n, unsigned seed) -> mb::generator<std::unique_ptr<int>> {
      std::mt19937 random(seed);
      for (int i = 0; i < n; ++i) {
        if (random() % 16 == 0) co_await mb::sleep_for(std::chrono::microseconds(random() % 50));
        co_yield std::make_unique<int>(i);
      }
    };
    auto const source = mb::remote(numbers).options({.stream_capacity = 1 + r % 5});
    auto const read_two = [&source](unsigned seed) -> mb::task<int> {
      auto a = source(200, seed), b = source(200, seed + 1);
      int next_a = 0, next_b = 0;
      for (;;) {
        auto const one = co_await mb::select(a.next(), b.next());
        auto const& x = one.index() == 0 ? std::get<0>(one) : std::get<1>(one);
        if (!x) break;
        int& next = one.index() == 0 ? next_a : next_b;
        if (**x != next++) co_return -1;
      }
      while (auto const x = co_await a.next())
        if (**x != next_a++) co_return -1;
      while (auto const x = co_await b.next())
        if (**x != next_b++) co_return -1;
      co_return next_a + next_b;
    };
    auto const read_some = [&source](unsigned seed) {
      int n = 0;
      for (auto x : source(1'000'000, seed)) {
        if (*x != n) return -1;
        if (++n == static_cast<int>(seed % 100)) break;
      }
      return n;
    };
    std::vector<mb::future<int>> all, some;
    for (unsigned i = 0; i < 6; ++i) {
      all.push_back(mb::remote(read_two)(r * 100 + i));
      some.push_back(mb::remote(read_some)(1 + i * 7));
    }
    REQUIRE(read_some(50) == 50);
    for (int const n : mb::get(all)) REQUIRE(n == 400);
    for (std::size_t i = 0; i < 6; ++i) REQUIRE(mb::get(some[i]) == static_cast<int>(1 + i * 7));
    auto const dropped = source(1'000'000, r);  // the runtime ends after it
  }
}
