#pragma once

#include <mobula/requirements.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <optional>
#include <span>
#include <vector>

namespace mobula::cma {

/// An evaluation that is over.
struct finished_evaluation {
  std::uint64_t id;            ///< as it was started
  double value;                ///< NaN if it failed
  std::exception_ptr failure;  ///< what it threw
};

/// An evaluation that threw.
struct failed_evaluation {
  std::size_t index;  ///< of its candidate
  std::exception_ptr what;
};

/// Gives candidates their values: the seam between the loops of `minimize`, which are compiled once, and the objective.
///
/// Threads: one thread at a time calls it; it may use others.
class evaluator {
 public:
  using seconds = std::chrono::duration<double>;

  virtual ~evaluator() = default;

  /// Evaluates candidates, the columns of `xs`, and writes the value of each.
  ///
  /// Returns those that threw, in the order of candidates; their values are NaN. When `abandon` has become true, the
  /// rest is not begun, and all that comes out means nothing.
  virtual std::vector<failed_evaluation> evaluate(std::span<const double> xs, std::span<double> values,
                                                  const std::atomic<bool>& abandon) = 0;

  /// At most so many evaluations will have been started and not come out of `next`. Called before the first `start`.
  virtual void prepare(std::size_t most) = 0;
  /// Begins to evaluate one candidate, whose numbers it copies.
  virtual void start(std::uint64_t id, std::span<const double> x) = 0;
  /// Waits until an evaluation that was started is over, but no longer than `limit`.
  virtual std::optional<finished_evaluation> next(seconds limit) = 0;
  /// Asks an evaluation to end early, where it can: its result is of no use any more. `next` still gives it. `replace`:
  /// others will follow, for which whatever it holds on to should be replaced.
  virtual void give_up(std::uint64_t id, bool replace) noexcept = 0;

  /// How many evaluations can run at once.
  [[nodiscard]] virtual std::size_t concurrency() const noexcept = 0;
  /// The time, on whatever clock the evaluations run.
  [[nodiscard]] virtual seconds now() const noexcept = 0;
};

}  // namespace mobula::cma
