#pragma once

#include <mobula/remote/remote.hpp>

#include <type_traits>
#include <utility>

namespace mobula {

template <class T>
template <class F>
auto future<T>::then(F&& f, std::source_location where) const& {
  return future(*this).then(std::forward<F>(f), where);
}

template <class T>
template <class F>
auto future<T>::then(F&& f, std::source_location where) && {
  using argument = detail::awaited<T>;
  constexpr bool fits = detail::plan_for<std::decay_t<F>&, argument>::found;
  static_assert(fits,
                "mobula::future::then: the function takes neither the future's value (nothing, of void) nor its "
                "mobula::outcome");
  if constexpr (fits) {
    static_cast<void>(state());
    constexpr detail::absent none;
    return mobula::remote(std::forward<F>(f))(argument{std::move(*this)}, none, none, none, where);
  }
}

}  // namespace mobula
