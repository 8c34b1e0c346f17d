#pragma once

#include <mobula/core/runtime.hpp>
#include <mobula/remote/call_operators.hpp>
#include <mobula/remote/configured_function.hpp>
#include <mobula/remote/signature.hpp>
#include <mobula/remote/submission.hpp>
#include <mobula/remote/task_options.hpp>
#include <mobula/remote/wait_mistakes.hpp>

#include <memory>
#include <type_traits>
#include <utility>

namespace mobula {

/// A function whose calls are tasks. `remote` makes one; it can be kept and called many times, also at once.
template <class F>
class remote_function : public detail::call_operators<remote_function<F>, F> {
  using base = detail::call_operators<remote_function, F>;

 public:
  explicit remote_function(F f, std::shared_ptr<detail::scheduler> s = nullptr)
      : base(std::move(f)), scheduler_(s.get()), kept_(std::move(s)) {}

  /// The same function with options.
  ///
  ///     auto load = mb::remote(read_file).options({.name = "load", .max_retries = 3});
  ///
  /// Errors: throws mobula::error for options that are not allowed.
  [[nodiscard]] configured_function<F> options(task_options o) const& {
    return {this->function_, detail::checked(std::move(o)), kept_};
  }
  [[nodiscard]] configured_function<F> options(task_options o) && {
    return {std::move(this->function_), detail::checked(std::move(o)), kept_};
  }

 private:
  friend base;

  template <class G, class... Args>
  auto submit(detail::call_site const& where, G&& function, Args&&... args) const {
    return detail::submit_call(
        [&]<class Plan, class H, class... As>(Plan, H&& f, As&&... as) {
          using call = detail::flattened<detail::bound_call<std::decay_t<H>, Plan, std::decay_t<As>...>>;
          return detail::submit_task_call<call>(scheduler_, nullptr, where, std::forward<H>(f),
                                                std::forward<As>(as)...);
        },
        detail::default_stream_capacity, std::forward<G>(function), std::forward<Args>(args)...);
  }

  detail::scheduler* scheduler_;  // null for the current one
  std::shared_ptr<detail::scheduler> kept_;
};

namespace detail {

template <class F>
[[nodiscard]] auto make_remote(F&& f, std::shared_ptr<scheduler> s) {
  if constexpr (may_be_called<std::decay_t<F>> && can_be_kept_of<F>)
    return remote_function<std::decay_t<F>>(std::forward<F>(f), std::move(s));
  else
    return say_why_not_remote<F>();
}

}  // namespace detail

/// Makes calls of `f` tasks: a function, a lambda, a function object, a member pointer or a coroutine function.
///
///     mb::future<int> a = mb::remote(add)(1, 2);  // submitted at once
///     auto b = mb::remote(slow_add)(a, 3);        // starts when `a` is there
template <class F = detail::overload_set<>>
  requires(!std::is_function_v<F>)
[[nodiscard]] auto remote(F&& f) {
  return detail::make_remote(std::forward<F>(f), nullptr);
}

/// The same with a chosen signature, for what is overloaded or generic.
///
///     mb::remote<double(double)>(std::sqrt)           // of functions, the overload with exactly this type
///     mb::remote<int(int)>([](auto x) { return x; })  // of objects, what a call so comes to
template <class Signature>
  requires std::is_function_v<Signature>
[[nodiscard]] auto remote(Signature* f) {
  return remote_function<Signature*>(f);
}
template <class Signature, class F>
  requires(std::is_function_v<Signature> && std::is_class_v<std::remove_cvref_t<F>>)
[[nodiscard]] auto remote(F&& f) {
  using chosen = detail::with_signature<std::decay_t<F>, Signature>;
  return remote_function<chosen>(chosen{std::forward<F>(f)});
}

/// What says so instead where the arguments are given with the function.
template <class F = detail::overload_set<>, class A, class... Args>
[[nodiscard]] auto remote(F&&, A&&, Args&&...) {
  return detail::say_arguments_come_later<F>();
}

template <class F>
auto runtime::remote(F&& f) const {
  return detail::make_remote(std::forward<F>(f), scheduler_);
}

/// Runs a task and waits for its result, where there is no co_await. If that is a future or a task, for its result.
///
/// Blocks: in a task its fiber, elsewhere the thread. Errors: throws what the task threw, or no_runtime.
template <class T>
decltype(auto) get(task<T>&& t) {
  return get(remote([](task<T> inner) -> task<T> { co_return co_await std::move(inner); })(std::move(t)));
}

}  // namespace mobula
