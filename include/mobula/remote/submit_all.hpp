#pragma once

#include <mobula/core/scheduler.hpp>
#include <mobula/core/submission_hold.hpp>
#include <mobula/future/future.hpp>
#include <mobula/remote/arguments.hpp>
#include <mobula/remote/call_block.hpp>
#include <mobula/remote/call_site.hpp>
#include <mobula/remote/flatten.hpp>
#include <mobula/remote/map_mistakes.hpp>
#include <mobula/remote/numbered.hpp>
#include <mobula/task/generator.hpp>

#include <cstddef>
#include <functional>
#include <iterator>
#include <ranges>
#include <type_traits>
#include <utility>
#include <vector>

namespace mobula {
namespace detail {

/// What a task of `submit_all` calls. Its item is no dependency, whatever it is.
template <class F, class Item>
using item_call = flattened<bound_call<F, plan<std::invoke_result_t<F&, Item>, passing::as_is>, Item>>;

/// What is kept of an item of a range.
template <class R>
using item_of = std::iter_value_t<decltype(std::begin(std::declval<std::remove_reference_t<R>&>()))>;

/// Whether the items of a range that is given as R may be moved out of it.
template <class R>
inline constexpr bool gives_up_items = !std::is_lvalue_reference_v<R> && !std::ranges::view<std::remove_cvref_t<R>> &&
                                       !std::ranges::borrowed_range<std::remove_cvref_t<R>>;

/// Whether each item can be a task's, and its result a future's.
template <class F, class R>
concept submittable = iterable<R> && can_be_kept_of<F const&> && shareable<R> &&
                      std::is_invocable_v<std::decay_t<F const>&, item_of<R>> &&
                      (gives_up_items<R> || std::is_constructible_v<item_of<R>, element_reference<R>>)&&!is_generator<
                          std::invoke_result_t<std::decay_t<F const>&, item_of<R>>> &&
                      can_be_given<std::invoke_result_t<std::decay_t<F const>&, item_of<R>>>;

/// Says why not.
template <class F, class R>
auto say_why_not_submitted_all() {
  if constexpr (!can_be_kept_of<F const&>)
    static_assert(
        never<F>,
        "mobula::submit_all: each task owns its function object, and this one can't be copied: std::ref shares one");
  else if constexpr (!shareable<R>)
    say_why_not_mapped<F, R>();
  else if constexpr (!gives_up_items<R> && !std::is_constructible_v<item_of<R>, element_reference<R>>)
    static_assert(
        never<F>,
        "mobula::submit_all: each task owns its item, and these can't be copied: give the range up, std::move(items)");
  else if constexpr (std::is_invocable_v<std::decay_t<F const>&, item_of<R>&> &&
                     !std::is_invocable_v<std::decay_t<F const>&, item_of<R>>)
    static_assert(never<F>,
                  "mobula::submit_all: items are moved into the tasks: a parameter `T&` needs a range of std::ref");
  else
    say_why_not_mapped_to<F, R, item_of<R>>();
  return mistake();
}

}  // namespace detail

/// Makes `f(item)` a task for each item of a range, all in one submission and one allocation; gives a future an item.
///
///     std::vector<mb::future<int>> lengths = mb::submit_all(length_of, files);
///     for (int n : mb::get(lengths)) ...
///
/// For items whose results go separate ways, or are wanted as they come; for all at once `map` is cheaper. Each task
/// does what that of `remote(f)(item)` does: it owns a copy of `f` (std::ref shares one) and its item, which is copied,
/// or moved out of a container that is given up. But an item that is a future is only ever passed as that: it is no
/// dependency. The futures are like any others and may outlive each other; their memory may stay until the last goes.
/// Errors: throws no_runtime, std::bad_alloc, and what copying `f` or an item throws; then nothing has been submitted.
/// What `f` throws comes out of the future.
template <class F = detail::overload_set<>, class R>
[[nodiscard]] auto submit_all(F const& f, R&& range, detail::call_site where = detail::call_site::current()) {
  if constexpr (!detail::submittable<F, R>) {
    return detail::say_why_not_submitted_all<F, R>();
  } else {
    using function = std::decay_t<F const>;
    using items = detail::numbered<std::remove_reference_t<R>>;
    using call = detail::item_call<function, std::iter_value_t<typename items::iterator>>;
    using value = typename detail::value_of_call<typename call::result>::type;
    items const all(range);
    detail::call_list<call> calls(all.size());  // outlives the futures if anything throws
    std::vector<future<value>> futures;
    if (all.size() == 0) return futures;
    detail::submission_hold const s;
    futures.reserve(all.size());
    auto const add = [&](auto&& x) {
      futures.push_back(detail::future_access::make(calls.add(where, f, std::forward<decltype(x)>(x))));
    };
    for (std::size_t i = 0; i < all.size(); ++i) {
      if constexpr (detail::gives_up_items<R>)
        add(std::move(all[i]));
      else
        add(all[i]);
    }
    calls.submit(*s, futures);
    return futures;
  }
}

}  // namespace mobula
