#pragma once

#include <mobula/core/exception_predicate.hpp>

namespace mobula {

/// A task is tried again after exceptions of these types.
///
///     .max_retries = 3, .retry_if = mb::retry_on<connection_lost, mb::timeout_error>()
template <class... Es>
[[nodiscard]] exception_predicate retry_on() {
  static_assert(sizeof...(Es) > 0, "mobula::retry_on: name the types of exceptions, or leave out retry_if for all");
  return detail::is_one_of<Es...>();
}

}  // namespace mobula
