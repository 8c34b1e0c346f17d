#pragma once

#include <mobula/requirements.hpp>

#include <functional>
#include <type_traits>
#include <variant>

namespace mobula::detail {

/// A value in a tuple of results: void as std::monostate.
template <class T>
using non_void = std::conditional_t<std::is_void_v<T>, std::monostate, T>;

/// A value in a list of results: a reference as std::reference_wrapper.
template <class T>
using list_element = std::conditional_t<std::is_reference_v<T>, std::reference_wrapper<std::remove_reference_t<T>>, T>;

/// A value in a variant of results.
template <class T>
using variant_element = list_element<non_void<T>>;

}  // namespace mobula::detail
