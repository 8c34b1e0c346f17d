#pragma once

#include <mobula/core/failure.hpp>
#include <mobula/core/overload.hpp>

#include <string>
#include <typeinfo>

namespace mobula {
namespace detail {

/// A type whose name tells the method's.
template <auto Method>
struct named_by {};

/// Names a method in options.
struct method_id {
  void const* key = nullptr;
  std::string (*name)() = nullptr;
};

template <auto Method>
struct method_key {
  static std::string name() { return readable_member_name(typeid(named_by<Method>)); }
  static constexpr char it = 0;  // its address is the key
};

}  // namespace detail

/// A method as the options of an actor name it.
///
///     mb::make_actor<cache>.options({.methods = {{mb::method<&cache::read>, mb::reentrant}}})
template <auto Method>
inline constexpr detail::method_id method{&detail::method_key<Method>::it, &detail::method_key<Method>::name};

}  // namespace mobula
