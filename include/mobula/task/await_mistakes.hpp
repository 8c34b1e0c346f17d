#pragma once

#include <mobula/core/mistake.hpp>

#include <array>
#include <cstddef>
#include <type_traits>
#include <vector>

namespace mobula {

template <class T>
class task;
template <class T>
class generator;
template <class T>
class stream;
template <class T>
class completions;
template <class T, class Reader>
class ordered_results;
template <class T, class Reader>
class unordered_results;

namespace detail {

// What people try to await that can't be, and the sentence that the compiler says then. All else is left to the compiler, as
// others may make awaitable what is none to us.

template <class A>
inline constexpr bool is_lvalue_task = false;
template <class T>
inline constexpr bool is_lvalue_task<task<T>&> = true;
template <class T>
inline constexpr bool is_lvalue_task<task<T> const&> = true;

template <class A>
inline constexpr bool is_list_of_tasks = false;
template <class T, class Allocator>
inline constexpr bool is_list_of_tasks<std::vector<task<T>, Allocator>> = true;
template <class T, std::size_t N>
inline constexpr bool is_list_of_tasks<std::array<task<T>, N>> = true;

template <class A>
inline constexpr bool is_read_by_next = false;
template <class T>
inline constexpr bool is_read_by_next<generator<T>> = true;
template <class T>
inline constexpr bool is_read_by_next<stream<T>> = true;
template <class T>
inline constexpr bool is_read_by_next<completions<T>> = true;
template <class T, class Reader>
inline constexpr bool is_read_by_next<ordered_results<T, Reader>> = true;
template <class T, class Reader>
inline constexpr bool is_read_by_next<unordered_results<T, Reader>> = true;

/// A function, or what `remote` gives, without a call.
template <class A>
inline constexpr bool is_uncalled =
    std::is_function_v<std::remove_pointer_t<A>> || requires { typename A::makes_tasks; };

template <class A, class Plain = std::remove_cvref_t<A>>
inline constexpr bool is_no_awaitable =
    is_lvalue_task<A&&> || is_list_of_tasks<Plain> || is_read_by_next<Plain> || is_uncalled<Plain>;

/// Says why an A, as it is given, can't be awaited.
template <class A>
auto say_why_not_awaited() {
  using given = std::remove_cvref_t<A>;
  if constexpr (is_lvalue_task<A&&>)
    static_assert(never<A>, "mobula: a task is awaited once, and given up for that: co_await std::move(t)");
  else if constexpr (is_list_of_tasks<given>)
    static_assert(never<A>, "mobula: tasks are awaited together by co_await mb::when_all(std::move(tasks))");
  else if constexpr (is_read_by_next<given>)
    static_assert(never<A>, "mobula: this gives one element after the other: while (auto x = co_await g.next())");
  else
    static_assert(never<A>, "mobula: this function has not been called: co_await f(args...), not co_await f");
  return mistake();
}

}  // namespace detail
}  // namespace mobula
