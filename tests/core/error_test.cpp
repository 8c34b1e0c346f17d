#include "mobula/core/error.hpp"

#include <string>
#include <type_traits>

#include "support/catch.hpp"

namespace mb = mobula;

template <class E>
constexpr bool is_ours = std::is_base_of_v<mb::error, E> && std::is_base_of_v<std::runtime_error, E>;

TEST_CASE("every error of the library can be caught as mobula::error and as std::runtime_error", "[core]") {
  STATIC_REQUIRE(is_ours<mb::cancelled>);
  STATIC_REQUIRE(is_ours<mb::no_runtime>);
  STATIC_REQUIRE(is_ours<mb::deadlock_error>);
  STATIC_REQUIRE(is_ours<mb::too_many_blocked>);
}

TEST_CASE("cancelled says what happened", "[core]") {
  CHECK(std::string(mb::cancelled().what()).find("shut down") != std::string::npos);
}
