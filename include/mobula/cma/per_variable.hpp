#pragma once

#include <mobula/core/steady.hpp>

#include <concepts>
#include <cstddef>
#include <initializer_list>
#include <ranges>
#include <type_traits>
#include <utility>
#include <vector>

namespace mobula::cma {

/// A number for each variable, or one for all of them, or none: then whatever the option takes by default.
///
///     .stds = {1, 10, 0.1}     .bounds = {.lower = 0, .upper = Eigen::VectorXd::LinSpaced(n, 1, 2)}
class per_variable {
 public:
  constexpr per_variable() = default;

  template <class T>
    requires std::is_arithmetic_v<T>
  constexpr per_variable(T for_all) : numbers_(std::vector(1, static_cast<double>(for_all))) {}

  constexpr per_variable(std::initializer_list<double> numbers) : numbers_(numbers) {}

  /// Takes any range of numbers; a vector of Eigen's is one, an expression of Eigen's has to be evaluated first.
  template <std::ranges::input_range Range>
    requires(!std::same_as<std::remove_cvref_t<Range>, per_variable> &&
             std::convertible_to<std::ranges::range_reference_t<Range>, double>)
  constexpr per_variable(Range&& numbers) {
    for (auto&& number : numbers) numbers_->push_back(static_cast<double>(number));
  }

  [[nodiscard]] constexpr bool empty() const noexcept { return numbers_->empty(); }
  [[nodiscard]] constexpr std::size_t size() const noexcept { return numbers_->size(); }
  [[nodiscard]] constexpr const double* begin() const noexcept { return numbers_->data(); }
  [[nodiscard]] constexpr const double* end() const noexcept { return numbers_->data() + numbers_->size(); }

  /// Returns the number of variable `i`, which is `otherwise` if there are none.
  [[nodiscard]] constexpr double of(std::size_t i, double otherwise) const noexcept {
    if (numbers_->empty()) return otherwise;
    return numbers_->size() == 1 ? (*numbers_)[0] : (*numbers_)[i];
  }

  friend constexpr bool operator==(const per_variable& a, const per_variable& b) { return *a.numbers_ == *b.numbers_; }

 private:
  mobula::detail::steady<std::vector<double>> numbers_;
};

}  // namespace mobula::cma
