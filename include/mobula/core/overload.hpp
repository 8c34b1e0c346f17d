#pragma once

#include <mobula/requirements.hpp>

#include <type_traits>

namespace mobula {

/// Chooses of overloaded functions the one with that signature, or of a function template the one that comes to it.
///
///     std::vector<double> ys = mb::map(mb::overload<double(double)>(std::sqrt), xs);
///     auto text = f.then(mb::overload<std::string(int)>(std::to_string));
///     mb::remote(mb::overload<int(int)>(square))(2);     // or mb::remote<int(int)>(square)(2)
///
/// The signature is exactly that of the overload. To call whichever fits the arguments, or to use default arguments, wrap the
/// call in a lambda: `[](auto const& x) { return area(x); }`.
template <class Signature>
  requires std::is_function_v<Signature>
[[nodiscard]] constexpr Signature* overload(Signature* f) noexcept {
  return f;
}

/// Chooses of overloaded methods the one with that signature.
///
///     c.call<mb::overload<int(int)>(&counter::add)>(5)
///     c.call<mb::overload<int() const>(&counter::value)>()
template <class Signature, class T>
[[nodiscard]] constexpr auto overload(Signature T::*m) noexcept {
  return m;
}

}  // namespace mobula
