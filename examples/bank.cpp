// A bank whose accounts crash at random, before and after they have moved money, and some of which are closed while
// transfers are under way; no cent is lost or made. A transfer takes its money from one account, gives it to the other, and
// if that refuses, brings it back: each step is a call of one actor, made again if the actor died of it, and done once.
//
//     bank [transfers]     5000 without the argument

#include <mobula/mobula.hpp>

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <random>
#include <set>
#include <utility>
#include <vector>

namespace mb = mobula;

namespace {

struct crash : std::exception {};
struct refused : std::exception {};  // a result of a call, of which an account does not die

// Lets one in ten steps crash. Each account has its own, which outlives the account's lives.
struct bad_luck {
  std::mt19937_64 random;
  int crashes = 0;
  void strike() {
    if (random() % 10 != 0) return;
    ++crashes;
    throw crash();
  }
};

// [account]
class account {
 public:
  account(long cents, bad_luck& luck) : books_{cents}, luck_(luck) {}

  void withdraw(int id, long cents) { enter({id, step::withdrawal}, -cents, books_.closed || books_.cents < cents); }
  void deposit(int id, long cents) { enter({id, step::deposit}, cents, books_.closed); }
  void bring_back(int id, long cents) { enter({id, step::refund}, cents, false); }
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
      if (refuse) throw refused();
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

// Tells how many transfers of some at random have arrived. Halfway, an account is closed.
mb::task<int> teller(std::vector<mb::actor<account>> all, unsigned seed, int first, int transfers) {
  std::mt19937_64 random(seed);
  auto const any = [&] { return all[random() % all.size()]; };
  int arrived = 0;
  for (int i = 0; i < transfers; ++i) {
    if (i == transfers / 2 && seed % 4 == 0) any().post<&account::close>();
    auto const from = any(), to = any();
    if (co_await transfer(from, to, first + i, static_cast<long>(random() % 2000))) ++arrived;
  }
  co_return arrived;
}

}  // namespace

int main(int argc, char** argv) {
  int const transfers = argc > 1 ? std::atoi(argv[1]) : 5000;
  constexpr int accounts = 20;
  constexpr long opening = 10'000;
  std::vector<bad_luck> luck;
  for (unsigned i = 0; i < accounts; ++i) luck.push_back({std::mt19937_64(i)});
  mb::runtime const ray;

  // [make]
  std::vector<mb::actor<account>> all;
  for (bad_luck& l : luck)
    all.push_back(mb::make_actor<account>.options({.max_restarts = -1,
                                                   .dies_on = mb::dies_on<crash>(),
                                                   .max_task_retries = -1,
                                                   .on_restart = &account::reopen_books})(opening, std::ref(l)));
  // [/make]

  std::vector<mb::future<int>> tellers;
  for (unsigned t = 0; t < 10; ++t)
    tellers.push_back(mb::remote(teller)(all, t, static_cast<int>(t) * 1'000'000, transfers / 10));
  int arrived = 0;
  for (int const a : mb::get(tellers)) arrived += a;

  long sum = 0;
  for (auto const& a : all) sum += mb::get(a.call<&account::cents>());
  int crashes = 0;
  for (bad_luck const& l : luck) crashes += l.crashes;
  std::printf("%d transfers, %d of them arrived, and %d crashes\n", transfers, arrived, crashes);
  std::printf("%ld cents in the bank, as at the beginning: %s\n", sum, sum == accounts * opening ? "yes" : "no");
  return sum == accounts * opening ? 0 : 1;
}
