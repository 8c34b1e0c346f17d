#pragma once

#include <mobula/core/operation.hpp>
#include <mobula/future/shared_state.hpp>

#include <cstddef>
#include <optional>
#include <span>

namespace mobula::detail {

/// Tells in which order results become ready, each once.
///
/// Cost: one allocation for all; for each result an exchange of the word that it completes with, and one of a word
///       that all share. Nothing is looked at twice.
class completion_order {
 public:
  /// The states outlive it. Throws std::bad_alloc.
  explicit completion_order(std::span<shared_state_base* const> states);
  completion_order(completion_order&& other) noexcept;
  completion_order& operator=(completion_order&& other) noexcept;
  ~completion_order();

  /// How many have not been taken.
  [[nodiscard]] std::size_t left() const noexcept;

  // As an operation.
  [[nodiscard]] bool ready();
  bool start(resumer& r) noexcept;
  static constexpr auto waits_for = "the next result of as_completed";
  bool cancel() noexcept;
  [[nodiscard]] bool ends_at_drop() const noexcept;

  /// The index of the next one, which counts as taken; none if all have been.
  [[nodiscard]] std::optional<std::size_t> result() noexcept;

 private:
  class board;

  board* board_;  // shared with those who are about to tell of a result
  resumer* waiting_ = nullptr;
};

}  // namespace mobula::detail
