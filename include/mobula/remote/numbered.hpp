#pragma once

#include <concepts>
#include <cstddef>
#include <iterator>
#include <type_traits>
#include <utility>
#include <vector>

namespace mobula::detail {

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

}  // namespace mobula::detail
