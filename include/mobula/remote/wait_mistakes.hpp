#pragma once

#include <mobula/core/mistake.hpp>
#include <mobula/core/operation.hpp>
#include <mobula/future/future.hpp>
#include <mobula/future/holder.hpp>
#include <mobula/future/wait.hpp>
#include <mobula/task/await_mistakes.hpp>
#include <mobula/task/task.hpp>

#include <chrono>
#include <ranges>
#include <source_location>
#include <type_traits>

namespace mobula {
namespace detail {

// For each function that waits, what the compiler says if there is nothing to wait for in what it is given.

template <class A>
concept range_of_tasks =
    std::ranges::range<A> && is_task<std::remove_cvref_t<std::ranges::range_reference_t<std::remove_reference_t<A>&>>>;

/// What holds for all of them.
template <class A>
auto say_why_not_waited_for() {
  using given = std::remove_cvref_t<A>;
  if constexpr (is_uncalled<given>)
    static_assert(never<A>, "mobula: this function has not been called: mb::remote(f)(args...) gives a future");
  else if constexpr (is_read_by_next<given>)
    static_assert(never<A>,
                  "mobula: this gives one element after the other: wait for g.next(), or read it by a range for");
  else if constexpr (is_task<given> || range_of_tasks<given>)
    static_assert(
        never<A>,
        "mobula: a task that has not been submitted can't be waited for here. Submit it, mb::remote(f)(args...), "
        "mb::submit_all or mb::map; or await it in a coroutine: co_await std::move(t), or "
        "co_await mb::when_all(std::move(tasks))");
  else
    static_assert(
        never<A>,
        "mobula: there is nothing to wait for. Give futures, or what else can be waited for; mb::from_std makes a "
        "future of a std::future");
  return mistake();
}

struct no_result {
  template <class A>
  static auto say() {
    if constexpr (is_task<std::remove_cvref_t<A>>)
      static_assert(
          never<A>,
          "mobula::get: a task is run once, so give it up: mb::get(std::move(t)); with a limit of time, submit it: "
          "mb::get(mb::remote(f)(args...), 1s)");
    else
      say_why_not_waited_for<A>();
    return mistake();
  }
};
struct no_second_result {
  template <class A>
  static auto say() {
    if constexpr (!std::is_same_v<std::remove_cvref_t<A>, std::source_location>)
      static_assert(
          never<A>,
          "mobula::get: only futures are given one beside the other. Submit tasks with mb::remote; put containers "
          "into a std::tuple; a limit of time has a unit, as 1s");
    return mistake();
  }
};

struct no_future {
  template <class A>
  static auto say() {
    if constexpr (any_future<A>)
      static_assert(
          never<A>,
          "mobula: this takes a container of futures: std::vector{f}. To wait for a single one there are mb::get(f, "
          "1s), f.ready() and co_await mb::timeout(f, 1s)");
    else if constexpr (future_source<A>)
      static_assert(never<A>, "mobula: this range makes its futures at each look: keep them in a std::vector first");
    else if constexpr (future_container<A>)
      static_assert(never<A>, "mobula: this takes a range of futures of one type, as a std::vector");
    else
      say_why_not_waited_for<A>();
    return mistake();
  }
};
struct no_wait_options {
  template <class A>
  static auto say() {
    static_assert(never<A>,
                  "mobula: options are given by their names, {.num_returns = 1, .timeout = 1s}, and futures in a "
                  "container: std::vector{f, g}");
    return mistake();
  }
};

struct nothing_together {
  template <class A>
  static auto say() {
    if constexpr (is_task<std::remove_cvref_t<A>> && std::is_lvalue_reference_v<A>)
      static_assert(never<A>, "mobula::when_all: a task is run once, so give it up: std::move(t)");
    else if constexpr (range_of_tasks<A> && std::is_lvalue_reference_v<A>)
      static_assert(never<A>, "mobula::when_all: tasks are run once, so give them up: std::move(tasks)");
    else if constexpr (is_task<A>)
      static_assert(
          never<A>,
          "mobula::when_all: takes either futures or tasks, all given up. Submit the tasks beside futures with "
          "mb::remote(f)(args...)");
    else if constexpr (future_source<A>)
      static_assert(never<A>,
                    "mobula::when_all: this range makes its futures at each look: keep them in a std::vector");
    else if constexpr (future_container<A>)
      static_assert(never<A>, "mobula::when_all: takes one container of futures: put several into a std::tuple");
    else if constexpr (!any_future<A>)
      say_why_not_waited_for<A>();
    return mistake();
  }
};

struct no_operation {
  template <class A>
  static auto say() {
    if constexpr (holds_futures<A> && !waitable<A>)
      static_assert(never<A>, "mobula: a container of futures is waited for by mb::when_all(futures)");
    else if constexpr (!waitable<A>)
      say_why_not_waited_for<A>();
    return mistake();
  }
};
struct no_duration {
  template <class A>
  static auto say() {
    static_assert(never<A>, "mobula: a time has a unit: 1s, 20ms, std::chrono::seconds(n)");
    return mistake();
  }
};

struct no_parts {
  template <class A>
  static auto say() {
    static_assert(never<A>, "mobula::split: takes the future of a std::tuple or a std::pair");
    return mistake();
  }
};

}  // namespace detail

detail::mistake get(detail::mistake const&);
detail::mistake get_outcomes(detail::mistake const&);
template <class = void>
detail::mistake get(detail::refused<detail::no_result>);
template <class Rep, class Period>
detail::mistake get(detail::refused<detail::no_result>, std::chrono::duration<Rep, Period>);
template <class = void>
detail::mistakes<2> get(detail::anything, detail::refused<detail::no_second_result>);
template <class = void>
detail::mistakes<3> get(detail::anything, detail::refused<detail::no_second_result>, detail::anything,
                        detail::anything = 0);
template <class = void>
detail::mistake get_outcomes(detail::refused<detail::no_result>);
template <class = void>
detail::mistakes<2> get_outcomes(detail::anything, detail::refused<detail::no_second_result>);

template <class = void>
wait_result<void> wait(detail::refused<detail::no_future>, wait_options const& = {});
template <class = void>
wait_result<void> wait(detail::anything, detail::refused<detail::no_wait_options>, detail::anything = 0);
template <class = void>
detail::mistakes<2> when_some(detail::refused<detail::no_future>, wait_options const& = {});
template <class = void>
detail::mistakes<2> when_some(detail::anything, detail::refused<detail::no_wait_options>, detail::anything = 0);
template <class = void>
detail::mistake as_completed(detail::refused<detail::no_future>);
template <class = void>
void cancel(detail::refused<detail::no_future>);
template <class = void>
detail::mistakes<2> split(detail::refused<detail::no_parts>);

template <class = void>
detail::mistake when_any(detail::refused<detail::no_future>, detail::refused<detail::no_future> = detail::mistake(),
                         detail::refused<detail::no_future> = detail::mistake(),
                         detail::refused<detail::no_future> = detail::mistake());
template <class = void>
detail::mistake when_all(detail::refused<detail::nothing_together>);
template <class = void>
detail::mistakes<2> when_all(detail::refused<detail::nothing_together>, detail::refused<detail::nothing_together>);
template <class = void>
detail::mistakes<3> when_all(detail::refused<detail::nothing_together>, detail::refused<detail::nothing_together>,
                             detail::refused<detail::nothing_together>,
                             detail::refused<detail::nothing_together> = detail::mistake());
template <class = void>
detail::mistake select(detail::refused<detail::no_operation>, detail::refused<detail::no_operation> = detail::mistake(),
                       detail::refused<detail::no_operation> = detail::mistake(),
                       detail::refused<detail::no_operation> = detail::mistake());
template <class Rep, class Period>
detail::mistake timeout(detail::refused<detail::no_operation>, std::chrono::duration<Rep, Period>);
template <class = void>
detail::mistake timeout(detail::anything, detail::refused<detail::no_duration>);

}  // namespace mobula
