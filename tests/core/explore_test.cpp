#include "mobula/core/explore.hpp"

#include <cstdlib>
#include <set>
#include <stdexcept>
#include <vector>

#include "mobula/mobula.hpp"
#include "support/catch.hpp"

namespace mb = mobula;

namespace {

struct foreign {  // as a test framework throws: no std::exception
  int line;
};

// Sets MOBULA_SEED for a scope; what was set before does not matter to these tests.
struct seed_in_environment {
  explicit seed_in_environment(char const* text) { ::setenv("MOBULA_SEED", text, 1); }
  ~seed_in_environment() { ::unsetenv("MOBULA_SEED"); }
};

void quiet(mb::failed_seed const&) {}

// Two tasks that read, yield and write.
int lost_updates(mb::manual_options const& seeded) {
  int counter = 0;
  mb::manual_runtime rt(seeded);
  auto const increment = [&]() -> mb::task<> {
    int const read = counter;
    co_await mb::yield();
    counter = read + 1;
  };
  auto a = mb::remote(increment)(), b = mb::remote(increment)();
  mb::get(a, b);
  return 2 - counter;
}

}  // namespace

TEST_CASE("explore runs a test under each seed once", "[core]") {
  ::unsetenv("MOBULA_SEED");
  std::vector<std::uint64_t> seen;
  mb::explore([&](mb::manual_options const& o) { seen.push_back(mb::manual_runtime(o).seed()); }, {.seeds = 5});
  CHECK(seen == std::vector<std::uint64_t>{0, 1, 2, 3, 4});
}

TEST_CASE("explore finds a lost update, and its seed finds it again, every time", "[core]") {
  std::uint64_t seed = 0;
  auto const test = [](mb::manual_options const& o) {
    if (lost_updates(o) != 0) throw std::domain_error("lost");
  };
  CHECK_THROWS_AS(mb::explore(test, {.on_failure = [&](auto const& f) { seed = f.seed; }}), std::domain_error);
  for (int i = 0; i < 10; ++i)
    CHECK_THROWS_AS(mb::explore(test, {.seed = seed, .on_failure = quiet}), std::domain_error);
  std::set<int> outcomes;  // other seeds are fine
  for (std::uint64_t s = 0; s < 20; ++s) outcomes.insert(lost_updates({.seed = s}));
  CHECK(outcomes == std::set{0, 1});
}

TEST_CASE("what a test throws leaves explore as it is, whatever it is", "[core]") {
  int runs = 0;
  mb::failed_seed told{99, nullptr};
  try {
    mb::explore(
        [&](mb::manual_options const& o) {
          ++runs;
          if (o.seed == 3) throw foreign{7};
        },
        {.on_failure = [&](mb::failed_seed const& f) { told = f; }});
    FAIL("nothing was thrown");
  } catch (foreign const& f) { CHECK(f.line == 7); }
  CHECK(runs == 4);
  CHECK(told.seed == 3);
  CHECK_THROWS_AS(std::rethrow_exception(told.error), foreign);
}

TEST_CASE("MOBULA_SEED runs that seed alone, in spite of the options", "[core]") {
  seed_in_environment const set("18446744073709551615");
  std::vector<std::uint64_t> seen;
  mb::explore([&](mb::manual_options const& o) { seen.push_back(o.seed); }, {.seed = 5});
  CHECK(seen == std::vector<std::uint64_t>{18446744073709551615U});
}

TEST_CASE("a MOBULA_SEED that is no number is refused, and quoted", "[core]") {
  for (char const* const text : {"x", "-1", "1.5", "18446744073709551616", "7 "}) {
    seed_in_environment const set(text);
    CHECK_THROWS_AS(mb::explore([](auto const&) {}), std::invalid_argument);
    CHECK_THROWS_WITH(mb::explore([](auto const&) {}), Catch::Contains(std::string("'") + text + "'"));
  }
}

TEST_CASE("to explore no seed at all is refused", "[core]") {
  CHECK_THROWS_AS(mb::explore([](auto const&) {}, {.seeds = 0}), std::invalid_argument);
}
