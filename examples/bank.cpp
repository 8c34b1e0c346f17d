// A bank whose accounts crash at random, before and after they have moved money, and some of which are closed while
// transfers are under way; no cent is lost or made. A transfer takes its money from one account, gives it to the other, and
// if that refuses, brings it back: each step is a call of one actor, made again if the actor died of it, and done once.
//
//     bank [transfers [seed]]

#include <mobula/mobula.hpp>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <set>
#include <stdexcept>
#include <utility>
#include <vector>

namespace mb = mobula;

namespace {

struct crash : std::runtime_error {
  crash() : std::runtime_error("crash") {}
};
struct refused : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// Lets one in ten steps crash. Each account has its own, which outlives the account's lives.
class bad_luck {
 public:
  explicit bad_luck(std::uint64_t seed) : random_(seed) {}
  void strike() {
    if (random_() % 10 != 0) return;
    ++crashes_;
    throw crash();
  }
  int crashes() const { return crashes_; }

 private:
  std::mt19937_64 random_;
  int crashes_ = 0;
};

// [account]
class account {
 public:
  account(long cents, bad_luck& luck) : books_{cents}, luck_(luck) {}

  void withdraw(int transfer, long cents) {
    enter({transfer, step::withdrawal}, -cents, books_.closed || books_.cents < cents);
  }
  void deposit(int transfer, long cents) { enter({transfer, step::deposit}, cents, books_.closed); }
  void bring_back(int transfer, long cents) { enter({transfer, step::refund}, cents, false); }
  void close() { mb::save_state((books_.closed = true, books_)); }
  long cents() const { return books_.cents; }

  static void reopen_books(account& fresh, mb::saved_state const& last) {
    if (!last.empty()) fresh.books_ = last.get<books>();
  }

 private:
  enum class step { withdrawal, deposit, refund };
  struct books {
    long cents;
    bool closed = false;
    std::set<std::pair<int, step>> done = {};  // so that a call that is made again does nothing again
  };

  void enter(std::pair<int, step> entry, long cents, bool refuse) {
    luck_.strike();  // nothing has happened yet
    if (!books_.done.contains(entry)) {
      if (refuse) throw refused("no money, or closed");  // a result, of which the account does not die
      books_.cents += cents;
      books_.done.insert(entry);
      mb::save_state(books_);  // all at once: what the next life begins with
    }
    luck_.strike();  // it is entered, but the caller does not know
  }

  books books_;
  bad_luck& luck_;
};
// [/account]

// [transfer]
// Tells whether the money has arrived. What is refused is the result of a call; crashes are not seen here.
mb::task<bool> transfer(mb::actor<account> from, mb::actor<account> to, int id, long cents) {
  try {
    co_await from.call<&account::withdraw>(id, cents);
  } catch (refused const&) { co_return false; }
  try {
    co_await to.call<&account::deposit>(id, cents);
    co_return true;
  } catch (refused const&) {}  // nothing can be awaited in here
  co_await from.call<&account::bring_back>(id, cents);
  co_return false;
}
// [/transfer]

}  // namespace

int main(int argc, char** argv) {
  int const transfers = argc > 1 ? std::atoi(argv[1]) : 5000;
  std::uint64_t const seed = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 7;
  constexpr int accounts = 20;
  constexpr long opening = 10'000;
  std::vector<bad_luck> luck;
  for (int i = 0; i < accounts; ++i) luck.emplace_back(seed + static_cast<std::uint64_t>(i));
  mb::runtime const ray;

  // [make]
  std::vector<mb::actor<account>> all;
  for (bad_luck& l : luck)
    all.push_back(mb::make_actor<account>.options({.max_restarts = -1,
                                                   .dies_on = mb::dies_on<crash>(),
                                                   .max_task_retries = -1,
                                                   .on_restart = &account::reopen_books})(opening, std::ref(l)));
  // [/make]

  std::mt19937_64 random(seed);
  auto const any = [&] { return all[random() % accounts]; };
  std::vector<mb::future<bool>> done;
  for (int id = 0; id < transfers; ++id) {
    done.push_back(mb::remote(transfer)(any(), any(), id, static_cast<long>(random() % 200)));
    if (id == transfers / 2)
      for (int i = 0; i < 3; ++i) all[static_cast<std::size_t>(i)].post<&account::close>();
  }
  int arrived = 0;
  for (bool const a : mb::get(done)) arrived += a ? 1 : 0;

  long sum = 0;
  for (auto const& a : all) sum += mb::get(a.call<&account::cents>());
  int crashes = 0;
  for (bad_luck const& l : luck) crashes += l.crashes();
  std::printf("%d transfers, %d of them arrived, and %d crashes\n", transfers, arrived, crashes);
  std::printf("%ld cents in the bank, as at the beginning: %s\n", sum, sum == accounts * opening ? "yes" : "no");
  return sum == accounts * opening ? 0 : 1;
}
