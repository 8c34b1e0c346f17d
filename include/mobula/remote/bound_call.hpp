#pragma once

#include <mobula/remote/arguments.hpp>
#include <mobula/task/task.hpp>

#include <array>
#include <cstddef>
#include <functional>
#include <tuple>
#include <type_traits>
#include <utility>

namespace mobula::detail {

/// A callable and its arguments, kept for a call that happens later, once.
template <class F, class Plan, class... Args>
class bound_call;

template <class F, class Result, passing... Ps, class... Args>
class bound_call<F, plan<Result, Ps...>, Args...> {
 public:
  using function_type = F;
  using result = Result;
  static constexpr bool has_dependencies = ((Ps != passing::as_is) || ...);

  template <class G, class... As>
  explicit bound_call(G&& f, As&&... args) : function_(std::forward<G>(f)), arguments_(std::forward<As>(args)...) {}

  /// Calls. Every dependency is ready; of several that failed, the first one's error is thrown.
  Result operator()() {
    return std::apply(
        [this](Args&... args) -> Result {
          std::tuple<decltype(pass<Ps>(args))...> passed{pass<Ps>(args)...};  // in this order
          return [&]<std::size_t... I>(std::index_sequence<I...>) -> Result {
            return std::invoke(function_, std::get<given[I]>(std::move(passed))...);
          }(std::make_index_sequence<given.size()>());
        },
        arguments_);
  }

  [[nodiscard]] F const& function() const noexcept { return function_; }

  /// Shows the state of each dependency to `visit`.
  template <class V>
  void for_each_dependency(V visit) const {
    std::apply([&](Args const&... args) { (visit_if_dependency<Ps>(args, visit), ...); }, arguments_);
  }

  /// Tells whether a call would only throw, as what it needs has failed; all are ready.
  [[nodiscard]] bool has_failed_dependency() const {
    bool any = false;
    auto const look = [&any](auto const& state) { any = any || state.result.has_failure(); };
    std::apply([&](Args const&... args) { (visit_if_value<Ps>(args, look), ...); }, arguments_);
    return any;
  }

 private:
  template <passing P, class A, class V>
  static void visit_if_value(A const& argument, V& visit) {
    if constexpr (P == passing::by_reference || P == passing::by_value || P == passing::as_nothing)
      visit_states(dependency<A>::futures(argument), visit);
  }
  template <passing P, class A, class V>
  static void visit_if_dependency(A const& argument, V& visit) {
    if constexpr (P != passing::as_is) visit_states(dependency<A>::futures(argument), visit);
  }

  // Which of the arguments the function gets.
  static constexpr auto given = [] {
    std::array<std::size_t, (std::size_t{0} + ... + (Ps == passing::as_nothing ? 0 : 1))> indices{};
    std::size_t from = 0, to = 0;
    ((Ps == passing::as_nothing ? ++from : indices[to++] = from++), ...);
    return indices;
  }();

  F function_;
  [[no_unique_address]] std::tuple<Args...> arguments_;
};

/// The type of a task's value: what its function returns, or what the coroutine that it returns does.
template <class R>
struct value_of_call {
  using type = std::conditional_t<std::is_rvalue_reference_v<R>, std::remove_reference_t<R>, R>;
};
template <class T>
struct value_of_call<task<T>> {
  using type = T;
};

}  // namespace mobula::detail
