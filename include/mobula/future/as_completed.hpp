#pragma once

#include <mobula/future/completion_order.hpp>
#include <mobula/future/get.hpp>

#include <cstddef>
#include <iterator>
#include <optional>
#include <utility>
#include <vector>

namespace mobula {
namespace detail {

/// Waits until the next of several futures is ready, and gives it.
template <class Completions>
class next_operation {
 public:
  explicit next_operation(Completions& from) noexcept : from_(&from) {}
  [[nodiscard]] bool ready() { return from_->order_.ready(); }
  bool start(resumer& r) noexcept { return from_->order_.start(r); }
  static constexpr auto waits_for = "the next result of as_completed";
  [[nodiscard]] bool ends_at_drop() const noexcept { return from_->order_.ends_at_drop(); }
  bool cancel() noexcept { return from_->order_.cancel(); }
  auto result() { return from_->take(); }

 private:
  Completions* from_;
};

}  // namespace detail

/// Futures in the order in which they become ready; `as_completed` makes it.
///
/// Lifetime: it may go before all have been given. Threads: one at a time.
template <class T>
class completions {
 public:
  explicit completions(std::vector<future<T>> futures)
      : futures_(std::move(futures)), order_(detail::states_of(futures_)) {}

  /// Waits for the next: `co_await` it, or give it to `get`, `timeout`, `select`. It gives a std::optional of the future,
  /// none when all have been given.
  [[nodiscard("it does nothing until it is awaited")]] auto next() & noexcept {
    return detail::next_operation<completions>(*this);
  }

  /// How many have not been given yet.
  [[nodiscard]] std::size_t left() const noexcept { return order_.left(); }

  /// The place of the one given last in the range that this was made of.
  [[nodiscard]] std::size_t index() const noexcept { return last_; }

  /// Goes through them once, waiting as `get` does. A future that is moved from there takes the last handle with it.
  class iterator {
   public:
    using value_type = future<T>;
    using difference_type = std::ptrdiff_t;

    iterator() noexcept = default;
    explicit iterator(completions& from) : from_(&from) { ++*this; }
    future<T>& operator*() const noexcept { return from_->futures_[from_->last_]; }
    future<T>* operator->() const noexcept { return &**this; }
    iterator& operator++() {
      if (!from_->order_.ready()) detail::wait_for(from_->order_);
      if (auto const i = from_->order_.result())
        from_->give(*i);
      else
        from_ = nullptr;
      return *this;
    }
    void operator++(int) { ++*this; }
    friend bool operator==(iterator const& i, std::default_sentinel_t) noexcept { return i.from_ == nullptr; }

   private:
    completions* from_ = nullptr;
  };
  [[nodiscard]] iterator begin() & { return iterator(*this); }
  [[nodiscard]] std::default_sentinel_t end() const noexcept { return {}; }

 private:
  friend detail::next_operation<completions>;

  std::optional<future<T>> take() {
    auto const i = order_.result();
    if (!i) return std::nullopt;
    return std::move(give(*i));
  }
  future<T>& give(std::size_t i) noexcept {
    last_ = i;
    detail::future_access::count_as_seen(futures_[i]);
    return futures_[i];
  }

  std::vector<future<T>> futures_;  // before the order, which takes its waiters out of their states when it goes
  detail::completion_order order_;
  std::size_t last_ = 0;
};

/// Gives the futures of a range one by one, each when it is ready, failed ones too: what is done first comes first.
///
///     for (mb::future<int>& f : mb::as_completed(futures)) use(mb::get(f));
///
///     auto done = mb::as_completed(futures);                // in a coroutine
///     while (auto f = co_await done.next()) use(co_await *f);
///
/// Those that are ready already come first, in their order. One may break off at any time. A failure counts as read when
/// its future is given.
/// Blocks: the loop does, in a task its fiber, elsewhere the thread.
/// Cost:   the same for each future, however many there are: an entry of 32 bytes in one allocation.
template <class R>
  requires(future_range<R> || future_source<R>)
[[nodiscard]] auto as_completed(R&& futures) {
  using future_type = std::remove_cvref_t<std::ranges::range_reference_t<R>>;
  using value = typename future_type::value_type;
  if constexpr (std::is_same_v<R, std::vector<future_type>>) {
    return completions<value>(std::move(futures));
  } else if constexpr (future_source<R>) {
    return completions<value>(detail::collect(std::forward<R>(futures)));
  } else {
    std::vector<future_type> copies;
    if constexpr (std::ranges::sized_range<R>) copies.reserve(std::ranges::size(futures));
    for (auto const& f : futures) copies.push_back(f);
    return completions<value>(std::move(copies));
  }
}

}  // namespace mobula
