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
  if constexpr (detail::plan_for<std::decay_t<F>&, argument>::found) {
    static_cast<void>(state());
    constexpr detail::absent none;
    return mobula::remote(std::forward<F>(f))(argument{std::move(*this)}, none, none, none, where);
  } else {
    static_assert(detail::never<F>,
                  "mobula::future::then: the function takes neither the future's value (nothing, of void) nor its "
                  "mobula::outcome");
    return detail::mistake();
  }
}

}  // namespace mobula
