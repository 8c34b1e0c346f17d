// Options that stand in a co_await expression, where g++ 12 copies temporaries byte by byte and destroys both copies.
#include <mobula/mobula.hpp>

#include "support/catch.hpp"

#include <cstddef>
#include <exception>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace mb = mobula;

namespace {

std::string const long_name = "a name that is too long for a string to keep in itself";

mb::task<int> twice(int n) { co_return 2 * n; }

mb::task<int> with_retries(int n) { co_return co_await mb::remote(twice).options({.max_retries = 1})(n); }

mb::task<int> with_all(int n, std::shared_ptr<int> const held) {
  auto const may_retry = [held](std::exception_ptr const&) { return *held == 7; };
  std::map<std::string, double> const some{{long_name, 1}};
  co_return co_await mb::remote(twice).options(
      {.name = long_name, .resources = some, .max_retries = 1, .retry_if = may_retry})(n);
}

mb::task<int> with_progress(std::shared_ptr<int> const held) {
  auto const progress = [held](std::size_t, std::size_t) { ++*held; };
  std::vector<int> const items{1, 2, 3};
  int sum = 0;
  for (int const n : co_await mb::async_map(twice, items, {.chunk = 1, .progress = progress})) sum += n;
  co_return sum;
}

}  // namespace

TEST_CASE("task_options in a co_await expression are destroyed once") {
  mb::manual_runtime rt({.resources = {{long_name, 1}}});
  auto const held = std::make_shared<int>(7);
  for (int i = 0; i < 20; ++i) {
    CHECK(mb::get(mb::remote(with_retries)(i)) == 2 * i);
    CHECK(mb::get(mb::remote(with_all)(i, held)) == 2 * i);
  }
  CHECK(held.use_count() == 1);
}

TEST_CASE("map_options in a co_await expression are destroyed once") {
  mb::manual_runtime rt;
  auto const held = std::make_shared<int>(7);
  for (int i = 0; i < 20; ++i) CHECK(mb::get(mb::remote(with_progress)(held)) == 12);
  CHECK(held.use_count() == 1);
  CHECK(*held > 7);
}
