#pragma once

#include <mobula/future/wait.hpp>
#include <mobula/future/when_all.hpp>

#include <chrono>
#include <type_traits>
#include <utility>

namespace mobula {
namespace detail {

/// Reads one future for what has come of it.
struct outcome_reader {
  template <class T>
  using result = outcome<T>;
  template <class F>
  static auto read(F&& f) {
    using value = typename std::remove_cvref_t<F>::value_type;
    static_assert(
        !std::is_lvalue_reference_v<F> || std::is_void_v<value> || std::is_reference_v<value> ||
            std::is_copy_constructible_v<value>,
        "mobula::get_outcomes: these values can't be copied: move the container of their futures in, and each "
        "is moved out of its last future");
    return future_access::read_outcome(std::forward<F>(f));
  }
};

}  // namespace detail

/// Waits for all futures of a container and gives the outcome of each, value or failure, in the same shape as `get`: one
/// failure hides nothing.
///
///     for (mb::outcome<int> const& o : mb::get_outcomes(futures))
///       if (o.has_value()) use(o.get()); else std::cerr << *o.failure() << '\n';
///
/// Failures count as read. Out of an rvalue values are moved; one that can't be copied, and of which another handle
/// lives, is a failure here.
template <future_container C>
[[nodiscard]] auto get_outcomes(C&& futures) {
  detail::wait_for_each(futures);
  return detail::read_all<detail::outcome_reader>(std::forward<C>(futures));
}
template <future_source R>
[[nodiscard]] auto get_outcomes(R&& source) {
  return get_outcomes(detail::collect(std::forward<R>(source)));
}

/// The same for no longer than `limit`; zero looks without waiting.
///
/// Errors: throws timeout_error when the time is over; nothing is lost then, and one may ask again.
template <future_container C, class Rep, class Period>
[[nodiscard]] auto get_outcomes(C&& futures, std::chrono::duration<Rep, Period> limit) {
  detail::wait_for_all(detail::states_of(futures), detail::to_clock(limit));
  return detail::read_all<detail::outcome_reader>(std::forward<C>(futures));
}

/// The outcomes of futures of any types, as a tuple.
template <any_future... Fs>
  requires(sizeof...(Fs) > 0)
[[nodiscard]] auto get_outcomes(Fs&&... futures) {
  return get_outcomes(std::tuple<std::remove_cvref_t<Fs>...>(std::forward<Fs>(futures)...));
}

/// Awaits all futures of a container and gives their outcomes, as `get_outcomes` does where there is no co_await.
///
///     auto outcomes = co_await mb::when_all_outcomes(futures);
///
/// Lifetime: an lvalue is borrowed until the co_await is over.
template <future_container C>
[[nodiscard]] auto when_all_outcomes(C&& futures) {
  return detail::all_of<C, detail::outcome_reader>(std::forward<C>(futures));
}
template <any_future... Fs>
  requires(sizeof...(Fs) > 0)
[[nodiscard]] auto when_all_outcomes(Fs&&... futures) {
  return detail::all_of<std::tuple<std::remove_cvref_t<Fs>...>, detail::outcome_reader>({std::forward<Fs>(futures)...});
}

}  // namespace mobula
