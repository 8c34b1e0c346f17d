#pragma once

#include <mobula/requirements.hpp>

#include <concepts>
#include <cstddef>
#include <iterator>
#include <type_traits>
#include <utility>
#include <vector>

namespace mobula::detail {

/// Iterators of a kind at least: by the concepts, or by the older tags, which say less of iterators that make elements.
template <class I, class Tag>
inline constexpr bool has_category = false;
template <class I, class Tag>
  requires requires { typename std::iterator_traits<I>::iterator_category; }
inline constexpr bool has_category<I, Tag> =
    std::derived_from<typename std::iterator_traits<I>::iterator_category, Tag>;
template <class I>
concept multi_pass = std::forward_iterator<I> || has_category<I, std::forward_iterator_tag>;

/// Reads the elements of a range by number. What can't be is listed first.
template <class R>
class numbered {
 public:
  using iterator = decltype(std::begin(std::declval<R&>()));
  using reference = decltype(*std::declval<iterator&>());
  static_assert(multi_pass<iterator>,
                "mobula: map and its kin need a range that can be looked at twice, and this one can be read only once: "
                "give it to map_window or map_unordered, or copy it into a std::vector first");

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
      std::random_access_iterator<iterator> || has_category<iterator, std::random_access_iterator_tag>;
  struct nothing {
    void push_back(iterator const&) {}
    [[nodiscard]] std::size_t size() const { return 0; }
  };

  iterator begin_;
  std::size_t size_ = 0;
  [[no_unique_address]] std::conditional_t<random_access, nothing, std::vector<iterator>> list_;
};

}  // namespace mobula::detail
