#pragma once

#include <mobula/core/mistake.hpp>
#include <mobula/future/future.hpp>
#include <mobula/remote/arguments.hpp>
#include <mobula/remote/flatten.hpp>
#include <mobula/task/generator.hpp>
#include <mobula/task/task.hpp>

#include <cstddef>
#include <tuple>
#include <type_traits>
#include <utility>

namespace mobula::detail {

// Whether a call can be made a task, and the one sentence that the compiler says if not. Nothing below `may_be_called` is
// compiled for a call that is right.

/// Whether an object can be made of what is given for it, to be kept.
template <class Given>
inline constexpr bool can_be_kept_of = std::is_constructible_v<std::decay_t<Given>, Given>;

/// Whether a future can give what a function returns.
template <class Result>
inline constexpr bool can_be_given = [] {
  using value = typename flat<std::remove_cvref_t<Result>>::type;
  if constexpr (std::is_lvalue_reference_v<Result> || !std::is_object_v<value>)
    return true;
  else
    return std::is_move_constructible_v<value>;
}();

/// Whether a call by a plan has a future, so that it is no generator.
template <class Plan>
inline constexpr bool has_future = false;
template <class Result, passing... Ps>
inline constexpr bool has_future<plan<Result, Ps...>> =
    can_be_given<Result> && !is_generator<std::remove_cvref_t<Result>>;

/// Whether a call by a plan can be submitted with the function and the arguments that are given.
template <class Plan, class... Given>
inline constexpr bool can_be_submitted = false;
template <class Result, passing... Ps, class... Given>
inline constexpr bool can_be_submitted<plan<Result, Ps...>, Given...> =
    can_be_given<Result> && (can_be_kept_of<Given> && ...);

/// The function that a wrapper calls, which says so by `wraps`.
template <class F>
struct wrapped {
  using type = F;
};
template <class F>
  requires requires { typename F::wraps; }
struct wrapped<F> : wrapped<typename F::wraps> {};
template <class F>
using unwrapped = typename wrapped<F>::type;

/// Whether something may be a function, as far as can be told without a call.
template <class F>
inline constexpr bool may_be_called = std::is_member_pointer_v<F> || std::is_function_v<std::remove_pointer_t<F>> ||
                                      (std::is_class_v<F> && !is_task<F> && !is_future<F> && !is_generator<F>);

/// Whether its parameters have types, so that one may try a call without compiling it.
template <class F>
inline constexpr bool has_typed_parameters = !std::is_class_v<F> || requires { &F::operator(); };

/// An argument for such a trial: of a dependency anything, as its value is what counts.
template <class A>
using tried = std::conditional_t<dependency<std::remove_cvref_t<A>>::exists, mistake, A>;

template <class F, class... As>
inline constexpr bool takes_more =
    std::is_invocable_v<F, As..., mistake> || std::is_invocable_v<F, As..., any_lvalue> ||
    std::is_invocable_v<F, As..., mistake, mistake> || std::is_invocable_v<F, As..., mistake, mistake, mistake>;

template <class F, class... As>
inline constexpr bool takes_fewer = []<std::size_t... N>(std::index_sequence<N...>) {
  constexpr auto takes_first = []<std::size_t... I>(std::index_sequence<I...>) {
    return std::is_invocable_v<F, std::tuple_element_t<I, std::tuple<As...>>...>;
  };
  return (takes_first(std::make_index_sequence<N>()) || ...);
}(std::index_sequence_for<As...>());

template <class Method, class... As>
inline constexpr bool is_method_of_other = false;
template <class M, class C, class Object, class... As>
inline constexpr bool is_method_of_other<M C::*, Object&, As...> =
    std::is_class_v<Object> && !std::is_convertible_v<Object*, C const*> && !dependency<Object>::exists;

/// Says why F, as it is given, can't be made a remote function.
template <class F>
auto say_why_not_remote() {
  if constexpr (!may_be_called<std::decay_t<F>>)
    static_assert(never<F>,
                  "mobula::remote: this is no function. Give the function itself, not what a call of it gives, and the "
                  "arguments behind it: mb::remote(f)(args...)");
  else
    static_assert(
        never<F>,
        "mobula::remote: the function object can't be copied: give it up, mb::remote(std::move(f)), or share it, "
        "mb::remote(std::ref(f))");
  return mistake();
}
template <class F>
auto say_arguments_come_later() {
  static_assert(
      never<F>,
      "mobula::remote: takes the function alone, and what it gives takes the arguments: mb::remote(f)(args...)");
  return mistake();
}

/// Says why F can't be called with `As`: the arguments as they are kept, behind a T& for a call on an actor's object.
template <class F, class... As>
auto say_why_not_called() {
  using function = unwrapped<F>;
  if constexpr (is_method_of_other<function, As...>)
    static_assert(never<function>,
                  "mobula: this is a method of another class, or of a base that is private. Call it in a method of the "
                  "class, or in a lambda that takes the object");
  else if constexpr (!has_typed_parameters<function>)
    static_assert(never<function>,
                  "mobula: the function can't be called with these arguments, nor with the values of those that are "
                  "futures. They are moved into the task: a parameter `T&` needs std::ref(x)");
  else if constexpr (takes_more<function, tried<As>...>)
    static_assert(never<function>,
                  "mobula: too few arguments for this function. Defaults of parameters are not known here: give all "
                  "arguments, or wrap the call in a lambda");
  else if constexpr (takes_fewer<function, tried<As>...>)
    static_assert(never<function>, "mobula: too many arguments for this function");
  else if constexpr (std::is_invocable_v<function, As&...>)
    static_assert(
        never<function>,
        "mobula: arguments are moved into the task, so a parameter `T&` can't have them: take it by value, or "
        "give std::ref(x) and keep x until the task is over");
  else
    static_assert(
        never<function>,
        "mobula: the function can't be called with arguments of these types, nor with the values of those that "
        "are futures");
  return mistake();
}

/// Says why a call by that plan can't be submitted.
template <class Plan, class F, class... Given>
auto say_why_not_submitted() {
  if constexpr (!can_be_kept_of<F>)
    static_assert(never<F>,
                  "mobula: each call owns its function object, and this one can't be copied: for one call "
                  "std::move(r)(args...), for "
                  "more share it, mb::remote(std::ref(f))");
  else if constexpr (!(can_be_kept_of<Given> && ...))
    static_assert(
        never<F>,
        "mobula: an argument can't be copied into the task: give it up, std::move(x), or lend it, std::ref(x)");
  else if constexpr (Plan::found)
    static_assert(never<F>,
                  "mobula: the function's result can't be moved, so no future can give it: return a std::unique_ptr or "
                  "std::shared_ptr to it");
  return mistake();
}

}  // namespace mobula::detail
