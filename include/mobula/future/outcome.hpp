#pragma once

#include <cstdint>
#include <exception>
#include <memory>
#include <type_traits>
#include <utility>
#include <variant>

namespace mobula::detail {

/// What a task leaves behind: nothing yet, then once a value or an exception.
///
/// Threads: none of its own; whoever publishes it orders the write before the reads.
template <class T>
class outcome {
 public:
  /// How T is kept: a reference as a pointer, void as nothing.
  using stored = std::conditional_t<std::is_void_v<T>, std::monostate,
                                    std::conditional_t<std::is_reference_v<T>, std::remove_reference_t<T>*, T>>;

  outcome() noexcept {}
  outcome(outcome const&) = delete;
  ~outcome() {
    if (kind_ == kind::value) std::destroy_at(&value_);
    if (kind_ == kind::error) std::destroy_at(&error_);
  }

  template <class... Args>
  void set_value(Args&&... args) {
    if constexpr (std::is_reference_v<T>)
      std::construct_at(&value_, std::addressof(args)...);
    else
      std::construct_at(&value_, std::forward<Args>(args)...);
    kind_ = kind::value;
  }

  /// Writes what `f` returns, or else what it throws.
  template <class F>
  void set_from(F&& f) noexcept {
    try {
      if constexpr (std::is_void_v<T>) {
        std::forward<F>(f)();
        set_value();
      } else {
        set_value(std::forward<F>(f)());
      }
    } catch (...) { set_error(std::current_exception()); }
  }

  void set_error(std::exception_ptr e) noexcept {
    std::construct_at(&error_, std::move(e));
    kind_ = kind::error;
  }

  [[nodiscard]] bool has_error() const noexcept { return kind_ == kind::error; }
  [[nodiscard]] std::exception_ptr const& error() const noexcept { return error_; }

  /// Reads the value; throws the exception if there is one instead.
  [[nodiscard]] decltype(auto) get() const {
    rethrow();
    if constexpr (std::is_reference_v<T>)
      return static_cast<T>(*value_);
    else if constexpr (!std::is_void_v<T>)
      return static_cast<T const&>(value_);
  }

  /// The same, moving the value out.
  [[nodiscard]] T take() {
    rethrow();
    if constexpr (std::is_reference_v<T>)
      return static_cast<T>(*value_);
    else if constexpr (!std::is_void_v<T>)
      return std::move(value_);
  }

  void rethrow() const {
    if (kind_ == kind::error) [[unlikely]]
      std::rethrow_exception(error_);
  }

 private:
  enum class kind : std::uint8_t { empty, value, error };

  union {
    stored value_;
    std::exception_ptr error_;
  };
  kind kind_ = kind::empty;
};

}  // namespace mobula::detail
