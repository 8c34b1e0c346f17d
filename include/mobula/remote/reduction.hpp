#pragma once

#include <mobula/core/scheduler.hpp>
#include <mobula/core/submission_hold.hpp>
#include <mobula/remote/map_options.hpp>
#include <mobula/remote/numbered.hpp>
#include <mobula/remote/plain_batch.hpp>

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

namespace mobula::detail {

/// How many elements make a leaf of a reduction's tree: a function of the size alone. At least two, so that each leaf,
/// perhaps but for the last, costs a call of the operation; at most 127 leaves until they have 1024 elements.
[[nodiscard]] constexpr std::size_t leaf_size(std::size_t size) noexcept {
  return std::clamp<std::size_t>(std::bit_floor(size / 64), 2, 1024);
}

/// The tree of a reduction, whose items are its leaves: body of a plain_batch.
///
/// The leaves stand in order at the bottom of a binary tree. A node of height h joins the 2^h leaves from a multiple of
/// 2^h on, or what there is of them; one whose right half is empty is its left half. As long as the caller is alone,
/// finished trees lie on a stack: the digits of a binary counter of leaves. When others help, each value moves to its
/// first leaf's place, and at every node whoever comes second, from the left or from the right, joins the two.
///
/// Errors: an error belongs to the last leaf below its node. All nodes that a loop reaches before it have succeeded, so
///         the first in that order is the one that a loop would meet.
template <class Items, class F, class T, class Operation>
class reduction {
 public:
  reduction(Items const& items, F& f, Operation& op)
      : items_(items), function_(f), join_(op), leaf_(leaf_size(items.size())) {
    if (items_.size() > leaf_) finished_.reserve(8);
  }

  [[nodiscard]] std::size_t leaves() const noexcept { return (items_.size() + leaf_ - 1) / leaf_; }

  void operator()(std::size_t& at, std::size_t end) {
    for (; at < end; ++at) {
      if (places_ == nullptr) {
        push(leaf(at), at + 1);
      } else {
        places_[at].value.emplace(leaf(at));
        climb(at, 1, at);
      }
    }
  }

  /// From here on several threads are at it.
  void share() {
    places_ = std::make_unique<place[]>(leaves());
    std::size_t at = 0;
    for (std::size_t left = count_, i = 0; left != 0; ++i) {
      std::size_t const width = std::bit_floor(left), first = at;
      places_[first].value.emplace(std::move(finished_[i]));
      climb(first, width, at);
      at += width;
      left -= width;
    }
  }

  /// When all is over: the value of the tree, which has a leaf.
  [[nodiscard]] T take() {
    if (places_ != nullptr) return std::move(*places_[0].value);
    T all = pop();
    while (!finished_.empty()) all = join_(pop(), std::move(all));
    return all;
  }

 private:
  struct place {
    // Written by whoever finishes a tree that begins here, read by whoever joins it; `met` orders the two.
    std::optional<T> value;
    // Of the node whose right half begins here: whether one half is finished. Set by both by an exchange, of which the
    // first releases its value and the second acquires it.
    std::atomic<bool> met{false};
  };

  // Element i, as what the operation takes.
  [[nodiscard]] decltype(auto) element(std::size_t i) const {
    using given = decltype(std::invoke(function_, items_[i]));
    if constexpr (std::is_same_v<std::remove_cvref_t<given>, T>)
      return std::invoke(function_, items_[i]);
    else
      return T(std::invoke(function_, items_[i]));
  }

  // Not inlined: there, the accumulator would be kept in memory.
  [[nodiscard, gnu::noinline]] T leaf(std::size_t number) const {
    std::size_t i = number * leaf_;
    std::size_t const end = i + std::min(leaf_, items_.size() - i);
    T all = element(i);
    while (++i < end) all = join_(std::move(all), element(i));
    return all;
  }

  [[nodiscard]] T pop() {
    T last = std::move(finished_.back());
    finished_.pop_back();
    return last;
  }
  void push(T tree, std::size_t count) {
    for (std::size_t c = count; c % 2 == 0; c /= 2) tree = join_(pop(), std::move(tree));
    finished_.push_back(std::move(tree));
    count_ = count;
  }

  // The tree of `width` leaves from `first` on is finished. `at` is where an error belongs.
  void climb(std::size_t first, std::size_t width, std::size_t& at) {
    for (std::size_t const all = leaves(), leaf = at; first != 0 || width < all; width *= 2) {
      bool const is_left = first / width % 2 == 0;
      std::size_t const left = is_left ? first : first - width, right = left + width;
      if (right >= all) continue;
      if (!places_[right].met.exchange(true, std::memory_order_acq_rel)) return;
      at = std::min(right + width, all) - 1;
      places_[left].value.emplace(join_(std::move(*places_[left].value), std::move(*places_[right].value)));
      at = leaf;
      first = left;
    }
  }

  Items const& items_;
  F& function_;
  Operation& join_;
  std::size_t const leaf_;
  std::size_t count_ = 0;    // leaves that the caller has done alone
  std::vector<T> finished_;  // their trees, the largest first
  std::unique_ptr<place[]> places_;
};

/// One call of `reduce` or of its kin; for the rest as `mapping`.
template <class F, class R, class T, class Operation>
class reducing {
  using items = numbered<R>;

 public:
  reducing(F& f, R& range, T& init, Operation& op)
      : operation_(op), init_(init), items_(range), batch_(items_, f, operation_) {}
  reducing(reducing const&) = delete;

  [[nodiscard]] bool begin() {
    submission_hold const s;
    return items_.size() == 0 || batch_.begin(*s, batch_.body().leaves(), map_options());
  }
  [[nodiscard]] batch* control() const noexcept { return batch_.control(); }
  T take() {
    batch_.finish();
    if (items_.size() == 0) return std::move(init_);
    return operation_(std::move(init_), batch_.body().take());
  }

 private:
  Operation& operation_;
  T& init_;
  items items_;
  plain_batch<reduction<items, F, T, Operation>> batch_;
};
template <class F, class R, class T, class Operation>
using reducing_of =
    reducing<std::remove_reference_t<F>, std::remove_reference_t<R>, T, std::remove_reference_t<Operation>>;

}  // namespace mobula::detail
