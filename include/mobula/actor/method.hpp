#pragma once

#include <mobula/core/failure.hpp>

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

/// Chooses of overloaded methods the one with that signature.
///
///     c.call<mb::overload<int(int)>(&counter::add)>(5)
///     c.call<mb::overload<int() const>(&counter::value)>()
template <class Signature, class T>
[[nodiscard]] constexpr auto overload(Signature T::*m) noexcept {
  return m;
}

}  // namespace mobula
