#pragma once

#include <mobula/remote/item_source.hpp>
#include <mobula/task/channel.hpp>
#include <mobula/task/pull_iterator.hpp>

#include <cassert>
#include <cstddef>
#include <iterator>
#include <memory>
#include <optional>
#include <ranges>
#include <utility>

namespace mobula {

/// A result and the place of its element in the range, from 0.
template <class T>
struct indexed_result {
  std::size_t index;
  T value;
};

namespace detail {

/// An item that is over.
template <class T>
struct finished_item {
  std::size_t index;
  item_future<T> result;
};

/// Puts an item into a channel when it is over. It owns itself until then, so nobody has to wait for it.
template <class T>
class item_arrival : waiter {
 public:
  /// The channel has room. Throws std::bad_alloc; then the item is abandoned.
  static void expect(finished_item<T> item, channel<finished_item<T>> const& to) {
    auto* const a = new item_arrival(std::move(item), to);
    if (!a->item_.result.state().add(*a)) a->notify(*a);
  }

 private:
  item_arrival(finished_item<T> item, channel<finished_item<T>> const& to) noexcept
      : waiter([](waiter& w) noexcept {
          std::unique_ptr<item_arrival> const me(&static_cast<item_arrival&>(w));
          [[maybe_unused]] bool const sent = me->to_.try_send(std::move(me->item_));
          assert(sent);
        }),
        item_(std::move(item)),
        to_(to) {}

  finished_item<T> item_;
  channel<finished_item<T>> to_;
};

}  // namespace detail

/// The results of a function for the elements of a range, as they come; see `map_unordered` and `map_unordered_outcomes`.
///
/// Threads: one at a time; which one may change.
template <class T, class Reader = detail::item_value>
class [[nodiscard("nothing is started until a result is asked for")]] unordered_results {
 public:
  using value_type = indexed_result<typename Reader::template type<T>>;

  unordered_results(std::unique_ptr<detail::item_source<T>> items, window_options const& options)
      : items_(std::move(items), options), finished_(items_.size()) {}

  class next_operation;
  /// Starts what fits into the window, then waits for any result: gives it and its index in a std::optional, which is
  /// empty when all have been given; the value is a std::monostate for void, or an outcome where these are asked for. It can
  /// have a time limit and be a branch of a `select`; what is given up has taken nothing.
  ///
  /// Errors: unless outcomes are asked for, throws what the item threw, when waited for; the others still come, and `index`
  ///         tells which it was. What the range throws comes out of the call at once; that is the range's end, and what was
  ///         started still comes.
  [[nodiscard]] next_operation next() & {
    items_.refill([this] { return in_flight_; },
                  [this](detail::item_future<T> f) {
                    detail::item_arrival<T>::expect({started_++, std::move(f)}, finished_);
                    ++in_flight_;
                  });
    return next_operation(*this);
  }

  /// The place in the range of the item that came last, also if it had failed.
  [[nodiscard]] std::size_t index() const noexcept { return last_; }

  /// The results that are left, as a range for where there is no co_await.
  ///
  /// Blocks: at each step, as `get` does.
  [[nodiscard]] auto begin() & { return detail::pull_iterator(*this); }
  [[nodiscard]] std::default_sentinel_t end() const noexcept { return {}; }

 private:
  detail::item_window<T> items_;
  channel<detail::finished_item<T>> finished_;  // has room for all that are in flight
  std::size_t in_flight_ = 0;                   // started and not taken
  std::size_t started_ = 0;
  std::size_t last_ = 0;
};

template <class T, class Reader>
class unordered_results<T, Reader>::next_operation {
 public:
  explicit next_operation(unordered_results& from) noexcept : from_(&from), receive_(from.finished_.receive()) {}
  [[nodiscard]] bool ready() noexcept { return from_->in_flight_ == 0 || receive_.ready(); }
  bool start(detail::resumer& r) noexcept { return receive_.start(r); }
  bool cancel() noexcept { return receive_.cancel(); }
  [[nodiscard]] std::optional<value_type> result() {
    auto item = receive_.result();
    if (!item) return std::nullopt;
    --from_->in_flight_;
    from_->last_ = item->index;
    return value_type{item->index, item->result.template take<Reader>()};
  }

 private:
  unordered_results* from_;
  detail::receive_operation<detail::finished_item<T>> receive_;
};

/// Calls `f` on the elements of a range, each call a task, as `map_window` does, and gives each result as soon as it is
/// there, with the index of its element.
///
///     for (auto [i, page] : mb::map_unordered(fetch, urls, {.in_flight = 100})) store(urls[i], page);
///
///     auto pages = mb::map_unordered(fetch, urls);  // in a coroutine
///     while (auto p = co_await pages.next()) store(urls[p->index], std::move(p->value));
///
/// All else is as with map_window: the range may be endless, and one may break off at any time.
/// Errors: throws no_runtime. What an item throws comes out of the step that reads it, so of the loop, past a `try` in it, and
///         ends that: where items may fail, use map_unordered_outcomes, or `next`.
/// Cost:   that of a task and one more allocation for each element.
template <class F = detail::overload_set<>, class R>
[[nodiscard]] auto map_unordered(F&& f, R&& range, window_options options = {},
                                 detail::call_site where = detail::call_site::current()) {
  if constexpr (detail::window_mappable<F, R>)
    return unordered_results(detail::make_item_source(std::forward<F>(f), std::forward<R>(range), where), options);
  else
    return detail::say_why_not_window_mapped<F, R>();
}

/// The same, and gives what each item has left behind, a value or a failure: no item ends the loop.
///
///     for (auto&& [i, page] : mb::map_unordered_outcomes(fetch, urls))
///       if (page.has_value()) store(urls[i], page.take()); else std::cerr << urls[i] << ": " << *page.failure() << '\n';
///
/// `take` moves the value out, so it is how to have one that can't be copied; `get` refers to it.
///
/// Errors: throws no_runtime, and what the range throws.
template <class F = detail::overload_set<>, class R>
[[nodiscard]] auto map_unordered_outcomes(F&& f, R&& range, window_options options = {},
                                          detail::call_site where = detail::call_site::current()) {
  if constexpr (detail::window_mappable<F, R>) {
    auto items = detail::make_item_source(std::forward<F>(f), std::forward<R>(range), where);
    using value = typename decltype(items)::element_type::value_type;
    return unordered_results<value, detail::item_outcome>(std::move(items), options);
  } else {
    return detail::say_why_not_window_mapped<F, R>();
  }
}

}  // namespace mobula
