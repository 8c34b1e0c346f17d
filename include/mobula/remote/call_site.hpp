#pragma once

#include <mobula/requirements.hpp>

#include <cstddef>
#include <source_location>
#include <tuple>
#include <type_traits>
#include <utility>

namespace mobula::detail {

/// Where a call was made. It is the last parameter of what submits calls, with the caller's place as its default. As
/// nothing can have a default behind a parameter pack, such a function has four parameters that may be `absent` before
/// it, and a second one, for more arguments, that does not know the place.
using call_site = std::source_location;

/// Stands for an argument that was not given.
struct absent {};

/// Calls `f` with those of the arguments that were given.
template <class F, class... Args>
decltype(auto) with_given(F&& f, Args&&... args) {
  constexpr std::size_t given = (std::size_t{0} + ... + !std::is_same_v<std::remove_cvref_t<Args>, absent>);
  return [&]<std::size_t... I>(std::index_sequence<I...>, [[maybe_unused]] auto all) -> decltype(auto) {
    return std::forward<F>(f)(std::get<I>(std::move(all))...);
  }(std::make_index_sequence<given>(), std::forward_as_tuple(std::forward<Args>(args)...));
}

}  // namespace mobula::detail
