#pragma once

#include <mobula/requirements.hpp>

#include <exception>
#include <functional>

namespace mobula {

/// Tells something of an exception: whether one retries because of it, or an actor dies of it. May be asked by several
/// threads at once.
using exception_predicate = std::function<bool(std::exception_ptr const&)>;

namespace detail {

/// Tells whether it is one of these types.
template <class... Es>
[[nodiscard]] exception_predicate is_one_of() {
  return [](std::exception_ptr const& e) {
    auto const is = [&e]<class E>(E*) {
      try {
        std::rethrow_exception(e);
      } catch (E const&) { return true; } catch (...) {
        return false;
      }
    };
    return (is(static_cast<Es*>(nullptr)) || ...);
  };
}

}  // namespace detail
}  // namespace mobula
