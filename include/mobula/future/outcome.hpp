#pragma once

#include <mobula/core/failure.hpp>

#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>
#include <variant>

namespace mobula {

/// What a task leaves behind: nothing yet, then once a value or a failure.
///
///     for (mb::outcome<int> const& o : mb::get_outcomes(futures))
///       if (o.has_value()) use(o.get()); else std::cerr << *o.failure() << '\n';
///
/// T may be void or a reference. Threads: none of its own; in a future, who publishes it orders the write before reads.
template <class T>
class outcome {
 public:
  using value_type = T;

  outcome() noexcept {}
  outcome(outcome const& other)
    requires(std::is_void_v<T> || std::is_reference_v<T> || std::is_copy_constructible_v<T>)
      : outcome() {
    assign(other);
  }
  outcome(outcome&& other) noexcept(std::is_nothrow_move_constructible_v<stored>) : outcome() {
    assign(std::move(other));
  }
  outcome& operator=(outcome other) noexcept(std::is_nothrow_move_constructible_v<stored>) {
    clear();
    assign(std::move(other));
    return *this;
  }
  ~outcome() { clear(); }

  [[nodiscard]] bool has_value() const noexcept { return kind_ == kind::value; }
  [[nodiscard]] bool has_failure() const noexcept { return kind_ == kind::failure; }

  /// What is known of the failure, which counts as read then; none if there is a value or nothing yet.
  [[nodiscard]] std::optional<mobula::failure> failure() const {
    if (!has_failure()) return std::nullopt;
    return failure_.read();
  }

  /// Reads the value. Throws what the task threw if it has failed.
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
    if (kind_ == kind::failure) [[unlikely]]
      failure_.rethrow();
  }

  /// Whoever reads it has been told that it is over: a failure won't be reported as unread.
  void count_as_seen() const noexcept {
    if (has_failure()) [[unlikely]]
      static_cast<void>(failure_.read());
  }

  // For who produces it: once, of an outcome that is empty.

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

  void set_error(std::exception_ptr e) noexcept { set_failure(detail::failure_ptr::capture(std::move(e))); }

  void set_failure(detail::failure_ptr f) noexcept {
    std::construct_at(&failure_, std::move(f));
    kind_ = kind::failure;
  }

  /// Says of which task the failure is.
  void name_failure(detail::failure_ptr f) noexcept { failure_ = std::move(f); }
  [[nodiscard]] detail::failure_ptr const& failure_pointer() const noexcept { return failure_; }

 private:
  enum class kind : std::uint8_t { empty, value, failure };

  // A reference is kept as a pointer, void as nothing.
  using stored = std::conditional_t<std::is_void_v<T>, std::monostate,
                                    std::conditional_t<std::is_reference_v<T>, std::remove_reference_t<T>*, T>>;

  void clear() noexcept {
    if (kind_ == kind::value) std::destroy_at(&value_);
    if (kind_ == kind::failure) std::destroy_at(&failure_);
    kind_ = kind::empty;
  }
  template <class Other>
  void assign(Other&& other) {
    if (other.kind_ == kind::value) std::construct_at(&value_, std::forward<Other>(other).value_);
    if (other.kind_ == kind::failure) std::construct_at(&failure_, std::forward<Other>(other).failure_);
    kind_ = other.kind_;
  }

  union {
    stored value_;
    detail::failure_ptr failure_;
  };
  kind kind_ = kind::empty;
};

}  // namespace mobula
