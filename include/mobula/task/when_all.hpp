#pragma once

#include <mobula/task/fork.hpp>
#include <mobula/task/task.hpp>

#include <array>
#include <coroutine>
#include <cstddef>
#include <ranges>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace mobula {
namespace detail {

/// Awaits a fixed number of tasks, which may be of different types. Results lie in the parent's frame.
template <class... Ts>
class fork_tuple {
 public:
  explicit fork_tuple(task<Ts>&&... children) noexcept {
    [&]<std::size_t... I>(std::index_sequence<I...>) {
      ((children_[I] = task_access::start(std::move(children), std::get<I>(results_), fork_)), ...);
    }(std::index_sequence_for<Ts...>());
  }

  bool await_ready() const noexcept { return false; }
  template <class Promise>
  [[gnu::noinline]] std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> parent) noexcept {
    return fork_.begin(children_, sizeof...(Ts), parent);
  }
  auto await_resume() {
    return [&]<std::size_t... I>(std::index_sequence<I...>) {
      return std::tuple<non_void<Ts>...>{take<Ts>(std::get<I>(results_))...};
    }(std::index_sequence_for<Ts...>());
  }

 private:
  template <class T>
  static decltype(auto) take(outcome<T>& r) {
    if constexpr (std::is_void_v<T>)
      return r.take(), std::monostate{};
    else
      return r.take();
  }

  std::tuple<outcome<Ts>...> results_;
  std::coroutine_handle<> children_[sizeof...(Ts)];
  fork fork_;
};

/// Storage for as many results and handles as there are tasks: in place for an array, else on the heap.
template <class T, class Range>
struct fork_storage {
  explicit fork_storage(std::size_t n) : results(n), children(n) {}
  std::vector<outcome<T>> results;
  std::vector<std::coroutine_handle<>> children;
};
template <class T, std::size_t N>
struct fork_storage<T, std::array<task<T>, N>> {
  explicit fork_storage(std::size_t) noexcept {}
  std::array<outcome<T>, N> results;
  std::array<std::coroutine_handle<>, N> children;
};

/// Awaits a range of tasks of one type.
template <class T, class Range>
class fork_range {
 public:
  explicit fork_range(Range&& tasks) : size_(std::size(tasks)), storage_(size_) {
    std::size_t i = 0;
    for (auto& t : tasks) {
      storage_.children[i] = task_access::start(std::move(t), storage_.results[i], fork_);
      ++i;
    }
  }

  bool await_ready() const noexcept { return size_ == 0; }
  template <class Promise>
  [[gnu::noinline]] std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> parent) noexcept {
    return fork_.begin(storage_.children.data(), size_, parent);
  }
  auto await_resume() {
    if constexpr (std::is_void_v<T>) {
      for (std::size_t i = 0; i < size_; ++i) storage_.results[i].take();
    } else if constexpr (is_std_array<Range>) {
      return [&]<std::size_t... I>(std::index_sequence<I...>) {
        return std::array<list_element<T>, sizeof...(I)>{storage_.results[I].take()...};
      }(std::make_index_sequence<std::tuple_size_v<Range>>());
    } else {
      std::vector<list_element<T>> values;
      values.reserve(size_);
      for (std::size_t i = 0; i < size_; ++i) values.push_back(storage_.results[i].take());
      return values;
    }
  }

 private:
  std::size_t size_;
  fork_storage<T, Range> storage_;
  fork fork_;
};

/// Tasks to be awaited together: `co_await` makes the fork in the awaiting coroutine's frame, where it stays.
template <class... Ts>
class [[nodiscard("the tasks do nothing until they are awaited")]] tasks_together {
 public:
  explicit tasks_together(task<Ts>&&... children) noexcept : children_(std::move(children)...) {}
  auto operator co_await() && {
    return std::apply(
        [](auto&... child) {
          (task_access::check(child), ...);
          return fork_tuple<Ts...>(std::move(child)...);
        },
        children_);
  }

 private:
  std::tuple<task<Ts>...> children_;
};
template <class T, class Range>
class [[nodiscard("the tasks do nothing until they are awaited")]] task_range_together {
 public:
  explicit task_range_together(Range&& children) noexcept : children_(std::move(children)) {}
  auto operator co_await() && {
    for (auto const& child : children_) task_access::check(child);
    return fork_range<T, Range>(std::move(children_));
  }

 private:
  Range children_;
};

template <class R>
inline constexpr bool is_task_range = false;
template <class T, class A>
inline constexpr bool is_task_range<std::vector<task<T>, A>> = true;
template <class T, std::size_t N>
inline constexpr bool is_task_range<std::array<task<T>, N>> = true;

// A range whose tasks may be taken: not an lvalue with tasks of its own.
template <class R>
concept takeable_task_range =
    std::ranges::sized_range<R> && std::ranges::input_range<R> &&
    is_task<std::remove_cvref_t<std::ranges::range_reference_t<R>>> &&
    !std::is_const_v<std::remove_reference_t<std::ranges::range_reference_t<R>>> &&
    (!std::is_lvalue_reference_v<R> || !std::is_lvalue_reference_v<std::ranges::range_reference_t<R>>);

}  // namespace detail

/// Runs tasks in parallel, as children of the calling coroutine, and gives their results as a tuple, std::monostate for
/// void. They are started when it is awaited; the first runs at once, others on whichever worker is free.
///
///     auto [a, b] = co_await mb::when_all(fib(n - 1), fib(n - 2));
///
/// Cost: no allocation but the children's frames; nothing atomic is shared where no worker is free to help.
/// Errors: throws what the first failed child in order threw, after all are over.
template <class... Ts>
  requires(sizeof...(Ts) > 0)
auto when_all(task<Ts>&&... children) {
  return detail::tasks_together<Ts...>(std::move(children)...);
}

/// The same for a std::vector or std::array of tasks; gives a std::vector or std::array, references as
/// std::reference_wrapper, or nothing for void.
template <class Range>
  requires detail::is_task_range<Range>
auto when_all(Range&& tasks) {
  return detail::task_range_together<typename Range::value_type::value_type, Range>(std::move(tasks));
}

/// The same for any other range of tasks that knows its size, such as a view that makes them; gives a std::vector.
///
///     auto const sizes = co_await mb::when_all(pages | std::views::transform(fetch));
template <class Range>
  requires(!detail::is_task_range<Range> && detail::takeable_task_range<Range>)
auto when_all(Range&& tasks) {
  std::vector<std::remove_cvref_t<std::ranges::range_reference_t<Range>>> list;
  list.reserve(static_cast<std::size_t>(std::ranges::size(tasks)));
  for (auto&& t : tasks) list.push_back(std::move(t));
  return when_all(std::move(list));
}

}  // namespace mobula
