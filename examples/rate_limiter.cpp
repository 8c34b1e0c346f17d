// Two actors in front of a slow service: a cache in which those who ask for the same thing at the same time share one
// request, and a limiter that lets so many requests a second through. The limiter's mailbox is bounded, so whoever asks for
// too much waits where it asks, instead of in an ever longer queue.
//
//     rate_limiter [clients] [requests a second]     40 and 100 without the arguments

#include <mobula/mobula.hpp>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>
#include <vector>

namespace mb = mobula;
using namespace std::chrono_literals;
using clock_type = std::chrono::steady_clock;

namespace {

// The slow service; it counts what it is asked.
class service {
 public:
  mb::task<std::string> fetch(int page) {
    ++requests_;
    co_await mb::sleep_for(20ms);
    co_return "page " + std::to_string(page);
  }
  int requests() const { return requests_; }

 private:
  int requests_ = 0;
};

// [limiter]
// Serial: while one request waits for its moment, the others wait in the mailbox, in order.
class limiter {
 public:
  limiter(mb::actor<service> s, double per_second) : service_(std::move(s)), gap_(1 / per_second) {}

  mb::task<mb::future<std::string>> fetch(int page) {
    auto const now = clock_type::now();
    if (now < next_) co_await mb::sleep_for(next_ - now);
    next_ = std::max(now, next_) + std::chrono::duration_cast<clock_type::duration>(gap_);
    co_return service_.call<&service::fetch>(page);
  }

 private:
  mb::actor<service> service_;
  std::chrono::duration<double> gap_;
  clock_type::time_point next_;
};
// [/limiter]

// [cache]
// Reentrant: while one call waits for room in the limiter's mailbox, others find what is there, or on its way.
class cache {
 public:
  explicit cache(mb::actor<limiter> l) : limiter_(std::move(l)) {}

  mb::task<std::string> get(int page) {
    auto const [at, is_new] = pages_.try_emplace(page);
    if (is_new) {
      mb::promise<std::string> answer;
      at->second = answer.get_future();
      ++misses_;
      mb::future<std::string> const f = co_await limiter_.async_call<&limiter::fetch>(page);
      answer.set_value(co_await f);
    }
    co_return co_await pages_.at(page);
  }
  int misses() const { return misses_; }

 private:
  mb::actor<limiter> limiter_;
  std::map<int, mb::future<std::string>> pages_;
  int misses_ = 0;
};
// [/cache]

// Asks for some pages, by the cache's name; tells how many it got right.
mb::task<int> client(int number, int pages) {
  auto const c = mb::get_actor<cache>("pages");
  int right = 0;
  for (int i = 0; i < 10; ++i) {
    int const page = (number * 7 + i * i) % pages;
    if (co_await c.call<&cache::get>(page) == "page " + std::to_string(page)) ++right;
  }
  co_return right;
}

}  // namespace

int main(int argc, char** argv) {
  int const clients = argc > 1 ? std::atoi(argv[1]) : 40;
  double const per_second = argc > 2 ? std::atof(argv[2]) : 100;
  constexpr int pages = 50;
  mb::runtime const ray({.num_cpus = 2});
  // [make]
  auto const slow = mb::make_actor<service>.options({.concurrency = mb::reentrant})();
  auto const limited = mb::make_actor<limiter>.options({.mailbox = 8})(slow, per_second);
  auto const c = mb::make_actor<cache>.options({.name = "pages", .concurrency = mb::reentrant})(limited);
  // [/make]

  auto const start = clock_type::now();
  std::vector<mb::future<int>> all;
  for (int i = 0; i < clients; ++i) all.push_back(mb::remote(client)(i, pages));
  int right = 0;
  for (int n : mb::get(all)) right += n;
  std::chrono::duration<double> const took = clock_type::now() - start;

  std::printf("%d clients got %d of %d pages right\n", clients, right, clients * 10);
  int const requests = mb::get(slow.call<&service::requests>());
  std::printf("the service was asked %d times for %d different pages\n", requests, mb::get(c.call<&cache::misses>()));
  std::printf("no more than %.0f requests a second: %s, it took %.2f s\n", per_second,
              took.count() >= (requests - 1) / per_second ? "yes" : "no", took.count());
}
