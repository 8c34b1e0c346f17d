// How to find a race between tasks, replay it and see that it is gone. docs/testing.md tells the story.

#include <mobula/mobula.hpp>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <stdexcept>

namespace mb = mobula;
using namespace std::chrono_literals;

namespace {

bool bank_agrees(int amount) { return amount > 0; }

// [account]
class account {
 public:
  explicit account(int balance) : balance_(balance) {}

  mb::task<bool> withdraw(int amount) {
    if (balance_ < amount) co_return false;
    bool const agreed = co_await mb::remote(bank_agrees)(amount);  // takes a while
    if (agreed) balance_ -= amount;
    co_return agreed;
  }
  int balance() const { return balance_; }

 private:
  int balance_;
};
// [/account]

// [test]
void never_overdrawn(mb::manual_options const& seeded) {
  account savings(100);           // first what the tasks refer to,
  mb::manual_runtime rt(seeded);  // then what runs them
  auto const withdraw = [&] { return savings.withdraw(80); };
  auto a = mb::remote(withdraw)();
  auto b = mb::remote(withdraw)();
  mb::get(a, b);
  if (savings.balance() < 0) throw std::runtime_error("overdrawn");
}
// [/test]

// [fixed]
void never_overdrawn_as_actor(mb::manual_options const& seeded) {
  mb::manual_runtime rt(seeded);
  auto savings = mb::make_actor<account>(100);
  auto a = savings.call<&account::withdraw>(80);  // one call at a time: the next waits until this coroutine is over
  auto b = savings.call<&account::withdraw>(80);
  mb::get(a, b);
  if (mb::get(savings.call<&account::balance>()) < 0) throw std::runtime_error("overdrawn");
}
// [/fixed]

// The seed that `explore` finds for a test, if any. A test would just call mb::explore(test), and fail.
std::optional<std::uint64_t> failing_seed(void (*test)(mb::manual_options const&)) {
  std::optional<std::uint64_t> found;
  try {
    mb::explore(test, {.on_failure = [&](mb::failed_seed const& f) { found = f.seed; }});
  } catch (std::runtime_error const& e) { std::printf("seed %d: %s\n", static_cast<int>(*found), e.what()); }
  return found;
}

bool fails_again(std::uint64_t seed) {
  try {
    // [replay]
    mb::explore(never_overdrawn, {.seed = seed, .on_failure = [](mb::failed_seed const&) { /* set a breakpoint */ }});
    // [/replay]
  } catch (std::runtime_error const&) { return true; }
  return false;
}

// [long_sum]
mb::task<long> long_sum(long n) {
  long sum = 0;
  for (long i = 1; i <= n; ++i) {
    sum += i;
    if (i % 1000 == 0) co_await mb::yield();
  }
  co_return sum;
}
// [/long_sum]

// [backoff]
mb::task<int> attempts_until(mb::future<void> up) {
  for (int attempt = 1;; ++attempt) {
    if (up.ready()) co_return attempt;
    co_await mb::sleep_for(1min * (1 << attempt));  // 2, 4, 8 ... minutes
  }
}

int test_backoff() {
  mb::manual_runtime rt;
  auto up = mb::remote([]() -> mb::task<> { co_await mb::sleep_for(1h); })();
  auto attempts = mb::remote(attempts_until)(up);
  rt.advance(59min);
  if (attempts.ready()) throw std::runtime_error("it is not up yet");
  std::printf("after 59 minutes: %s\n", to_string(rt.pending()).c_str());
  rt.advance(1h);  // takes no time
  return mb::get(attempts);
}
// [/backoff]

}  // namespace

int main() {
  auto const seed = failing_seed(never_overdrawn);
  if (!seed) return std::puts("no race was found"), 1;
  std::printf("replay: %s\n", fails_again(*seed) ? "fails again" : "does not fail");
  std::printf("as an actor: %s\n", failing_seed(never_overdrawn_as_actor) ? "fails" : "right under 1000 seeds");
  std::printf("attempts: %d\n", test_backoff());
  mb::manual_runtime rt;
  std::printf("sum: %ld\n", mb::get(long_sum(10'000)));
}
