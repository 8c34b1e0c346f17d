#pragma once

#include <mobula/core/tick_clock.hpp>
#include <mobula/remote/batch.hpp>
#include <mobula/task/task.hpp>

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <functional>
#include <iterator>
#include <limits>
#include <memory>
#include <optional>
#include <ranges>
#include <type_traits>
#include <vector>

namespace mobula {
namespace detail {

/// Reads the elements of a range by number. What can't be is listed first.
template <class R>
class numbered {
 public:
  using iterator = decltype(std::begin(std::declval<R&>()));
  using reference = decltype(*std::declval<iterator&>());

  explicit numbered(R& range) : begin_(std::begin(range)) {
    if constexpr (random_access) {
      size_ = static_cast<std::size_t>(std::end(range) - begin_);
    } else {
      for (auto i = begin_; i != std::end(range); ++i) list_.push_back(i);
      size_ = list_.size();
    }
  }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] reference operator[](std::size_t i) const {
    if constexpr (random_access)
      return *(begin_ + static_cast<std::iter_difference_t<iterator>>(i));
    else
      return *list_[i];
  }

 private:
  static constexpr bool random_access =
      std::derived_from<typename std::iterator_traits<iterator>::iterator_category, std::random_access_iterator_tag> ||
      std::random_access_iterator<iterator>;
  struct nothing {
    void push_back(iterator const&) {}
    [[nodiscard]] std::size_t size() const { return 0; }
  };

  iterator begin_;
  std::size_t size_ = 0;
  [[no_unique_address]] std::conditional_t<random_access, nothing, std::vector<iterator>> list_;
};

/// Where a batch puts its results: a vector where its elements can be written from several threads before they are
/// made, else one of optionals.
template <class T>
class results {
  static constexpr bool in_place =
      std::default_initializable<T> && std::is_move_assignable_v<T> && !std::same_as<T, bool>;

 public:
  explicit results(std::size_t n) : values_(n) {}
  template <class F>
  void set(std::size_t i, F&& f) {
    values_[i] = std::forward<F>(f)();
  }
  std::vector<T> take() && {
    if constexpr (in_place) {
      return std::move(values_);
    } else {
      std::vector<T> out;
      out.reserve(values_.size());
      for (auto& v : values_) out.push_back(std::move(*v));
      return out;
    }
  }

 private:
  std::vector<std::conditional_t<in_place, T, std::optional<T>>> values_;
};
template <>
class results<void> {
 public:
  explicit results(std::size_t) noexcept {}
  template <class F>
  void set(std::size_t, F&& f) {
    std::forward<F>(f)();
  }
  void take() && noexcept {}
};

/// Does the items [0, size): alone as long as that is faster, then with whoever helps.
///
/// An item's cost is taken from the fastest piece so far, and from two pieces at least, so that a thread which the
/// kernel has put aside for a moment does not take that for work.
template <class Body>
void run_batch(scheduler& s, std::size_t size, Body& body) {
  if (s.concurrency() == 1) {
    std::size_t at = 0;
    return body(at, size);
  }
  std::size_t at = 0, piece = 1;
  std::uint64_t per_item = std::numeric_limits<std::uint64_t>::max();
  for (bool first = true;; first = false) {
    std::size_t const begin = at, end = std::min(size, at + piece);
    auto const start = ticks();
    body(at, end);
    if (at == size) return;
    per_item = std::min(per_item, (ticks() - start) / (end - begin));
    bool const worth = batch::worth_helping(s, per_item * (size - at));
    if (worth && !first) break;
    piece = worth ? 1 : std::clamp<std::size_t>(at / 2, 32, 512);
  }
  batch_admission const admitted(s);
  batch* const b =
      batch::make({s, [](void* self, std::size_t& i, std::size_t end) { (*static_cast<Body*>(self))(i, end); }, &body,
                   at, size, per_item, false});
  b->invite();
  b->help();
  b->wait_and_release();
}

/// Coroutine items: all are started, each goes on by itself, and its completion counts it as done.
template <class F, class Items, class T>
class coroutine_batch : completion {
 public:
  coroutine_batch(F& f, Items const& items)
      : completion([](completion& c, std::coroutine_handle<> child) noexcept -> std::coroutine_handle<> {
          child.destroy();
          static_cast<coroutine_batch&>(c).batch_->item_done();
          return transfer(nullptr);
        }),
        function_(f),
        items_(items),
        outcomes_(new outcome<T>[items.size()]) {}

  auto run(scheduler& s) {
    std::size_t const n = items_.size();
    if (n != 0) {
      batch_admission const admitted(s);
      auto const start_items = [](void* self, std::size_t& i, std::size_t end) {
        for (auto& me = *static_cast<coroutine_batch*>(self); i < end; ++i) me.start(i);
      };
      batch_ = batch::make({s, start_items, this, 0, n, ticks_per_microsecond() / 4, true});
      worker* const w = this_worker();
      if (w != nullptr && &w->owner == &s)
        batch_->help();
      else
        batch_->invite();  // coroutines run on workers only
      batch_->wait_and_release();
    }
    results<T> values(n);
    for (std::size_t i = 0; i < n; ++i) values.set(i, [&]() -> T { return outcomes_[i].take(); });
    return std::move(values).take();
  }

 private:
  void start(std::size_t i) noexcept {
    std::coroutine_handle<> item;
    try {
      if constexpr (std::is_reference_v<typename Items::reference>)
        item = task_access::start(std::invoke(function_, items_[i]), outcomes_[i], *this);
      else  // an element made on the fly lives as long as its task
        item = task_access::start(own(function_, items_[i]), outcomes_[i], *this);
    } catch (...) {
      outcomes_[i].set_error(std::current_exception());
      return batch_->item_done();
    }
    resume(item);
  }
  static task<T> own(F& f, typename Items::reference item) { co_return co_await std::invoke(f, item); }

  F& function_;
  Items const& items_;
  std::unique_ptr<outcome<T>[]> outcomes_;
  batch* batch_ = nullptr;
};

}  // namespace detail

/// Calls `f` on every element of a range, in parallel where that pays, and gives the results in order.
///
///     std::vector<double> ys = mb::map(f, xs);
///
/// It is one batch, whatever the size: the caller begins with the items, and other workers are asked to help once what
/// is left is worth more than waking them. So it is never slower than a loop, but for some 100 ns a call. If `f` is a
/// coroutine function, all its tasks are in flight at once.
/// The range is anything with begin and end; elements are passed as the range gives them. `f` is called from several
/// threads at once, so it must not write to what it shares.
///
/// Blocks: in a task its fiber, elsewhere the thread.
/// Errors: throws what the first element in order that failed threw, after those that had begun are over; the rest is
///         not begun. Throws no_runtime.
template <class F, class R>
auto map(F&& f, R&& range) {
  using items_type = detail::numbered<std::remove_reference_t<R>>;
  static_assert(std::is_invocable_v<F&, typename items_type::reference>,
                "mobula::map: the function can't be called with an element of the range");
  using result = std::invoke_result_t<F&, typename items_type::reference>;
  detail::scheduler& s = detail::current_scheduler();
  items_type const items(range);
  if constexpr (detail::is_task<result>) {
    using batch = detail::coroutine_batch<std::remove_reference_t<F>, items_type, typename result::value_type>;
    return batch(f, items).run(s);
  } else {
    detail::results<std::remove_cvref_t<result>> values(items.size());
    auto body = [&](std::size_t& i, std::size_t end) {
      for (; i < end; ++i) values.set(i, [&]() -> decltype(auto) { return std::invoke(f, items[i]); });
    };
    detail::run_batch(s, items.size(), body);
    return std::move(values).take();
  }
}

}  // namespace mobula
