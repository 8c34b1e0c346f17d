#pragma once

#include <mobula/core/exception_predicate.hpp>

#include <exception>

namespace mobula {

/// Tells of what a method has thrown whether its actor dies of that; else it is only the result of the call. May be
/// asked by several threads at once if methods run in parallel; what it throws itself counts as yes.
using death_predicate = exception_predicate;

/// The actor dies of exceptions of these types.
///
///     .dies_on = mb::dies_on<std::logic_error, corrupt_file>()
template <class... Es>
[[nodiscard]] death_predicate dies_on() {
  static_assert(sizeof...(Es) > 0, "mobula::dies_on: name the types of exceptions, or take mobula::dies_on_any()");
  return detail::is_one_of<Es...>();
}

/// The actor dies of whatever a method throws.
[[nodiscard]] inline death_predicate dies_on_any() {
  return [](std::exception_ptr const&) { return true; };
}

}  // namespace mobula
