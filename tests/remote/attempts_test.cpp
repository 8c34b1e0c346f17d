#include "support/catch.hpp"

#include <mobula/mobula.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <stdexcept>
#include <string>

namespace mb = mobula;
using namespace std::chrono_literals;

namespace {

// Fails so many times, then gives the number of the attempt.
auto fails(int times, std::shared_ptr<int> n = std::make_shared<int>(0)) {
  return [=] {
    if (++*n <= times) throw std::runtime_error("attempt " + std::to_string(*n));
    return *n;
  };
}

}  // namespace

TEST_CASE("of many attempts the first and the last are kept, and their number") {
  mb::manual_runtime rt;
  for (int const retries : {7, 8, 99'999}) {
    auto f = mb::remote(fails(1'000'000)).options({.max_retries = retries})();
    rt.run_until_idle();
    auto const why = f.failure();
    REQUIRE(why);
    CHECK(why->attempt_count() == static_cast<std::size_t>(retries) + 1);
    auto const attempts = why->attempts();
    REQUIRE(attempts.size() == 8);
    std::string const last = std::to_string(retries + 1);
    CHECK(attempts[0].message() == "attempt 1");
    CHECK(attempts[3].message() == "attempt 4");
    CHECK(attempts[7].message() == "attempt " + last);
    std::string const report = why->report();
    CHECK(report.find("attempt 4: attempt 4,") != std::string::npos);
    CHECK(report.find("attempt " + last + ": attempt " + last + ",") != std::string::npos);
    CHECK((report.find("more attempts") != std::string::npos) == (retries > 7));
    CHECK((report.find("... 99,992 more attempts ...") != std::string::npos) == (retries == 99'999));
  }
}

TEST_CASE("with no retries nothing is tried again, whatever else is said of retries") {
  mb::manual_runtime rt;
  auto const n = std::make_shared<int>(0);
  auto const f =
      mb::remote(fails(5, n))
          .options({.max_retries = 0, .retry_if = mb::retry_on<std::runtime_error>(), .backoff = {.first = 1h}});
  CHECK_THROWS_AS(mb::get(f()), std::runtime_error);
  CHECK(*n == 1);
}

TEST_CASE("how an attempt fails that its limit has ended is nobody's to read") {
  int unread = 0;
  {
    mb::manual_runtime rt({.on_unread_failure = [&](mb::failure const&) { ++unread; }});
    auto const f = mb::remote([&rt] {
                     rt.advance(2s);
                     throw std::runtime_error("too late");
                   }).options({.timeout = 1s})();
    rt.run_until_idle();
    CHECK_THROWS_AS(mb::get(f), mb::deadline_error);
  }
  CHECK(unread == 0);
}
