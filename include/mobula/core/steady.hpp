#pragma once

#include <mobula/requirements.hpp>

#include <concepts>
#include <initializer_list>
#include <type_traits>
#include <utility>

namespace mobula::detail {

/// A member of options, of a type with a destructor, that bears what g++ 12 does to it.
///
/// Options are written as `f.options({.name = "load"})`. If that stands in a `co_await` expression, g++ 12 makes each member
/// apart, copies its bytes into the aggregate, and destroys both. So this knows where it was made: a copy of its bytes reads
/// the original, which lives to the end of the expression, and destroys nothing. It is initialised, assigned and passed on as
/// a T is; what is done with the T itself is written with `*` and `->`.
template <class T>
class steady {
 public:
  constexpr steady() : value_(), made_at_(here()) {}
  template <class U>
    requires(!std::same_as<std::remove_cvref_t<U>, steady>) && std::convertible_to<U, T>
  constexpr steady(U&& value) : value_(std::forward<U>(value)), made_at_(here()) {}
  template <class U = T>
    requires std::constructible_from<U, std::initializer_list<typename U::value_type>>
  constexpr steady(std::initializer_list<typename U::value_type> values) : value_(values), made_at_(here()) {}

  constexpr steady(steady const& other) : value_(*other), made_at_(here()) {}
  constexpr steady(steady&& other) noexcept(std::is_nothrow_move_constructible_v<T>)
      : value_(std::move(*other)), made_at_(here()) {}
  constexpr steady& operator=(steady const& other) {
    **this = *other;
    return *this;
  }
  constexpr steady& operator=(steady&& other) noexcept(std::is_nothrow_move_assignable_v<T>) {
    **this = std::move(*other);
    return *this;
  }
  constexpr ~steady() {
    if (made_at_ == this || made_at_ == nullptr) value_.~T();
  }

  constexpr operator T const&() const noexcept { return **this; }
  [[nodiscard]] constexpr T& operator*() noexcept { return made_at_ != nullptr ? made_at_->value_ : value_; }
  [[nodiscard]] constexpr T const& operator*() const noexcept {
    return made_at_ != nullptr ? made_at_->value_ : value_;
  }
  [[nodiscard]] constexpr T* operator->() noexcept { return &**this; }
  [[nodiscard]] constexpr T const* operator->() const noexcept { return &**this; }

 private:
  // Not by the compiler, but where it has to: it would fold the address of what has none yet into the options.
  constexpr steady* here() noexcept { return std::is_constant_evaluated() ? nullptr : at_run_time(this); }
  static steady* at_run_time(steady* s) noexcept { return s; }

  union {
    T value_;
  };
  steady* made_at_;  // null in a constant, whose address the compiler does not know
};

}  // namespace mobula::detail
