#pragma once

#include <mobula/future/outcome.hpp>

#include <concepts>
#include <cstddef>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

namespace mobula::detail {

/// Where a batch puts its results, each by whoever does the item: a vector where its elements can be written from
/// several threads before they are made, else one of optionals.
template <class T>
class results {
  static constexpr bool in_place =
      std::default_initializable<T> && std::is_move_assignable_v<T> && !std::same_as<T, bool>;

 public:
  /// Whether items need not be begun after one has failed.
  static constexpr bool first_failure_ends = true;

  explicit results(std::size_t n) : values_(n) {}

  /// Writes what `f` returns; lets through what it throws.
  template <class F>
  void set(std::size_t i, F&& f) {
    if constexpr (in_place)
      values_[i] = std::forward<F>(f)();
    else
      values_[i].emplace(std::forward<F>(f)());  // T may have no assignment
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

/// The same for what is called for its effect.
template <class>
class dropped_results {
 public:
  static constexpr bool first_failure_ends = true;

  explicit dropped_results(std::size_t) noexcept {}
  template <class F>
  void set(std::size_t, F&& f) {
    static_cast<void>(std::forward<F>(f)());
  }
  void take() && noexcept {}
};

/// The same, of items of which each may fail: that is a result too, which has the item's index and counts as read.
template <class T>
class outcome_results {
 public:
  static constexpr bool first_failure_ends = false;

  explicit outcome_results(std::size_t n) : values_(n) {}
  template <class F>
  void set(std::size_t i, F&& f) noexcept {
    outcome<T>& o = values_[i];
    o.set_from(std::forward<F>(f));
    if (!o.has_failure()) [[likely]]
      return;
    o.name_failure(o.failure_pointer().of_item(i));
    o.count_as_seen();
  }
  std::vector<outcome<T>> take() && { return std::move(values_); }

 private:
  std::vector<outcome<T>> values_;
};

template <>
class results<void> : public dropped_results<void> {
 public:
  using dropped_results::dropped_results;
};

}  // namespace mobula::detail
