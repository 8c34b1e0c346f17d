#pragma once

#include <mobula/requirements.hpp>

#include <coroutine>

namespace mobula::detail {

// How the library says in one sentence what is wrong with a call, and what to write instead: a static_assert in code that only
// a mistake compiles, and `mistake` as the result, with which all that follows compiles. Nothing here is defined.

template <int N>
struct mistakes;

/// What a call gives that a static_assert has refused: it goes wherever a result could go.
struct mistake {
  template <class T>
  operator T() const;
  template <class... As>
  mistake& operator()(As&&...) const;
  template <class I>
  mistake& operator[](I&&) const;
  mistakes<2>& operator*() const;
  mistake& operator++();
  bool operator==(mistake const&) const;
  mistake& begin() const;
  mistake& end() const;
  bool await_ready() const;
  void await_suspend(std::coroutine_handle<>) const;
  mistake& await_resume() const;
};

/// The same where there are several, which can be bound to names.
template <>
struct mistakes<2> : mistake {
  mistakes& await_resume() const;
  mistake first, second;
};
template <>
struct mistakes<3> : mistake {
  mistakes& await_resume() const;
  mistake first, second, third;
};

template <class T = void>
struct overload_set;

/// False: the condition of such a static_assert. True where it would be a second one.
template <class T>
inline constexpr bool never = false;
template <class T>
inline constexpr bool never<overload_set<T>> = true;
template <class T>
inline constexpr bool never<T&> = never<T>;
template <class T>
inline constexpr bool never<T const> = never<T>;
template <>
inline constexpr bool never<mistake> = true;
template <int N>
inline constexpr bool never<mistakes<N>> = true;

/// What a parameter for a function is if it can't be deduced, as the name that is given means several functions or a template.
/// The compiler looks into it only then.
template <class T>
struct overload_set {
  overload_set(...);
  static_assert(
      never<T>,
      "mobula: several functions have this name, or it is a template: choose one, mb::overload<R(Args...)>(f), or "
      "wrap the call in a lambda");
};

/// The parameter of an overload that is there for what no other one takes: as a conversion, it is the last choice, so calls that
/// are right mean what they meant. `Words::say<A>()` has the static_assert, which the compiler meets where the call is.
template <class Words>
struct refused {
  template <class A>
  refused(A&&) noexcept(noexcept(Words::template say<A>()));
};
/// A parameter beside it, about which there is nothing to say.
struct anything {
  template <class A>
  anything(A&&);
};

/// An lvalue of any type; an rvalue of any type is a mistake. To find out how many arguments a function takes.
struct any_lvalue {
  template <class T>
  operator T&() const;
};

}  // namespace mobula::detail
