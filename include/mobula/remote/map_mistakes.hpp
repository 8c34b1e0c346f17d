#pragma once

#include <mobula/core/mistake.hpp>
#include <mobula/remote/call_mistakes.hpp>
#include <mobula/remote/numbered.hpp>
#include <mobula/task/generator.hpp>

#include <iterator>
#include <type_traits>
#include <utility>

namespace mobula::detail {

// Whether a function can be called with the elements of a range, by `map` and its kin, and the one sentence that the compiler
// says if not.

/// What a range gives when its elements are looked at.
template <class R>
using element_reference = decltype(*std::begin(std::declval<std::remove_reference_t<R>&>()));

template <class R>
concept iterable = requires(std::remove_reference_t<R>& r) {
  *std::begin(r);
  std::end(r);
};

/// Whether F can be called with the elements of R.
template <class F, class R>
concept mappable = iterable<R> && std::is_invocable_v<std::remove_reference_t<F>&, element_reference<R>>;

/// Whether R can be shared out among workers.
template <class R>
concept shareable = iterable<R> && multi_pass<decltype(std::begin(std::declval<std::remove_reference_t<R>&>()))>;
template <class F, class R>
concept mappable_many = mappable<F, R> && shareable<R>;

/// Whether a list can keep what calls return.
template <class Result>
inline constexpr bool can_be_collected =
    std::is_void_v<Result> || std::is_constructible_v<std::remove_cvref_t<Result>, Result>;
template <class T>
inline constexpr bool can_be_collected<task<T>> = can_be_collected<T>;

/// Whether also the results can be kept.
template <class F, class R>
concept mappable_to_results =
    mappable_many<F, R> && !is_generator<std::remove_cvref_t<std::invoke_result_t<F&, element_reference<R>>>> &&
    can_be_collected<std::invoke_result_t<F&, element_reference<R>>>;

/// Says why not; Element is what F would be called with.
template <class F, class R, class Element>
auto say_why_not_mapped_to() {
  using function = std::remove_cvref_t<F>;
  using callee = std::decay_t<F>;
  if constexpr (!std::is_invocable_v<callee&, Element>) {
    if constexpr (!may_be_called<callee>)
      static_assert(never<F>,
                    "mobula: the first argument is no function: map(f, range), with f itself, not a call of it");
    else
      static_assert(
          never<F>,
          "mobula: the function can't be called with an element of the range: wrap the call in a lambda that takes "
          "one element");
  } else if constexpr (is_generator<std::remove_cvref_t<std::invoke_result_t<callee&, Element>>>) {
    static_assert(
        never<function>,
        "mobula: a generator is no result of an element: give a task or a value, as a std::vector; or make a stream "
        "of each, mb::remote(f)(x)");
  } else {
    static_assert(
        never<F>,
        "mobula: the function's results can't be kept, as they can't be moved or, given by reference, copied: return "
        "pointers to them");
  }
  return mistake();
}
template <class F, class R>
auto say_why_not_mapped() {
  if constexpr (!iterable<R> && iterable<F>)
    static_assert(never<F>, "mobula: the function comes first and the range behind it: map(f, range)");
  else if constexpr (!iterable<R>)
    static_assert(never<R>,
                  "mobula: there is no range to go through: map(f, range), where std::begin(range) gives its elements");
  else if constexpr (!shareable<R>)
    static_assert(
        never<R>,
        "mobula: map and its kin need a range that can be looked at twice, and this one can be read only once: give "
        "it to map_window or map_unordered, or copy it into a std::vector first");
  else
    say_why_not_mapped_to<F, R, element_reference<R>>();
  return mistake();
}

}  // namespace mobula::detail
