#include <mobula/core/explore.hpp>

#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <string>

#include "printable.hpp"

namespace mobula {
namespace {

std::optional<std::uint64_t> seed_of_environment() {
  char const* const text = std::getenv("MOBULA_SEED");
  if (text == nullptr || *text == '\0') return {};
  char const* const end = text + std::strlen(text);
  std::uint64_t seed = 0;
  if (auto const [stop, error] = std::from_chars(text, end, seed); error != std::errc() || stop != end)
    throw std::invalid_argument(std::string("mobula: MOBULA_SEED is '") + text +
                                "': it must be a number from 0 to 2^64-1");
  return seed;
}

std::string message_of(std::exception_ptr const& e) {
  try {
    std::rethrow_exception(e);
  } catch (std::exception const& known) { return known.what(); } catch (...) {
    return "an exception that is no std::exception";  // as a test framework's own
  }
}

void tell(failed_seed const& f) {
  auto const seed = static_cast<unsigned long long>(f.seed);
  std::fprintf(stderr,
               "mobula: explore: fails with seed %llu: %s\n  to replay it: MOBULA_SEED=%llu, or {.seed = %llu}\n", seed,
               detail::printable(message_of(f.error)).c_str(), seed, seed);
}

}  // namespace

void explore(std::function<void(manual_options const&)> const& test, explore_options const& options) {
  auto only = seed_of_environment();
  if (!only) only = options.seed;
  if (!only && options.seeds == 0)
    throw std::invalid_argument("mobula: explore_options::seeds is 0: nothing would run");
  std::uint64_t const first = only.value_or(0), count = only ? 1 : options.seeds;
  for (std::uint64_t i = 0; i < count; ++i) {
    try {
      test({.seed = first + i});
    } catch (...) {
      failed_seed const failed{first + i, std::current_exception()};
      options.on_failure ? options.on_failure(failed) : tell(failed);
      throw;
    }
  }
}

}  // namespace mobula
