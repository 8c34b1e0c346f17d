#pragma once

#include <mobula/core/mistake.hpp>
#include <mobula/remote/call_mistakes.hpp>

#include <type_traits>

namespace mobula::detail {

// What the compiler says of calls of actors, and of classes, that can't be.

/// Says why F can't be called with the object of an actor and what is kept of the arguments.
template <class F, class T, class... As>
auto say_why_not_called_on() {
  using function = unwrapped<F>;
  if constexpr (!may_be_called<function>)
    static_assert(never<function>,
                  "mobula::actor: give a method, call<&T::m>(args...), or a function that takes the object");
  else if constexpr (std::is_function_v<std::remove_pointer_t<function>> && std::is_invocable_v<function, As...>)
    static_assert(never<function>,
                  "mobula::actor: this function does not take the object: a static method is called by "
                  "mb::remote(&T::m)(args...)");
  else
    return say_why_not_called<function, T&, As...>();
  return mistake();
}

template <class T>
concept complete = requires { sizeof(T); };

/// Whether an object of T can be an actor's.
template <class T>
inline constexpr bool can_be_actor = [] {
  if constexpr (!std::is_class_v<T>)
    return std::is_object_v<T> && !std::is_array_v<T> && !std::is_const_v<T>;
  else if constexpr (!complete<T>)
    return false;
  else
    return !std::is_const_v<T> && !std::is_abstract_v<T> && std::is_destructible_v<T>;
}();

/// What `make_actor` is for another T.
template <class T>
struct no_actor_maker {
  template <class... As>
  auto operator()(As&&...) const {
    if constexpr (std::is_class_v<T> && !complete<T>)
      static_assert(never<T>, "mobula::make_actor: the class is only declared here: include what defines it");
    else
      static_assert(
          never<T>,
          "mobula::make_actor: there can be no object of this class: it is abstract or const, can't be destroyed, or "
          "is a reference or an array");
    return mistake();
  }
  template <class... As>
  auto options(As&&...) const {
    return *this;
  }
};

}  // namespace mobula::detail
