#pragma once

// Catch2 in either of its shapes: version 3 is a library, version 2 one header.
#if __has_include(<catch2/catch_all.hpp>)
#include <catch2/catch_all.hpp>
#else
#include <catch2/catch.hpp>
#endif

#include <cstdlib>

namespace mobula::test {

/// A positive number from the environment, or else what is given.
inline int setting(char const* name, int otherwise) {
  char const* const text = std::getenv(name);
  int const value = text == nullptr ? 0 : std::atoi(text);
  return value > 0 ? value : otherwise;
}

/// How many workers a stress test is to run on: Meson runs each on 1, 2 and 8.
inline int workers() { return setting("MOBULA_TEST_WORKERS", 2); }

/// How often a stress test is to do its work; `tests/run --long` raises it.
inline int repeats() { return setting("MOBULA_TEST_REPEAT", 1); }

}  // namespace mobula::test
