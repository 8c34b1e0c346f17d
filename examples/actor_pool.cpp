// Actors that share work: each has loaded something that takes a while, here a table of primes, and a pool gives the next
// request to whichever is free. A request that fails stops nothing, nor does a member that dies.

#include <mobula/mobula.hpp>

#include <cstdio>
#include <stdexcept>
#include <string>
#include <vector>

namespace mb = mobula;

namespace {

class factorizer {
 public:
  explicit factorizer(int limit) {
    for (int n = 2; n <= limit; ++n)
      if (is_prime(n)) primes_.push_back(n);
  }

  std::string factorize(int n) {
    if (n == 666) mb::exit_actor();  // of this one it dies
    if (n < 1) throw std::domain_error(std::to_string(n) + " has no factors");
    std::string text = std::to_string(n) + " is";
    for (int p : primes_)
      for (; n % p == 0; n /= p) (text += ' ') += std::to_string(p);
    return n == 1 ? text : text + ' ' + std::to_string(n);
  }

 private:
  bool is_prime(int n) const {
    for (int p : primes_)
      if (p * p <= n && n % p == 0) return false;
    return true;
  }
  std::vector<int> primes_;
};

}  // namespace

int main() {
  mb::runtime const ray;
  std::vector<mb::actor<factorizer>> members;
  for (int i = 0; i < 3; ++i) members.push_back(mb::make_actor<factorizer>(1000));

  // [pool]
  mb::actor_pool<factorizer> const pool(members);
  mb::future<std::string> first = pool.submit<&factorizer::factorize>(1001);  // waits for a free member, not here
  std::vector const numbers{12, -3, 97, 666, 1024};
  std::vector<mb::outcome<std::string>> all = pool.map_outcomes<&factorizer::factorize>(numbers);
  // [/pool]
  std::printf("%s\n", mb::get(first).c_str());
  for (auto const& o : all) std::printf("%s\n", o.has_value() ? o.get().c_str() : o.failure()->message().c_str());

  // [unordered]
  long long sum = 0;
  for (auto [index, text] : pool.map_unordered<&factorizer::factorize>(std::vector{4, 6, 8, 9}))  // as they come
    sum += static_cast<long long>(index + text.size());
  // [/unordered]
  std::printf("a checksum of the others: %lld\n", sum);

  // [unordered_outcomes]
  for (auto const& [index, text] : pool.map_unordered_outcomes<&factorizer::factorize>(std::vector{5, -7}))
    if (!text.has_value()) std::printf("number %zu: %s\n", index, text.failure()->message().c_str());
  // [/unordered_outcomes]

  // [router]
  mb::actor_router<factorizer> const router(members);
  mb::actor<factorizer> const hers = router.by_key(std::string("Ada")).handle();  // or .next(), or .least_loaded()
  // [/router]
  bool const same = router.by_key(std::string("Ada")).handle() == hers;
  std::printf("Ada always has the same one: %s; members left in the pool: %zu\n", same ? "yes" : "no", pool.size());
}
