#pragma once

#include <mobula/remote/item_source.hpp>
#include <mobula/task/pull_iterator.hpp>

#include <cstddef>
#include <deque>
#include <iterator>
#include <memory>
#include <optional>
#include <ranges>
#include <utility>

namespace mobula {

/// The results of a function for the elements of a range, in their order, made a window ahead; see `map_window` and
/// `map_window_outcomes`.
///
/// Threads: one at a time; which one may change.
template <class T, class Reader = detail::item_value>
class [[nodiscard("nothing is started until a result is asked for")]] ordered_results {
 public:
  using value_type = typename Reader::template type<T>;

  ordered_results(std::unique_ptr<detail::item_source<T>> items, window_options const& options)
      : items_(std::move(items), options) {}

  class next_operation;
  /// Starts what fits into the window, then waits for the next result: gives it in a std::optional, which is empty at the
  /// end; std::monostate for void, an outcome where these are asked for. It can have a time limit and be a branch of a
  /// `select`; what is given up has taken nothing.
  ///
  /// Errors: unless outcomes are asked for, throws what the item threw, when waited for; those after it still come. What the
  ///         range throws comes out of the call at once; that is the range's end, and what was started still comes.
  [[nodiscard]] next_operation next() & {
    items_.refill([this] { return started_.size(); },
                  [this](detail::item_future<T> f) { started_.push_back(std::move(f)); });
    return next_operation(*this);
  }

  /// The results that are left, as a range for where there is no co_await.
  ///
  /// Blocks: at each step, as `get` does.
  [[nodiscard]] auto begin() & { return detail::pull_iterator(*this); }
  [[nodiscard]] std::default_sentinel_t end() const noexcept { return {}; }

 private:
  detail::item_window<T> items_;
  std::deque<detail::item_future<T>> started_;  // and not taken
};

template <class T, class Reader>
class ordered_results<T, Reader>::next_operation {
 public:
  explicit next_operation(ordered_results& from) : from_(&from) {
    if (!from.started_.empty()) first_.emplace(from.started_.front().state());
  }
  [[nodiscard]] bool ready() const noexcept { return !first_ || first_->ready(); }
  bool start(detail::resumer& r) noexcept { return first_->start(r); }
  bool cancel() noexcept { return first_->cancel(); }
  [[nodiscard]] std::optional<value_type> result() {
    if (!first_) return std::nullopt;
    auto first = std::move(from_->started_.front());
    from_->started_.pop_front();
    return first.template take<Reader>();
  }

 private:
  ordered_results* from_;
  std::optional<detail::state_operation> first_;  // none at the end
};

/// Calls `f` on the elements of a range, each call a task, a window of them ahead of who reads the results. The range may
/// be endless, or one that can be read only once.
///
///     for (auto y : mb::map_window(f, std::views::iota(0), {.in_flight = 8}))  // where there is no co_await
///       if (y > 100) break;
///
///     auto ys = mb::map_window(f, lines);                                      // in a coroutine
///     while (auto y = co_await ys.next()) use(*y);
///
/// Results come in the order of the range; `map_unordered` gives each as soon as it is there. Of a range whose size is
/// known, `map` is faster, as it makes batches.
///
/// `f` is copied or moved, and called from several threads at once; it may be a coroutine function. The range is looked at
/// by whoever calls `next`, an element only when its task is started. An element is a task's own, and what is said of the
/// arguments of `remote` holds for it: it is passed as an rvalue, and a future among them is a dependency.
///
/// Lifetime: an lvalue range is borrowed as long as results are asked for, any other is kept. One may break off at any
///           time: what has been started runs to its end by itself and keeps `f` and a range that is kept until then; of
///           its failures nobody is told.
/// Errors: throws no_runtime. What an item throws comes out of the step that reads it, so of the loop, past a `try` in it, and
///         ends that: where items may fail, use map_window_outcomes, or `next`.
/// Cost:   that of a task for each element.
template <class F = detail::overload_set<>, class R>
[[nodiscard]] auto map_window(F&& f, R&& range, window_options options = {},
                              detail::call_site where = detail::call_site::current()) {
  if constexpr (detail::window_mappable<F, R>)
    return ordered_results(detail::make_item_source(std::forward<F>(f), std::forward<R>(range), where), options);
  else
    return detail::say_why_not_window_mapped<F, R>();
}

/// The same, and gives what each item has left behind, a value or a failure: no item ends the loop.
///
/// Errors: throws no_runtime, and what the range throws.
template <class F = detail::overload_set<>, class R>
[[nodiscard]] auto map_window_outcomes(F&& f, R&& range, window_options options = {},
                                       detail::call_site where = detail::call_site::current()) {
  if constexpr (detail::window_mappable<F, R>) {
    auto items = detail::make_item_source(std::forward<F>(f), std::forward<R>(range), where);
    using value = typename decltype(items)::element_type::value_type;
    return ordered_results<value, detail::item_outcome>(std::move(items), options);
  } else {
    return detail::say_why_not_window_mapped<F, R>();
  }
}

}  // namespace mobula
