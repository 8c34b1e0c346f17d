#pragma once

#include <mobula/remote/bound_call.hpp>

#include <concepts>
#include <memory>
#include <ranges>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>

namespace mobula {

/// Whether values of a type can be copied, which is asked before arguments are kept for a second try. Of a container it
/// asks the elements, as std::vector<std::unique_ptr<int>> says of itself that it can be. A class of one's own that says
/// so in vain has to be told apart:
///
///     template <> inline constexpr bool mobula::is_copyable<my_class> = false;
template <class T>
inline constexpr bool is_copyable = std::is_copy_constructible_v<T>;
template <class R>
  requires(std::ranges::range<R> && requires { typename R::value_type; } &&
           !std::same_as<std::remove_cvref_t<std::ranges::range_value_t<R>>, R>)
inline constexpr bool is_copyable<R> =
    std::is_copy_constructible_v<R> && is_copyable<std::remove_cv_t<typename R::value_type>>;
template <class A, class B>
inline constexpr bool is_copyable<std::pair<A, B>> =
    is_copyable<std::remove_cv_t<A>> && is_copyable<std::remove_cv_t<B>>;
template <class... Ts>
inline constexpr bool is_copyable<std::tuple<Ts...>> = (is_copyable<std::remove_cv_t<Ts>> && ...);
template <class... Ts>
inline constexpr bool is_copyable<std::variant<Ts...>> = (is_copyable<Ts> && ...);
template <class T>
inline constexpr bool is_copyable<future<T>> =  // of its value there has to be one for each try
    std::is_void_v<T> || std::is_reference_v<T> || is_copyable<std::remove_cv_t<T>>;

namespace detail {

template <class T>
inline constexpr bool can_be_kept = is_copyable<T>;
template <class T>
inline constexpr bool can_be_kept<awaited<T>> = is_copyable<future<T>>;
template <class F, class Result, passing... Ps, class... Args>
inline constexpr bool can_be_kept<bound_call<F, plan<Result, Ps...>, Args...>> =
    can_be_kept<F> && ((Ps == passing::by_reference || Ps == passing::outcome_by_reference || can_be_kept<Args>)&&...);

}  // namespace detail
}  // namespace mobula
