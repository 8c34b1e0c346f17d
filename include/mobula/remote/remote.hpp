#pragma once

#include <mobula/core/runtime.hpp>
#include <mobula/future/future.hpp>
#include <mobula/remote/call.hpp>
#include <mobula/remote/flatten.hpp>
#include <mobula/remote/signature.hpp>
#include <mobula/remote/stream.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>

namespace mobula {

/// Settings of a task, the same for all calls of one remote function.
struct task_options {
  /// What reports call the task; by default the name of its function's type.
  std::string name = {};
  /// How many elements a function that gives a generator makes ahead of the reader of its stream; at least 1.
  std::size_t stream_capacity = 16;
};

namespace detail {

/// A function with a name of its own.
template <class F>
struct named_function {
  template <class... Args>
    requires std::is_invocable_v<F&, Args...>
  decltype(auto) operator()(Args&&... args) {
    return std::invoke(function, std::forward<Args>(args)...);
  }
  [[nodiscard]] std::string task_name() const { return name->empty() ? name_of(function) : *name; }

  F function;
  std::shared_ptr<std::string const> name;
};

}  // namespace detail

/// A function whose calls are tasks. `remote` makes one; it can be kept and called many times, also at once.
template <class F>
class remote_function {
 public:
  explicit remote_function(F f, detail::scheduler* s = nullptr,
                           std::size_t stream_capacity = task_options().stream_capacity)
      : function_(std::move(f)), scheduler_(s), stream_capacity_(stream_capacity) {}

  /// Submits one call and returns at once: a future, or a stream if the function gives a generator.
  ///
  /// The task owns the function object and the arguments: both are copied or moved into it (std::ref passes by
  /// reference). What the function accepts as it is, it gets as it is; a generic one accepts anything. Otherwise a future,
  /// or a container of futures, whose values the function accepts is a dependency: the task starts when they are there,
  /// and fails with the error of the first that failed. A future<void> gives no argument. A parameter mobula::outcome<T>
  /// gets the future's outcome, and so the call is made though it failed.
  /// If the function returns a future or a task, the result is that one's: there are no futures of futures.
  /// Errors: throws no_runtime. What the function throws comes out of the future.
  template <class A = detail::absent, class B = detail::absent, class C = detail::absent, class D = detail::absent>
  auto operator()(A&& a = {}, B&& b = {}, C&& c = {}, D&& d = {},
                  detail::call_site where = detail::call_site::current()) const& {
    return detail::with_given(
        [&](auto&&... args) { return submit(where, function_, std::forward<decltype(args)>(args)...); },
        std::forward<A>(a), std::forward<B>(b), std::forward<C>(c), std::forward<D>(d));
  }
  template <class A = detail::absent, class B = detail::absent, class C = detail::absent, class D = detail::absent>
  auto operator()(A&& a = {}, B&& b = {}, C&& c = {}, D&& d = {},
                  detail::call_site where = detail::call_site::current()) && {
    return detail::with_given(
        [&](auto&&... args) { return submit(where, std::move(function_), std::forward<decltype(args)>(args)...); },
        std::forward<A>(a), std::forward<B>(b), std::forward<C>(c), std::forward<D>(d));
  }
  template <class... Args>
    requires(sizeof...(Args) > 4)
  auto operator()(Args&&... args) const& {
    return submit({}, function_, std::forward<Args>(args)...);
  }
  template <class... Args>
    requires(sizeof...(Args) > 4)
  auto operator()(Args&&... args) && {
    return submit({}, std::move(function_), std::forward<Args>(args)...);
  }

  /// The same function with other options.
  ///
  ///     auto load = mb::remote(read_file).options({.name = "load"});
  [[nodiscard]] auto options(task_options o) const {
    using function = detail::named_function<F>;
    return remote_function<function>(function{function_, std::make_shared<std::string const>(std::move(o.name))},
                                     scheduler_, o.stream_capacity);
  }

 private:
  template <class G, class... Args>
  auto submit(detail::call_site const& where, G&& function, Args&&... args) const {
    using plan = detail::plan_for<F&, std::decay_t<Args>...>;
    static_assert(plan::found,
                  "mobula::remote: the function can't be called with these arguments, nor with the values of those "
                  "that are futures. Arguments are moved into the task: a parameter `T&` needs std::ref.");
    if constexpr (plan::found) {
      using result = typename plan::result;
      if constexpr (detail::is_generator<result>) {
        using element = typename result::element_type;
        static_assert(
            !std::is_reference_v<element>,
            "mobula::remote: a generator of references can't be a stream, as it goes on before they are read");
        channel<element> elements(stream_capacity_);
        detail::stream_function<F, element> producer(std::forward<G>(function), elements);
        return stream<element>(elements, start<typename plan::template returning<task<>>>(where, std::move(producer),
                                                                                          std::forward<Args>(args)...));
      } else {
        return start<plan>(where, std::forward<G>(function), std::forward<Args>(args)...);
      }
    }
  }

  template <class Plan, class G, class... Args>
  auto start(detail::call_site const& where, G&& function, Args&&... args) const {
    using call = detail::flattened<detail::bound_call<std::decay_t<G>, Plan, std::decay_t<Args>...>>;
    using state = detail::task_call<call>;
    auto s = std::make_unique<state>(where, std::forward<G>(function), std::forward<Args>(args)...);
    s->submit(scheduler_);
    return detail::future_access::make(*s.release());
  }

  F function_;
  detail::scheduler* scheduler_;  // null for the current one
  std::size_t stream_capacity_;
};

/// Makes calls of `f` tasks: a function, a lambda, a function object, a member pointer or a coroutine function.
///
///     mb::future<int> a = mb::remote(add)(1, 2);  // submitted at once
///     auto b = mb::remote(slow_add)(a, 3);        // starts when `a` is there
template <class F>
  requires(!std::is_function_v<F>)
[[nodiscard]] auto remote(F&& f) {
  return remote_function<std::decay_t<F>>(std::forward<F>(f));
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

template <class F>
auto runtime::remote(F&& f) const {
  return remote_function<std::decay_t<F>>(std::forward<F>(f), scheduler_.get());
}

/// Runs a task and waits for its result, where there is no co_await. If that is a future or a task, for its result.
///
/// Blocks: in a task its fiber, elsewhere the thread. Errors: throws what the task threw, or no_runtime.
template <class T>
decltype(auto) get(task<T>&& t) {
  return get(remote([](task<T> inner) -> task<T> { co_return co_await std::move(inner); })(std::move(t)));
}

}  // namespace mobula
