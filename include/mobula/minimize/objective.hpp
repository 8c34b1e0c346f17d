#pragma once

#include <mobula/requirements.hpp>

#include <Eigen/Core>
#include <concepts>
#include <functional>
#include <mobula/mobula.hpp>
#include <span>
#include <stop_token>
#include <type_traits>
#include <vector>

namespace mobula::cma {

/// A candidate as `minimize` hands it to a function: a view of its n numbers with Eigen's arithmetic, which converts to
/// `Eigen::VectorXd` and `Eigen::Ref<const Eigen::VectorXd>`.
using candidate = Eigen::Map<const Eigen::VectorXd>;

namespace detail {

/// Whether F takes a candidate as an X, after arguments of the types `Before` (the object of a method), and maybe a stop
/// token behind it.
template <class F, class X, class... Before>
concept takes_stop = std::invocable<F&, Before&..., X, std::stop_token>;
template <class F, class X, class... Before>
concept takes = takes_stop<F, X, Before...> || std::invocable<F&, Before&..., X>;

template <class F, class X, class... Before>
decltype(auto) call_with(F& f, const X& x, [[maybe_unused]] const std::stop_token& stop, Before&... before) {
  if constexpr (takes_stop<F, const X&, Before...>) {
    return std::invoke(f, before..., x, stop);
  } else {
    return std::invoke(f, before..., x);
  }
}

/// What F returns for a candidate, in the first form that it takes; void if it takes none.
template <class F, class... Before>
auto value_of() {
  const auto of = []<class X>(std::type_identity<X>) {
    return std::type_identity<decltype(call_with(std::declval<F&>(), std::declval<const X&>(), std::stop_token(),
                                                 std::declval<Before&>()...))>{};
  };
  if constexpr (takes<F, const candidate&, Before...>) {
    return of(std::type_identity<candidate>{});
  } else if constexpr (takes<F, const std::span<const double>&, Before...>) {
    return of(std::type_identity<std::span<const double>>{});
  } else if constexpr (takes<F, const std::vector<double>&, Before...>) {
    return of(std::type_identity<std::vector<double>>{});
  } else {
    return std::type_identity<void>{};
  }
}
template <class F, class... Before>
using value_t = typename decltype(value_of<F, Before...>())::type;

template <class T>
inline constexpr bool is_value = std::convertible_to<T, double>;
template <class T>
inline constexpr bool is_value<mobula::task<T>> = std::convertible_to<T, double>;

template <class T>
inline constexpr bool is_coroutine = false;
template <class T>
inline constexpr bool is_coroutine<mobula::task<T>> = true;

/// Calls a plain function with a candidate.
template <class F, class... Before>
double evaluate(F& f, std::span<const double> x, const std::stop_token& stop, Before&... before) {
  if constexpr (takes<F, const candidate&, Before...>) {
    return static_cast<double>(call_with(f, candidate(x.data(), static_cast<Eigen::Index>(x.size())), stop, before...));
  } else if constexpr (takes<F, const std::span<const double>&, Before...>) {
    return static_cast<double>(call_with(f, x, stop, before...));
  } else {
    return static_cast<double>(call_with(f, std::vector<double>(x.begin(), x.end()), stop, before...));
  }
}

/// The same for a coroutine, which reads its parameters after the call has returned. This frame outlives it, and owns
/// all that a parameter may refer to: the view, the vector, and a temporary that the view converts to, which lives until
/// the end of the co_await expression. The numbers of a view must live until this is over.
template <class F, class... Before>
struct awaited {
  static mobula::task<double> evaluation(F& f, std::span<const double> x, std::stop_token stop, Before&... before) {
    if constexpr (takes<F, const candidate&, Before...>) {
      const candidate view(x.data(), static_cast<Eigen::Index>(x.size()));
      constexpr bool stops = takes_stop<F, const candidate&, Before...>;
      // No call of std::invoke, in which that temporary would end.
      if constexpr (std::is_member_pointer_v<F> && stops) {
        co_return static_cast<double>(co_await ((before, ...).*f)(view, stop));
      } else if constexpr (std::is_member_pointer_v<F>) {
        co_return static_cast<double>(co_await ((before, ...).*f)(view));
      } else if constexpr (stops) {
        co_return static_cast<double>(co_await f(before..., view, stop));
      } else {
        co_return static_cast<double>(co_await f(before..., view));
      }
    } else if constexpr (takes<F, const std::span<const double>&, Before...>) {
      co_return static_cast<double>(co_await call_with(f, x, stop, before...));
    } else {
      const std::vector<double> copy(x.begin(), x.end());
      co_return static_cast<double>(co_await call_with(f, copy, stop, before...));
    }
  }
};

}  // namespace detail
}  // namespace mobula::cma
