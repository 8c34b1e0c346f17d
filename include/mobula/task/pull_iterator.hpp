#pragma once

#include <mobula/core/operation.hpp>

#include <cstddef>
#include <iterator>
#include <type_traits>
#include <utility>

namespace mobula::detail {

/// Reads a source to its end where there is no co_await; each step waits as `get` does. `next()` of the source gives what
/// waits for a std::optional with the next element, or for a pointer to it; empty at the end.
///
/// Elements that come by value are given as rvalues: `auto x` moves, `auto&& x` refers to it until the next step.
template <class Source>
class pull_iterator {
  using step = decltype(get(to_operation(std::declval<Source&>().next())));
  using element = decltype(*std::declval<step>());

 public:
  using iterator_concept = std::input_iterator_tag;
  using difference_type = std::ptrdiff_t;
  using value_type = std::remove_cvref_t<element>;
  using reference = element;

  /// Waits for the first element.
  explicit pull_iterator(Source& s) : source_(&s), step_(wait(s)) {}
  pull_iterator(pull_iterator&&) = default;
  pull_iterator& operator=(pull_iterator&&) = default;

  [[nodiscard]] reference operator*() const noexcept { return static_cast<reference>(*step_); }
  pull_iterator& operator++() {
    if constexpr (std::is_pointer_v<step>) {
      step_ = wait(*source_);
    } else {
      step_.reset();  // before the next one is made
      if (step s = wait(*source_)) step_.emplace(*std::move(s));
    }
    return *this;
  }
  void operator++(int) { ++*this; }
  friend bool operator==(pull_iterator const& i, std::default_sentinel_t) noexcept { return !i.step_; }

 private:
  static step wait(Source& s) { return get(to_operation(s.next())); }

  Source* source_;
  mutable step step_;
};

}  // namespace mobula::detail
